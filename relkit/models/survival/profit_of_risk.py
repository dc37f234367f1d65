"""What an order by risk would have earned on days that the model had not seen, under the assumptions of an offer (EMPC)."""

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
    """What is assumed of an offer, as `relkit.scores.retention_offer` declares it."""

    @property
    def averted_share(self) -> float:
        """Of the ends due within the window, those averted."""

    @property
    def window_days(self) -> int:
        """How long it holds customers back."""

    @property
    def contact_cost(self) -> float:
        """Of every customer who is called."""

    @property
    def offer_cost(self) -> float:
        """Of every customer who takes it."""

    @property
    def stayers_take_share(self) -> float:
        """Of those who would have stayed anyway, those who take it."""

    @property
    def averts(self) -> tuple[str, ...]:
        """Causes of the ends that it can avert; none for all ends."""


@dataclass(frozen=True, kw_only=True)
class HeldOutProfit:
    """What an order by risk was worth on held-out days.

    Attributes:
        days: after the calibration in which ends counted.
        best: money for each contract, and the share of them that is contacted for it, in the order of the forecast.
        perfect: the same in the order of what happened.
        clv: what an end that is averted counted for, money.
    """

    days: int
    best: ChurnProfit
    perfect: ChurnProfit
    clv: float


def profit_of_risk(ended: Flags, risk: Floats, *, offer: Assumed, clv: float) -> ChurnProfit:
    """Return what a list in the order of risk earns at its best depth: the expected maximum profit of an offer.

    The share averted is not known but Beta with the mean that is assumed of it; where that is 0 or 1 it is taken as known.
    Who did not end, or not by a cause that the offer averts, counts as one who would have stayed.

    Args:
        ended: whether each customer ended the contract within the window, shape (n,).
        risk: what was forecast, shape (n,).
        offer: what is assumed.
        clv: what an end that is averted is worth, money; nobody is contacted where that is not above the cost of the offer.

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
    """Return the profit of the risk that a model forecast for days it had not seen; None where none or all ended in them.

    Args:
        fitted: fitted to what was known before those days; it tells causes where the offer averts some only.
        rows: the contracts it scores, as of then.
        outcomes: of the same contracts, as known after those days, as `Forecasts.of` takes them.
        reasons: contract_id, end_reason, as known after those days; read where the offer averts ends of some causes only.
        offer: what is assumed; its window is cut to the days that were seen.
        clv: what an end that is averted is worth, money.
    """
    try:
        seen = Forecasts.of(fitted, rows, outcomes)
    except NotEnoughEventsError:
        return None
    days = min(float(offer.window_days), seen.days)
    # Who was lost to view before the end of the window tells nothing.
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
    told = rows.select("contract_id").join(ends, on="contract_id", how="left", maintain_order="left")
    found: NDArray[np.bool_] = told["why"].is_in(list(averts)).fill_null(value=False).to_numpy()
    return found


def _risk(fitted: Any, rows: pl.DataFrame, days: float, averts: tuple[str, ...]) -> Floats:
    """Return the forecast probability of an end that the offer can avert, shape (n,)."""
    at = np.array([days])
    if not averts:
        whole: Floats = 1 - fitted.survival_ahead(rows, at)[:, 0]
        return whole
    found: Floats = np.sum([fitted.incidence_ahead(rows, at, cause=cause)[:, 0] for cause in dict.fromkeys(averts)], axis=0)
    return found
