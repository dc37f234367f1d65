"""A French shop's folder: drafted, answered on the question lines only, checked; in the slow test scored and delivered too."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from french_shop import write_french_shop

from relkit.errors import ParameterError
from relkit.jobs.check_tables import CheckTables
from relkit.tables.drafting.draft import draft_mapping
from tests.tables.answered import answered, questions

ASKED = ("devise", "fuseau", "retours", "depuis quelle date", "signifie-t-il un refus")


def answers(question: str, offered: list[str]) -> str:
    """Answer as somebody of the shop would."""
    wanted = {"fuseau": "Europe/Paris", "devise": "EUR"}
    return next((answer for word, answer in wanted.items() if word in question), offered[0])


def drafted(folder, **size):
    data = write_french_shop(folder / "boutique", **size)
    path = folder / "ebauche.yaml"
    CheckTables.parse(data=data, draft_mapping=path, language="fr", out=folder / "out").run()
    return data, path


def test_answers_to_its_questions_make_the_draft_of_a_shop_readable(tmp_path):
    data, path = drafted(tmp_path)
    text = path.read_text()
    asked = [question for question, _ in questions(text).values()]
    assert [next(word for word in ASKED if word in question) for question in asked] == list(ASKED)
    with pytest.raises(ParameterError, match="5 questions of the draft are open"):
        CheckTables.parse(data=data, mapping=path, out=tmp_path / "out").run()
    path.write_text(answered(text, answers))
    result = CheckTables.parse(data=data, mapping=path, out=tmp_path / "out").run()
    assert result.passed
    tables = {name: pl.read_parquet(tmp_path / "out" / "tables" / f"{name}.parquet") for name in result.counts["tables"]}
    assert sum(counts["rows_quarantined"] for counts in result.counts["tables"].values()) == 0
    _verify_sales(data, tables["transactions"])
    assert tables["customers"]["customer_id"].sort().to_list() == [f"{i:06d}" for i in range(1, 61)]
    assert tables["customers"]["postcode"].unique().sort().to_list() == ["01000", "30000", "69003"]
    assert set(tables["consents"]["channel_id"]) == {"email", "sms", "post"}
    assert len(tables["consents"]) == 180
    assert tables["products"]["category_1"].n_unique() == 3


def _verify_sales(data, lines):
    """Compare the lines with the files, read by the rules that a person would state."""
    rows = [line.split(";") for path in sorted(data.glob("ventes_*.csv")) for line in path.read_bytes().decode("cp1252").splitlines()[1:]]
    rows = [row for row in rows if row[0] != "TOTAL"]
    amounts = [Decimal(row[6].replace(" ", "").replace(",", ".")) * (-1 if row[7] == "Retour" else 1) for row in rows]
    assert len(lines) == len(rows)
    assert round(lines["net_amount"].sum(), 2) == float(sum(amounts))
    days = lines["occurred_at"].dt.convert_time_zone("Europe/Paris").dt.date()
    assert days.min() == min(date(*map(int, row[2].split("/")[::-1])) for row in rows)
    assert (lines["line_kind"] == "return").sum() == sum(row[7] == "Retour" for row in rows)


def test_the_draft_of_the_shop_lists_what_it_left_out(tmp_path):
    draft = draft_mapping(write_french_shop(tmp_path / "boutique", customers=12))
    left = " ".join(draft.unplaced)
    assert [name for name in ("lisez-moi.pdf", "legende", "Ville", "Prix unitaire TTC") if name not in left] == []


@pytest.mark.slow
def test_a_shop_is_scored_and_delivered_after_its_questions(tmp_path, monkeypatch):
    from relkit.jobs.build_features import BuildFeatures
    from relkit.jobs.deliver_files import DeliverFiles
    from relkit.jobs.fit_model import FitModel
    from relkit.jobs.score_customers import ScoreCustomers

    monkeypatch.chdir(tmp_path)
    data, path = drafted(tmp_path, customers=300)
    path.write_text(answered(path.read_text(), answers))
    assert CheckTables.parse(data=data, mapping=path).run().passed
    BuildFeatures.parse().run()
    FitModel.parse(model="lifetime_value.bg_nbd").run()
    ScoreCustomers.parse().run()
    delivered = DeliverFiles.parse().run()
    scored = pl.read_parquet(delivered.paths["customers_scored"])
    assert len(scored) == 300
    assert scored["p_alive"].drop_nulls().is_between(0, 1).all()
