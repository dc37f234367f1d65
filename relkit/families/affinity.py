"""Product affinity: the inputs of its models and their figures."""

from __future__ import annotations

from relkit.families.binding import Binding
from relkit.families.inputs import ModelInputs
from relkit.features.product_histories import next_baskets, product_histories
from relkit.models.affinity.family import PRODUCT_HISTORIES

BINDING = Binding(
    inputs={PRODUCT_HISTORIES: ModelInputs(reading=PRODUCT_HISTORIES, learnt=product_histories, outcomes=next_baskets)},
    figures={},
)
