"""Messages of fits whose tables are in order and have no row for the model: they must not claim that nobody is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from relkit.errors import PeriodError, TableError
from relkit.jobs.check_tables import CheckTables
from relkit.jobs.fit_model import FitModel

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "transaction_line_id,transaction_id,customer_id,product_id,occurred_at,net_amount,line_kind"
SALE = "l1,t1,c1,a,2025-01-01T10:00:00Z,5,sale"
FEE = "l1,t1,c1,,2025-01-01T10:00:00Z,5,fee"


def fit(folder: Path, line: str, model: str, as_of: str) -> None:
    data = folder / "raw"
    data.mkdir()
    (data / "transactions.csv").write_text(f"{HEAD}\n{line}\n", encoding="utf-8")
    CheckTables.parse(data=str(data)).run()
    FitModel.parse(model=model, as_of=as_of, holdout_days=0, figures=False).run()


@pytest.mark.parametrize(("line", "model"), [(FEE, "affinity.rules"), (SALE, "affinity.propensity")])
def test_customers_who_give_no_row_are_not_said_to_be_unknown(workplace: Path, line: str, model: str) -> None:
    with pytest.raises(
        TableError, match=rf"transactions as of 2025-01-05 give {model} no row to learn from\. Check that .* one horizon before"
    ):
        fit(workplace, line, model, "2025-01-05")


def test_a_day_before_the_data_is_named_with_the_first_one(workplace: Path) -> None:
    with pytest.raises(PeriodError, match=r"nobody is known as of 1990-01-01: the data start on 2025-01-01"):
        fit(workplace, SALE, "affinity.rules", "1990-01-01")
