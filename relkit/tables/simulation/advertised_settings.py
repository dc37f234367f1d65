"""Parameters of a company whose channels cause sales: the channels, how their effects fade and saturate, and the variants of the world."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Literal

import numpy as np

from relkit.errors import ParameterError
from relkit.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Callable

    from relkit.tables.simulation.clock import Floats

Decay = Literal["power", "lagged", "stretched"]
DECAYS: tuple[Decay, ...] = ("power", "lagged", "stretched")
WORLDS = ("targeted", "random", "null", "hidden")
DIRECT = "direct"
_SHAPES: dict[Decay, Callable[[Floats], Floats]] = {
    "power": lambda u: 1 / (1 + u) ** 2,
    "lagged": lambda u: u * np.exp(1 - u),
    "stretched": lambda u: np.exp(-(u**1.5)),
}


@dataclass(frozen=True, kw_only=True)
class AdvertisingChannel:
    """A channel, and the effect of its touches on the rate of orders.

    Attributes:
        name, kind: as in touchpoints.
        cost: of a touch, currency.
        strength: beta, the most that the channel alone adds to the rate of orders, as a multiple of that rate; 0 for no effect.
        half: c, the stock of touches at half of the strength; half of `steepness` 1 is a touch of this moment.
        steepness: h, of the Hill curve.
        decay: shape of the weight of a touch by its age; see `weight`.
        scale_days: s, of the decay.
        horizon_days: age beyond which a touch has no effect.

    Examples:
        >>> channel = AdvertisingChannel(name="search", kind="click", strength=2.0, decay="power", scale_days=2.0)
        >>> channel.weight(np.array([0.0, 2.0, 30.0])).tolist(), channel.hill(np.array([0.0, 1.0])).tolist()
        ([1.0, 0.25, 0.0], [0.0, 0.5])
    """

    name: str
    kind: str
    cost: float = 0.0
    strength: float = 0.0
    half: float = 1.0
    steepness: float = 1.0
    decay: Decay = "power"
    scale_days: float = 2.0
    horizon_days: float = 21.0

    def __post_init__(self) -> None:
        """Refuse parameters outside their range."""
        for name in ("half", "steepness", "scale_days", "horizon_days"):
            if not (value := getattr(self, name)) > 0:
                raise ParameterError(f"{value:g} is not above 0.", where=f"{self.name}, {name}", remedy="Choose a positive number.")
        if self.strength < 0 or self.cost < 0:
            raise ParameterError("strength or cost is negative.", where=self.name, remedy="Choose numbers from 0 on.")
        if self.decay not in DECAYS:
            raise ParameterError.unknown("decay", self.decay, DECAYS, where=self.name)

    def weight(self, age_days: Floats) -> Floats:
        """Return w(u) of touches of age u: (1 + u/s)^-2, (u/s) exp(1 - u/s), or exp(-(u/s)^1.5), each at most 1; 0 beyond the horizon."""
        shape = _SHAPES[self.decay](age_days / self.scale_days)
        return np.asarray(np.where(age_days <= self.horizon_days, shape, 0.0))

    def hill(self, stock: Floats) -> Floats:
        """Return H(A) = A^h / (A^h + c^h) of a stock of touches A, each touch counted by its weight."""
        raised = stock**self.steepness
        return np.asarray(raised / (raised + self.half**self.steepness))


CHANNELS = (
    AdvertisingChannel(name="search", kind="click", cost=0.6, strength=2.0, decay="power", scale_days=2.0, horizon_days=21),
    AdvertisingChannel(
        name="display", kind="impression", cost=0.02, strength=0.8, half=1.5, steepness=1.5, decay="lagged", scale_days=3.0, horizon_days=21
    ),
    AdvertisingChannel(name="video", kind="impression", cost=0.04, strength=0.6, decay="lagged", scale_days=4.0, horizon_days=24),
    AdvertisingChannel(name="email", kind="click", cost=0.01, strength=1.2, decay="stretched", scale_days=4.0, horizon_days=21),
    AdvertisingChannel(name="retargeting", kind="impression", cost=0.05, strength=0.3, decay="stretched", scale_days=2.0, horizon_days=14),
    AdvertisingChannel(name="affiliate", kind="click", cost=0.4),
    AdvertisingChannel(name=DIRECT, kind="visit"),
)
"""Affiliate links are clicked by those about to buy and cause nothing; nor do direct visits, which are signs of interest."""


@dataclass(frozen=True, kw_only=True)
class LiftTestPlan:
    """A randomised holdout of a channel: customers drawn as controls do not get its touches.

    Attributes:
        channel: that is withheld.
        from_day, until_day: first day of the test, and the day after the last.
        control_share: of the customers, drawn by lot.
    """

    channel: str = "search"
    from_day: int = 80
    until_day: int = 150
    control_share: float = 0.3


@dataclass(frozen=True, kw_only=True)
class AdvertisedWorld:
    """The parameters of the company; docs/simulation.md has the formulas.

    Attributes:
        channels: in the order of the truth.
        starts_on: the day on which touches begin to be recorded, day 0.
        days: with touches.
        history_days: with sales before day 0.
        order_rate, order_shape: mean orders a day of a customer without interest or advertising, and shape of its gamma distribution.
        season_amplitude, season_peak_day: rates swing by this share over the year, counted from day 0.
        weekdays: factors of Monday to Sunday; their mean is 1.
        visit_rate: direct visits a day of the average customer.
        interest, interest_days, interest_horizon_days: theta, tau of exp(-u / tau) and its end: the interest that a visit shows.
        targeting: power of a customer's own order rate in the rates of visits and searches; 0 for none.
        search_per_visit, affiliate_per_visit, retargeting_per_visit: mean touches that follow a visit.
        search_rate, display_rate: mean touches a day that follow nothing.
        flights: first day and day after the last of each flight of video.
        video_per_flight: mean views of the average customer in a flight.
        subscribed_buyers, subscribed_others: share that reads the newsletter, of customers with and without an order in the history.
        newsletter_rate: probability that a subscriber clicks in the newsletter of a week.
        synergy: iota: by how much video at full effect raises that of search.
        ceiling: M: the most that all channels together add to the rate, as a multiple of it.
        hidden_share: of the visits leaves no trace in touchpoints.
        value_shape, value_log_spread, value_mean: gamma shape of an order's value, log-normal spread of customers' means, and their mean.
        margin_rate: margin over net amount.
    """

    channels: tuple[AdvertisingChannel, ...] = CHANNELS
    starts_on: date = date(2025, 1, 1)
    days: int = 180
    history_days: int = 180
    order_rate: float = 0.004
    order_shape: float = 0.8
    season_amplitude: float = 0.25
    season_peak_day: float = 140.0
    weekdays: tuple[float, ...] = (0.9, 0.9, 0.95, 1.0, 1.15, 1.25, 0.85)
    visit_rate: float = 0.015
    interest: float = 6.0
    interest_days: float = 3.0
    interest_horizon_days: float = 21.0
    targeting: float = 0.5
    search_per_visit: float = 0.4
    affiliate_per_visit: float = 0.25
    retargeting_per_visit: float = 1.0
    search_rate: float = 0.006
    display_rate: float = 0.015
    flights: tuple[tuple[int, int], ...] = ((15, 36), (75, 96), (135, 156))
    video_per_flight: float = 1.2
    subscribed_buyers: float = 0.7
    subscribed_others: float = 0.1
    newsletter_rate: float = 0.15
    synergy: float = 1.0
    ceiling: float = 4.0
    hidden_share: float = 0.0
    value_shape: float = 3.0
    value_log_spread: float = 0.4
    value_mean: float = 60.0
    margin_rate: float = 0.35

    def __post_init__(self) -> None:
        """Refuse days in which nothing could be recorded."""
        if self.days < 1 or self.history_days < 0:
            raise ParameterError(
                f"days is {self.days}, history_days {self.history_days}.", where="world", remedy="Choose at least one day."
            )

    @classmethod
    def named(cls, world: str) -> AdvertisedWorld:
        """Return a variant: targeted, random (touches are given to anybody at any time), null (no effect), hidden (half of the visits).

        Raises:
            ParameterError: there is no such variant.
        """
        if world not in WORLDS:
            raise ParameterError.unknown("world", world, WORLDS, where="advertised_company")
        base = cls()
        changes: dict[str, AdvertisedWorld] = {
            "random": replace(base, interest=0.0, targeting=0.0, subscribed_others=base.subscribed_buyers),
            "null": replace(base, channels=tuple(replace(channel, strength=0.0) for channel in base.channels)),
            "hidden": replace(base, hidden_share=0.5),
        }
        return changes.get(world, base)

    def channel(self, name: str) -> AdvertisingChannel:
        """Return a channel by name."""
        names = [channel.name for channel in self.channels]
        if name not in names:
            raise ParameterError.unknown("channel", name, names, where="advertised_company")
        return self.channels[names.index(name)]

    def place(self, name: str) -> int:
        """Return the position of a channel."""
        return self.channels.index(self.channel(name))

    def seasons(self, first: int, last: int) -> Floats:
        """Return s(t) of each day from `first` to before `last`, by season and weekday."""
        day = np.arange(first, last)
        yearly = 1 + self.season_amplitude * np.cos(2 * np.pi * (day - self.season_peak_day) / DAYS_PER_YEAR)
        weekday = (self.starts_on.weekday() + day) % 7
        return np.asarray(yearly * np.array(self.weekdays)[weekday])

    @property
    def greatest_lift(self) -> float:
        """An upper bound of the lift by all channels of the rate of orders, as a multiple of it."""
        most = sum(channel.strength for channel in self.channels)
        most += self.synergy * max((channel.strength for channel in self.channels), default=0.0)
        return float(self.ceiling * (1 - np.exp(-most / self.ceiling)))
