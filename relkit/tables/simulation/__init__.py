"""Simulated companies whose true parameters are known.

`simulate_company` writes the tables of a company and, next to them, the truth against which a model may be
judged; `compare_with_truth` compares estimates with it. docs/simulation.md states the model in full.
"""

from relkit.tables.simulation.company import simulate_company
from relkit.tables.simulation.parameters import ContractParameters, Disturbances, PurchaseParameters, SpendParameters
from relkit.tables.simulation.settings import SimulationSettings
from relkit.tables.simulation.truth import CompanyTruth, compare_with_truth

__all__ = [
    "CompanyTruth",
    "ContractParameters",
    "Disturbances",
    "PurchaseParameters",
    "SimulationSettings",
    "SpendParameters",
    "compare_with_truth",
    "simulate_company",
]
