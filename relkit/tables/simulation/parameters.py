"""The true parameters of a simulated company, in the notation of the papers."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from relkit.errors import ParameterError

DAYS_A_WEEK = 7.0
TASTE_SPREAD = 0.8
"""Standard deviation of a customer's log preference for a category."""


def require_positive(parameters: Any) -> None:
    """Raise a ParameterError for the first number of a dataclass that is not above zero."""
    for item in fields(parameters):
        value = getattr(parameters, item.name)
        if isinstance(value, int | float) and not value > 0:
            raise ParameterError(f"{value:g} is not above 0.", where=item.name, remedy="Choose a positive number.")


@dataclass(frozen=True, kw_only=True)
class PurchaseParameters:
    """BG/NBD (Fader, Hardie and Lee 2005): rates are Gamma(r, alpha) a week, dropout Beta(a, b) after each repeat order.

    Attributes:
        r: shape of the purchase rates.
        alpha: rate of the purchase rates, weeks; the mean customer orders r / alpha times a week while active.
        a, b: of the probability of dropping out right after a repeat order; its mean is a / (a + b).
    """

    r: float = 1.2
    alpha: float = 12.0
    a: float = 0.8
    b: float = 6.0

    def __post_init__(self) -> None:
        """Refuse parameters outside their range."""
        require_positive(self)


@dataclass(frozen=True, kw_only=True)
class SpendParameters:
    """Gamma-Gamma (Fader and Hardie 2013): an order is Gamma(p, nu), nu is Gamma(q, v) across customers, whatever their rate.

    Attributes:
        p: shape of an order's value.
        q: shape of the customers' scales; above 1, or the mean would be infinite.
        v: rate of the customers' scales, currency; the mean order is p * v / (q - 1).
    """

    p: float = 6.0
    q: float = 4.0
    v: float = 27.0

    def __post_init__(self) -> None:
        """Refuse parameters outside their range."""
        require_positive(self)
        if self.q <= 1:
            raise ParameterError(f"{self.q:g} is not above 1.", where="q", remedy="The mean order would be infinite; choose more than 1.")

    @property
    def mean(self) -> float:
        """Mean value of an order over all customers."""
        return self.p * self.v / (self.q - 1)


@dataclass(frozen=True, kw_only=True)
class ContractParameters:
    """Proportional hazards on a Weibull baseline: h(t | x) = (shape / scale) (t / scale)^(shape - 1) exp(x beta), t in days.

    The covariates are those known at the start; a voluntary and an involuntary end share the hazard in fixed proportion.

    Attributes:
        shape, scale_days: of the baseline, at covariates of zero.
        monthly_amount: log hazard ratio of one unit of currency more a month.
        term_months: log hazard ratio of one month of commitment more.
        pays_by_direct_debit: log hazard ratio of direct debit against any other means of payment.
        involuntary_share: share of the ends that are involuntary (non-payment).
        margin_rate: monthly margin over monthly amount.
        second_contract_share: share of holders with a second contract, which lives independently of the first.
        earlier_share: share of the contracts that began before the data and had survived until then.
    """

    shape: float = 1.25
    scale_days: float = 1000.0
    monthly_amount: float = 0.02
    term_months: float = -0.03
    pays_by_direct_debit: float = -0.6
    involuntary_share: float = 0.15
    margin_rate: float = 0.4
    second_contract_share: float = 0.15
    earlier_share: float = 0.25

    def __post_init__(self) -> None:
        """Refuse parameters outside their range."""
        for name in ("shape", "scale_days"):
            if not (value := getattr(self, name)) > 0:
                raise ParameterError(f"{value:g} is not above 0.", where=name, remedy="Choose a positive number.")
        for name in ("involuntary_share", "margin_rate", "second_contract_share", "earlier_share"):
            if not 0 <= (value := getattr(self, name)) <= 1:
                raise ParameterError(f"{value:g} is not a share.", where=name, remedy="Choose a number between 0 and 1.")


@dataclass(frozen=True, kw_only=True)
class Disturbances:
    """Disturbances that the hard world adds to the clean one, each with its true size.

    Attributes:
        season_amplitude: orders a day swing by this share around their mean over the year, highest at season_peak_day.
        season_peak_day: day of the year of the peak.
        rate_drift: purchase rates of everybody change by this factor a year (0.9: 10 % less each year).
        spend_drift: orders of customers acquired a year later are worth this factor.
        promotion_every_days, promotion_days: a promotion of one category begins at this interval and lasts this long.
        promotion_lift: orders a day during a promotion, as a factor.
        promotion_discount: taken off the promoted category's list price, paid in equal parts by the company and the supplier.
        pull_forward_days, pull_forward_share: this share of the orders due in the days after a promotion is brought forward into it.
        cannibalised_share: during a promotion, this share of the sibling category's lines moves to the promoted one.
        return_share: share of lines returned, return_mean_days after the purchase on average (exponential, from the next day on).
        cancel_share: share of orders cancelled whole on the same day.
        fee_below: web and app orders below this value pay a delivery fee line of `fee`.
        gift_card_share: share of orders that carry a gift card line of 20 on top.
        late_share: share of orders recorded late, late_mean_days after they took place on average (exponential, at least one day).
        fatigue: each marketing contact in the 30 days before takes this share off the effect of the next one.
        fatigue_unsubscribe: each such contact raises the log odds of unsubscribing by this much.
        price_changes: (share of the data's days passed, factor on all prices from then on).
        heavy_share, heavy_tail: this share of orders is multiplied by 1 + Lomax(heavy_tail), a Pareto tail of that index.
        earlier_buyer_share: share of the buyers who began up to two years before the data (left-censored).
    """

    season_amplitude: float = 0.35
    season_peak_day: int = 349
    rate_drift: float = 0.92
    spend_drift: float = 0.95
    promotion_every_days: int = 91
    promotion_days: int = 10
    promotion_lift: float = 1.5
    promotion_discount: float = 0.2
    pull_forward_days: int = 21
    pull_forward_share: float = 0.3
    cannibalised_share: float = 0.25
    return_share: float = 0.06
    return_mean_days: float = 9.0
    cancel_share: float = 0.01
    fee_below: float = 40.0
    fee: float = 4.9
    gift_card_share: float = 0.01
    late_share: float = 0.05
    late_mean_days: float = 12.0
    fatigue: float = 0.15
    fatigue_unsubscribe: float = 0.8
    price_changes: tuple[tuple[float, float], ...] = ((0.36, 1.06), (0.73, 1.04))
    heavy_share: float = 0.02
    heavy_tail: float = 2.5
    earlier_buyer_share: float = 0.2

    def __post_init__(self) -> None:
        """Refuse values that would make orders or effects negative or infinite."""
        shares = [name for name in self.__dataclass_fields__ if name.endswith("_share")]
        for name in [*shares, "season_amplitude", "promotion_discount", "fatigue"]:
            if not 0 <= (value := getattr(self, name)) < 1:
                raise ParameterError(f"{value:g} is not in [0, 1).", where=name, remedy="Choose a share below 1.")
        if self.heavy_tail <= 1:
            raise ParameterError(f"{self.heavy_tail:g} is not above 1.", where="heavy_tail", remedy="The mean order would be infinite.")
        for name in ("rate_drift", "spend_drift", "promotion_lift", "promotion_every_days", "promotion_days", "pull_forward_days"):
            if not (value := getattr(self, name)) > 0:
                raise ParameterError(f"{value:g} is not above 0.", where=name, remedy="Choose a positive number.")
        if self.promotion_days + self.pull_forward_days >= self.promotion_every_days:
            raise ParameterError(
                f"promotions of {self.promotion_days} days with {self.pull_forward_days} days of pull-forward do not fit "
                f"into {self.promotion_every_days} days.",
                where="promotion_every_days",
                remedy="Leave room between promotions.",
            )
