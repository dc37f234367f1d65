"""Product affinity: the inputs of its models and their figures."""

from __future__ import annotations

from relkit.families.binding import Binding
from relkit.families.inputs import ModelInputs
from relkit.features.receipts import later_receipts, receipt_remarks, receipts
from relkit.models.affinity.family import RECEIPTS

BINDING = Binding(
    inputs={RECEIPTS: ModelInputs(reading=RECEIPTS, learnt=receipts, outcomes=later_receipts, remarks=receipt_remarks)},
    figures={},
)
