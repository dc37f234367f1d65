"""Product affinity: the inputs of its models and their figures."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from relkit.families.affinity_figures import FIGURES
from relkit.families.affinity_takers import TAKERS_FIGURES, TAKERS_INPUTS
from relkit.families.binding import Binding
from relkit.families.inputs import ModelInputs
from relkit.features.described_receipts import described_receipts, later_described_receipts
from relkit.features.product_histories import next_baskets, product_histories
from relkit.features.product_takes import buys_products
from relkit.features.receipts import later_receipts, receipt_remarks, receipts
from relkit.models.affinity.family import PRODUCT_HISTORIES, RECEIPTS

if TYPE_CHECKING:
    from collections.abc import Mapping

PLAIN_COLUMNS = ("", "channel_id", "customer", "day")
"""Columns of receipts by which rules can be grouped without asking the tables, and none."""


def _of_receipts(settings: Mapping[str, Any]) -> ModelInputs:
    """Return the receipts with the categories and the attribute that settings of a model name."""
    levels = tuple(level for level in settings.get("item_levels") or () if level != "product")
    by = str(settings.get("by") or "")
    if not levels and by in PLAIN_COLUMNS:
        return _RECEIPTS
    columns: dict[str, Any] = {"levels": levels, "by": by}
    return replace(_RECEIPTS, learnt=partial(described_receipts, **columns), outcomes=partial(later_described_receipts, **columns))


_RECEIPTS = ModelInputs(
    reading=RECEIPTS,
    learnt=receipts,
    outcomes=later_receipts,
    remarks=receipt_remarks,
    suited=_of_receipts,
    is_there=buys_products,
    undeclared="its transactions name no product",
)
BINDING = Binding(
    inputs={
        RECEIPTS: _RECEIPTS,
        PRODUCT_HISTORIES: ModelInputs(
            reading=PRODUCT_HISTORIES,
            learnt=product_histories,
            outcomes=next_baskets,
            is_there=buys_products,
            undeclared="its transactions name no product",
        ),
        **TAKERS_INPUTS,
    },
    figures={**FIGURES, **TAKERS_FIGURES},
)
