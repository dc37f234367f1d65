from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from relkit.errors import ParameterError
from relkit.jobs.check_tables import CheckTables
from relkit.jobs.export_rules import ExportRules
from relkit.jobs.fit_model import FitModel
from relkit.tracking import registry

if TYPE_CHECKING:
    from pathlib import Path


def write_shop(folder: Path) -> None:
    """Write half a year of a shop where bread brings butter; each line has a channel, and products have names and categories."""
    rng = np.random.default_rng(5)
    rows = []
    for basket in range(1200):
        there = rng.random(5) < 0.25
        there[1] |= there[0] and rng.random() < 0.6
        day = date(2025, 1, 1) + timedelta(days=basket * 180 // 1200)
        rows += [
            (f"t{basket}", f"c{basket % 90}", f"P{i}", ["web", "store"][basket % 2], f"{day}T12:00:00Z", 3.0) for i in np.flatnonzero(there)
        ]
    folder.mkdir()
    names = ("transaction_id", "customer_id", "product_id", "channel_id", "occurred_at", "net_amount")
    lines = pl.DataFrame(rows, schema=list(names), orient="row").with_row_index("transaction_line_id")
    lines.with_columns(line_kind=pl.lit("sale")).write_csv(folder / "transactions.csv")
    pl.DataFrame(
        {
            "product_id": [f"P{i}" for i in range(5)],
            "name": ["Bread", "Butter", "Milk", "Tea", "Soap"],
            "category_1": ["bakery", "dairy", "dairy", "drinks", "care"],
        }
    ).write_csv(folder / "products.csv")


def test_rules_from_raw_files_to_files_for_merchandisers(workplace: Path) -> None:
    """Fitted with a holdout, by channel and by category as well; the champion's strongest rule is the one that was planted."""
    write_shop(workplace / "shop")
    CheckTables.parse(data=str(workplace / "shop")).run()
    with pytest.raises(ParameterError, match=r"rules: no rules were found yet\. Run relkit fit affinity\.rules first"):
        ExportRules.parse().run()
    result = FitModel.parse(model="affinity.rules", figures=False).run()
    assert result.metrics["share_of_rules_that_hold"] == 1.0
    assert "Baskets: " in " ".join(result.sentences)
    written = ExportRules.parse(language="fr").run()
    assert "of affinity.rules version 1 were written" in written.sentences[0]
    rows = pl.read_parquet(written.paths["parquet"])
    for left, right in rows.select("if_bought", "also_bought").iter_rows():
        assert {"Bread", "Butter"} <= set(f"{left} + {right}".split(" + "))
    single = rows.filter(~pl.col("if_bought").str.contains("+", literal=True)).select("if_bought", "also_bought")
    assert set(single.iter_rows()) == {("Bread", "Butter"), ("Butter", "Bread")}
    every = ExportRules.parse(every=True, top=5).run()
    assert every.counts == {"rules": 5, "rules_found": len(registry.load_champion("affinity.rules").rules)}  # type: ignore[attr-defined]
    by = FitModel.parse(model="affinity.rules", settings={"by": "channel_id", "max_size": "2"}, figures=False).run()
    assert by.details["version"] == "2"
    of_categories = FitModel.parse(model="affinity.rules", settings={"item_levels": "category_1"}, figures=False).run()
    terms = [row["term"] for row in of_categories.details["summary"]]
    assert "bakery => dairy" in terms
