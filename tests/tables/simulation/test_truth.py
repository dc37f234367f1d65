from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl
import pytest

from relkit.errors import StorageError, TableError
from relkit.tables.simulation import CompanyTruth, compare_with_truth

if TYPE_CHECKING:
    from pathlib import Path


def _estimates(*rows: tuple[str, str, float, float | None]) -> pl.DataFrame:
    schema = {"model": pl.String, "term": pl.String, "estimate": pl.Float64, "std_error": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_errors_in_standard_errors_and_relative(clean: CompanyTruth):
    rows = _estimates(
        ("survival.cox", "term_months", -0.033, 0.002),
        ("lifetime_value.bg_nbd", "alpha", 12.6, None),
        ("lifetime_value.bg_nbd", "nothing_of_ours", 1.0, 1.0),
    )
    compared = compare_with_truth(clean, rows)
    assert compared.columns == ["model", "term", "true", "estimate", "std_error", "z", "relative_error"]
    assert compared["term"].to_list() == ["term_months", "alpha"]
    assert compared["true"].to_list() == [-0.03, 12.0]
    assert compared["z"].to_list() == [-1.5, None]
    assert compared["relative_error"].to_list() == pytest.approx([0.1, 0.05])


def test_a_missing_column_is_named(clean: CompanyTruth):
    with pytest.raises(TableError, match="estimates: unknown column 'std_error'; did you mean 'std_err'"):
        compare_with_truth(clean, _estimates().rename({"std_error": "std_err"}))


def test_the_truth_can_be_opened_again(clean: CompanyTruth):
    again = CompanyTruth.open(clean.folder.parent)
    assert again.parameters == json.loads(json.dumps(clean.parameters))
    assert (again.data, again.folder) == (clean.data, clean.folder)
    assert again.customers.collect().equals(clean.customers.collect())


def test_where_nothing_was_simulated(tmp_path: Path):
    with pytest.raises(StorageError, match=r"there is no simulated company here\. Simulate one with simulate_company"):
        CompanyTruth.open(tmp_path)


def test_parameters_say_what_holds(clean: CompanyTruth, hard: CompanyTruth):
    assert clean.parameters["lifetime_value.gamma_gamma"] == {"p": 6.0, "q": 4.0, "v": 27.0}
    assert clean.parameters["survival.cox"] == {"monthly_amount": 0.02, "term_months": -0.03, "pays_by_direct_debit": -0.6}
    assert clean.parameters["disturbances"] == {}
    assert hard.parameters["disturbances"]["return_share"] == 0.06
    assert clean.parameters["company"]["ends_on"] == "2025-06-30"
