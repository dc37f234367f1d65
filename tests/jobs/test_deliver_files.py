from __future__ import annotations

import os
from typing import TYPE_CHECKING

import delivered_company as company
import polars as pl
import pytest

from relkit.delivery.publishing import deliveries, latest, verify
from relkit.errors import GateError, ParameterError, TableError
from relkit.jobs.deliver_files import DeliverFiles

if TYPE_CHECKING:
    from pathlib import Path


def deliver(out: Path, **more):
    return DeliverFiles.parse(out=out, **more).run()


def test_it_delivers_the_last_day_in_the_data(tmp_path: Path) -> None:
    result = deliver(company.leave(tmp_path))
    assert result.details["as_of"] == "2025-06-30"
    assert result.counts == {"rows": 200, "columns": 27, "refused": 0, "escaped_cells": 0, "entered": 0, "left": 0, "changed": 0}
    assert all(path.exists() for path in result.paths.values())
    assert {"delivery", "latest", "customers_scored", "customers_scored_csv", "customers_scored_xlsx", "manifest_json"} <= set(result.paths)
    assert pl.read_parquet(result.paths["customers_scored"]).shape == (200, 27)
    assert result.sentences[0] == f"Delivered 200 customers as of 2025-06-30, 27 columns, in {tmp_path}/deliveries/default/2025-06-30."
    assert "lifetime_value.bg_nbd version 1, trained as of 2025-06-30, is behind the scores." in result.sentences
    assert result.sentences[-1] == "There is no earlier delivery to compare with."
    assert result.warnings == ()


def modes(folder: Path) -> set[int]:
    return {path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir())}


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_deliveries_have_the_permissions_of_the_umask_or_are_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    company.leave(tmp_path, scored=False)
    before = os.umask(0o027)
    try:
        assert modes(deliver(tmp_path).paths["delivery"]) == {0o750, 0o640}
        os.umask(0o002)
        assert modes(deliver(tmp_path, workbook=False).paths["delivery"]) == {0o775, 0o664}
        assert modes(deliver(tmp_path, private=True).paths["delivery"]) == {0o700, 0o600}
        monkeypatch.setattr("relkit.jobs.deliver_files.is_open_to_all", lambda folder: folder.stat().st_mode & 0o005 == 0o005)
        warned = deliver(tmp_path, workbook=False).warnings[-1]
        assert warned.startswith("Anybody on this machine may read ")
        assert "Deliver with --private" in warned
        assert not any("Anybody" in warning for warning in deliver(tmp_path, workbook=False, private=True).warnings)
    finally:
        os.umask(before)


def test_it_says_what_changed_since_the_last_delivery(tmp_path: Path) -> None:
    company.leave(tmp_path, company.MAY, people=company.customers(150))
    deliver(tmp_path, as_of="2025-05-31")
    company.leave(tmp_path, company.JUNE, seed=2)
    result = deliver(tmp_path, language="fr")
    assert result.details["previous"] == "2025-05-31"
    assert (result.counts["entered"], result.counts["left"]) == (50, 0)
    assert result.sentences[-1].startswith("Against 2025-05-31: 50 entered, 0 left, ")
    assert "50 entrés" in result.paths["difference_md"].read_text()


def test_a_programme_has_its_own_deliveries(tmp_path: Path) -> None:
    company.leave(tmp_path)
    deliver(tmp_path)
    result = deliver(tmp_path, programme="winter")
    assert result.paths["delivery"] == tmp_path / "deliveries" / "winter" / "2025-06-30"


def test_the_manifest_names_what_was_read_and_the_models(tmp_path: Path) -> None:
    deliver(company.leave(tmp_path))
    manifest = latest(tmp_path / "deliveries" / "default").manifest()
    assert [entry["name"] for entry in manifest["inputs"]] == [
        "tables/transactions",
        "features/2025-06-30/customers",
        "scores/2025-06-30/scores",
    ]
    assert [entry["rows"] for entry in manifest["inputs"]] == [900, 200, 520]
    scores = ("churn_probability_90d", "expected_orders_90d", "future_margin_24m", "p_alive")
    assert manifest["run"]["model_runs"] == dict.fromkeys(scores, "run-1")
    assert not {"stem", "unit", "horizon", "reason"} & set(manifest["models"][0])
    assert next(m for m in manifest["models"] if m["score"] == "p_alive")["metric"] == "mae"


def test_without_scores_it_delivers_the_facts_and_says_so(tmp_path: Path) -> None:
    result = deliver(company.leave(tmp_path, scored=False))
    assert "There are no scores as of 2025-06-30" in result.warnings[0]
    assert "p_alive" not in result.details["columns"]
    assert latest(tmp_path / "deliveries" / "default").manifest()["warnings"] == list(result.warnings)


def test_without_features_of_that_day_it_says_which_there_are(tmp_path: Path) -> None:
    company.leave(tmp_path)
    with pytest.raises(TableError, match=r"2024-12-31: there are no features of that day. There are some as of 2025-06-30. Run"):
        deliver(tmp_path, as_of="2024-12-31")


def test_before_any_feature_it_says_what_to_run(tmp_path: Path) -> None:
    company.leave(tmp_path / "a")
    (tmp_path / "a" / "features").rename(tmp_path / "elsewhere")
    with pytest.raises(TableError, match=r"no features of that day. Run relkit features --as-of 2025-06-30 --out .* first"):
        deliver(tmp_path / "a")


def test_an_identifier_like_a_formula_is_quarantined_and_reported(tmp_path: Path) -> None:
    people = company.customers(100).with_columns(customer_id=pl.when(pl.int_range(100) == 4).then(pl.lit("=C")).otherwise("customer_id"))
    result = deliver(company.leave(tmp_path, people=people))
    assert result.counts["rows"] == 99
    assert "Not delivered: 1 customer, the identifier begins like a formula" in result.warnings[0]
    aside = pl.read_parquet(tmp_path / "quarantine" / "customers_scored.parquet")
    assert aside.select("customer_id", "row").rows() == [("=C", 5)]
    assert latest(tmp_path / "deliveries" / "default").manifest()["refused"]["rows"] == 1


def test_too_many_bad_identifiers_stop_the_delivery(tmp_path: Path) -> None:
    people = company.customers(80).with_columns(customer_id="+" + pl.col("customer_id"))
    company.leave(tmp_path, people=people)
    with pytest.raises(
        GateError,
        match=r"100.0% of the customers have an identifier .*: .* \(first: row 1 of features/customers.parquet\)",
    ):
        deliver(tmp_path)
    assert deliveries(tmp_path / "deliveries" / "default") == []


def test_quarantine_of_an_earlier_run_does_not_stay(tmp_path: Path) -> None:
    company.leave(tmp_path)
    stale = tmp_path / "quarantine" / "customers_scored.parquet"
    stale.parent.mkdir()
    stale.write_bytes(b"old")
    deliver(tmp_path)
    assert not stale.exists()


def test_fields_are_asked_for_by_name_with_their_purpose(tmp_path: Path) -> None:
    result = deliver(company.leave(tmp_path), fields={"postcode": "store mailing"})
    assert result.details["columns"][-1] == "postcode"
    assert latest(tmp_path / "deliveries" / "default").manifest()["fields_asked_for"] == {"postcode": "store mailing"}


def test_an_earlier_day_delivered_late_leaves_latest_where_it_is(tmp_path: Path) -> None:
    company.leave(tmp_path, company.MAY)
    company.leave(tmp_path, company.JUNE)
    deliver(tmp_path)
    result = deliver(tmp_path, as_of="2025-05-31")
    assert result.sentences[-1] == "LATEST stays at 2025-06-30, whose day is later."
    assert [d.name for d in deliveries(tmp_path / "deliveries" / "default")] == ["2025-05-31", "2025-06-30"]
    for delivery in deliveries(tmp_path / "deliveries" / "default"):
        verify(delivery)


def test_the_workbook_can_be_left_out(tmp_path: Path) -> None:
    result = deliver(company.leave(tmp_path), workbook=False)
    assert "customers_scored_xlsx" not in result.paths
    assert result.warnings == ()


def test_a_language_it_does_not_speak_is_refused() -> None:
    with pytest.raises(ParameterError, match="language is 'de'"):
        DeliverFiles.parse(language="de")


def test_its_inputs_are_features_and_scores_of_the_day(tmp_path: Path) -> None:
    assert DeliverFiles.parse(out=tmp_path).inputs() == (tmp_path / "features", tmp_path / "scores")
    day = (tmp_path / "features" / "2025-05-31", tmp_path / "scores" / "2025-05-31")
    company.leave(tmp_path, company.MAY)
    for as_of in (None, "2025-05-31", "20250531", "2025-05-31T18:00"):
        assert DeliverFiles.parse(out=tmp_path, as_of=as_of).inputs() == day


def test_a_model_to_prefer_must_exist() -> None:
    with pytest.raises(ParameterError, match=r"prefer: unknown model 'cox'; did you mean 'survival\.cox'"):
        DeliverFiles.parse(prefer=("cox",)).verify()
    DeliverFiles.parse(prefer=("survival.cox",)).verify()
