"""Profit of a ranking by risk on days outside the fit, under the assumptions of an offer (EMPC)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from relkit.errors import NotEnoughEventsError
from relkit.metrics.profit import ChurnProfit, expected_maximum_profit, maximum_profit
from relkit.models.survival.judging import Forecasts

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from relkit.metrics.risk_sets import Flags, Floats

PRIOR_CUSTOMERS = 20.0
"""alpha + beta of the Beta distribution of the share averted, as in Verbraken et al. (2013, section 5): Beta(6, 14)."""


class Assumed(Protocol):
    """Assumptions of an offer, as `relkit.scores.retention_offer` declares it."""

    @property
    def averted_share(self) -> float:
        """Share of the ends due within the window that is averted."""

    @property
    def window_days(self) -> int:
        """Days for which it retains customers."""

    @property
    def contact_cost(self) -> float:
        """Cost of every customer who is called."""

    @property
    def offer_cost(self) -> float:
        """Cost of every customer who takes it."""

    @property
    def stayers_take_share(self) -> float:
        """Share of those who would have stayed anyway that takes it."""

    @property
    def averts(self) -> tuple[str, ...]:
        """Causes of the ends that it can avert; none for all ends."""


@dataclass(frozen=True, kw_only=True)
class HeldOutProfit:
    """Profit of a ranking by risk on held-out days.

    Attributes:
        days: after the calibration in which ends counted.
        best: money for each contract, and the share of them that is contacted for it, in the order of the forecast.
        perfect: the same in the order of what happened.
        clv: value given to an averted end, money.
    """

    days: int
    best: ChurnProfit
    perfect: ChurnProfit
    clv: float


def profit_of_risk(ended: Flags, risk: Floats, *, offer: Assumed, clv: float) -> ChurnProfit:
    """Return the profit of a list in the order of risk at its best depth: the expected maximum profit of an offer.

    The share averted is Beta-distributed with its assumed mean; if that is 0 or 1 it is taken as known.
    Customers who did not end, or not by a cause that the offer averts, count as ones who would have stayed.

    Args:
        ended: whether each customer ended the contract within the window, shape (n,).
        risk: the forecast, shape (n,).
        offer: its assumptions.
        clv: value of an averted end, money; nobody is contacted if that is not above the cost of the offer.

    Raises:
        ParameterError: none or all ended.
    """
    if clv <= offer.offer_cost:
        return ChurnProfit(0.0, 0.0)
    costs = {"clv": clv, "d": offer.offer_cost, "f": offer.contact_cost, "s": offer.stayers_take_share}
    share = offer.averted_share
    if not 0 < share < 1:
        return maximum_profit(ended, risk, gamma=share, **costs)
    return expected_maximum_profit(ended, risk, alpha=PRIOR_CUSTOMERS * share, beta=PRIOR_CUSTOMERS * (1 - share), **costs)


def held_out_profit(
    fitted: Any, rows: pl.DataFrame, outcomes: pl.DataFrame, reasons: pl.DataFrame | None = None, *, offer: Assumed, clv: float
) -> HeldOutProfit | None:
    """Return the profit of the risk that a model forecast for days outside its fit; None if none or all ended in them.

    Args:
        fitted: fitted to what was known before those days; it distinguishes causes if the offer averts some only.
        rows: the contracts it scores, as of then.
        outcomes: of the same contracts, as known after those days, as `Forecasts.of` takes them.
        reasons: contract_id, end_reason, as known after those days; read if the offer averts ends of some causes only.
        offer: its assumptions; its window is cut to the days that were observed.
        clv: value of an averted end, money.
    """
    try:
        seen = Forecasts.of(fitted, rows, outcomes)
    except NotEnoughEventsError:
        return None
    days = min(float(offer.window_days), seen.days)
    # Customers censored before the end of the window are uninformative.
    kept = (seen.remaining >= days) | seen.ended
    ended = seen.ended & (seen.remaining <= days)
    if offer.averts and reasons is not None:
        ended &= _avertible(seen.rows, reasons, offer.averts)
    ended, risk = ended[kept], _risk(fitted, seen.rows, days, offer.averts)[kept]
    if ended.all() or not ended.any():
        return None
    best, perfect = (profit_of_risk(ended, by, offer=offer, clv=clv) for by in (risk, ended.astype(np.float64)))
    return HeldOutProfit(days=round(days), best=best, perfect=perfect, clv=clv)


def _avertible(rows: pl.DataFrame, reasons: pl.DataFrame, averts: tuple[str, ...]) -> NDArray[np.bool_]:
    ends = reasons.select("contract_id", why="end_reason").drop_nulls().unique("contract_id", keep="last")
    joined = rows.select("contract_id").join(ends, on="contract_id", how="left", maintain_order="left")
    found: NDArray[np.bool_] = joined["why"].is_in(list(averts)).fill_null(value=False).to_numpy()
    return found


def _risk(fitted: Any, rows: pl.DataFrame, days: float, averts: tuple[str, ...]) -> Floats:
    """Return the forecast probability of an end that the offer can avert, shape (n,)."""
    at = np.array([days])
    if not averts:
        whole: Floats = 1 - fitted.survival_ahead(rows, at)[:, 0]
        return whole
    found: Floats = np.sum([fitted.incidence_ahead(rows, at, cause=cause)[:, 0] for cause in dict.fromkeys(averts)], axis=0)
    return found
