"""Settings of a simulation: number of customers, days, world, true parameters."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal, get_args

from relkit.errors import ParameterError
from relkit.tables.simulation.parameters import TASTE_SPREAD, ContractParameters, Disturbances, PurchaseParameters, SpendParameters

World = Literal["clean", "hard"]

FUTURE_DAYS = 730
"""Days simulated after the end of the data, for the truth only: the customers' realised value."""

HORIZONS = (365, 730)
"""Horizons of the true values, days after the end of the data."""


@dataclass(frozen=True, kw_only=True)
class SimulationSettings:
    """The settings of a simulated company.

    Attributes:
        customers: persons known to the company at the end, prospects included.
        seed: of all randomness; the same settings give the same bytes.
        world: "clean" keeps the assumptions of the models exactly, "hard" plants `disturbances`.
        starts_on: first day of the data.
        days: days of data.
        prospect_share: share of customers who come as prospects and buy only if brought to it by an action, or by chance.
        contract_share: share of customers who hold a contract.
        both_share: share of the contract holders who also buy by themselves.
        buyer_effects: whether actions make buyers order more. That breaks the assumptions of the purchase
            models, so None means only in the hard world.
        taste_spread: standard deviation of a customer's log preference for a category; at 0 all have the same tastes, and only
            bundles go together.
        purchases, spend, contracts: the true parameters of the models.
        disturbances: added in the hard world; ignored in the clean one.

    Examples:
        >>> SimulationSettings(customers=1000).ends_on
        datetime.date(2025, 6, 30)
        >>> SimulationSettings(customers=0)
        Traceback (most recent call last):
        relkit.errors.ParameterError: customers: 0 is below 1. Simulate at least one customer.
    """

    customers: int = 20_000
    seed: int = 20_250_630
    world: World = "clean"
    starts_on: date = date(2022, 7, 1)
    days: int = 1096
    prospect_share: float = 0.10
    contract_share: float = 0.25
    both_share: float = 0.20
    buyer_effects: bool | None = None
    taste_spread: float = TASTE_SPREAD
    purchases: PurchaseParameters = field(default_factory=PurchaseParameters)
    spend: SpendParameters = field(default_factory=SpendParameters)
    contracts: ContractParameters = field(default_factory=ContractParameters)
    disturbances: Disturbances = field(default_factory=Disturbances)

    def __post_init__(self) -> None:
        """Refuse invalid settings."""
        if self.world not in get_args(World):
            raise ParameterError.unknown("world", self.world, get_args(World), where="world")
        if self.customers < 1:
            raise ParameterError(f"{self.customers} is below 1.", where="customers", remedy="Simulate at least one customer.")
        if self.seed < 0:
            raise ParameterError(f"{self.seed} is negative.", where="seed", remedy="Choose a whole number from 0 up.")
        if self.days < 1:
            raise ParameterError(f"{self.days} is below 1.", where="days", remedy="Simulate at least one day.")
        for name in ("prospect_share", "contract_share", "both_share"):
            value = float(getattr(self, name))
            if not 0 <= value <= 1:
                raise ParameterError(f"{value:g} is not a share.", where=name, remedy="Choose a number between 0 and 1.")
        if not self.taste_spread >= 0:
            raise ParameterError(f"{self.taste_spread:g} is negative.", where="taste_spread", remedy="Choose 0 or more.")
        if (total := self.prospect_share + self.contract_share) > 1:
            raise ParameterError(
                f"prospect_share and contract_share add up to {total:g}.", where="prospect_share", remedy="Together they may not exceed 1."
            )

    @property
    def ends_on(self) -> date:
        """Last day of the data."""
        return self.starts_on + timedelta(days=self.days - 1)

    @property
    def hard(self) -> bool:
        """True in the hard world."""
        return self.world == "hard"

    @property
    def actions_move_buyers(self) -> bool:
        """True if actions make buyers order more."""
        return self.hard if self.buyer_effects is None else self.buyer_effects
