"""Product affinity: the inputs of its models and their figures."""

from __future__ import annotations

from relkit.families.affinity_figures import FIGURES
from relkit.families.affinity_takers import TAKERS_FIGURES, TAKERS_INPUTS
from relkit.families.binding import Binding
from relkit.families.inputs import ModelInputs
from relkit.features.product_histories import next_baskets, product_histories
from relkit.features.product_takes import buys_products
from relkit.features.receipts import later_receipts, receipt_remarks, receipts
from relkit.models.affinity.family import PRODUCT_HISTORIES, RECEIPTS

BINDING = Binding(
    inputs={
        RECEIPTS: ModelInputs(
            reading=RECEIPTS,
            learnt=receipts,
            outcomes=later_receipts,
            remarks=receipt_remarks,
            is_there=buys_products,
            undeclared="its transactions name no product",
        ),
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
