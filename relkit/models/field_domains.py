"""Domains of the numbers in saved models: signs, ranges, finiteness, and lengths that must agree.

Settings refuse a value out of range when they are made; fitted parameters come from an optimiser that cannot leave its domain,
so nothing checks them again, until a file says otherwise. What a number may be follows from its name, which has one meaning in
all models (`alpha` is a scale, `at_risk` a count); where a class uses it otherwise, `Class.field` takes precedence. A test
requires a domain for every number of every fitted model, so that a new field is declared here or in words that have one.

    problem("FittedBgNbd", "alpha", -1.0)          'alpha is -1, not above 0'
    lengths_that_differ("Trees", fields)           'roots has 3 values and depths 4'
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Domain:
    """Values that a number may take.

    Attributes:
        low: the least one.
        above: a bound that it must exceed.
        high: the greatest one.
        may_be_nan: whether it may be undefined, as the variance of a parameter at a bound.
        may_be_infinite: whether it may be infinite, as the threshold of a split that all rows pass.
    """

    low: float | None = None
    above: float | None = None
    high: float | None = None
    may_be_nan: bool = False
    may_be_infinite: bool = False

    def fault(self, values: Any) -> str:
        """Return the first reason why some of the values are outside, or "".

        Args:
            values: a number, or an array of any shape.

        Examples:
            >>> Domain(above=0).fault(-1.0), Domain(low=0).fault(np.array([0.0, np.nan])), Domain(low=0, high=1).fault(0.5)
            ('-1, not above 0', 'not a number', '')
        """
        array = np.asarray(values)
        if array.dtype.kind not in "iuf":
            return ""
        if not self.may_be_nan and np.isnan(array).any():
            return "not a number"
        if not self.may_be_infinite and np.isinf(array).any():
            return "infinite"
        return self._beyond(array[~np.isnan(array)])

    def _beyond(self, array: NDArray[Any]) -> str:
        if not array.size:
            return ""
        least, most = array.min(), array.max()
        if self.above is not None and least <= self.above:
            return f"{least:g}, not above {self.above:g}"
        if self.low is not None and least < self.low:
            return f"{least:g}, below {self.low:g}"
        return f"{most:g}, above {self.high:g}" if self.high is not None and most > self.high else ""


_MOST = 1e24
"""No estimate is larger: beyond it lie numbers of which sums and products overflow."""
FINITE = Domain(low=-_MOST, high=_MOST)
POSITIVE = Domain(above=0.0, high=_MOST)
COUNT = Domain(low=0.0, high=_MOST)
SHARE = Domain(low=0.0, high=1.0)
MAYBE = Domain(may_be_nan=True, may_be_infinite=True)
_LONG = Domain(low=0.0, high=1e6)
"""Ages and periods in days: no customer is observed for 2,700 years."""

_YEARLY = Domain(low=-1.0, high=1.0)
"""Logarithms of growth in a year: prices that triple are a currency that ends."""

_Shapes = dict[str, tuple[str, ...]]
_BY_NAME: dict[Domain, str] = {
    POSITIVE: "alpha beta a b r s gamma delta c k p q v mean_order_value purchases_per_opportunity calendar base_means event_effects",
    COUNT: (
        "rows customers customers_learnt_from ended stayed ends tail_hazard strata_tails depths first_trees units treated firsts "
        "baskets empty largest least monsters nameless one_item products repeated rules set_aside significant tried order takers "
        "open_rows buyers penalty spread scales unrest weights squares count left right roots feature group state "
        "forecast came floor_rate outcome trees effect size std_error losses brier"
    ),
    SHARE: (
        "certainty hazard_by_level concordance share share_of_last base_rate highest converged is_flag has_gaps may_be_empty predicted "
        "observed left_share pool_weights"
    ),
    _YEARLY: "yearly_rate",
    _LONG: "days window_days horizons horizons_days effective_days last_days last_age usual_gap_days breaks ages",
    FINITE: (
        "coefficients means mean location shape intercepts intercept latency latency_means leaving log_rho log_rates knots "
        "coordinates purchase_effects lifetime_effects low high centre centres base factor slope slopes raw_slope shift once level "
        "value profile log_likelihood null_log_likelihood static_log_likelihood log_score cumulative near_items states seed "
        "propensity_line strengths gain near_values dr_losses log_corrections size_coefficients powers bases"
    ),
    MAYBE: "forecast_money came_money covariance model_covariance cumulative_covariance correlation",
}
_SPECIAL: dict[str, Domain] = {
    "Trees.threshold": Domain(may_be_infinite=True),
    "TransitionSums.rows": COUNT,
    "TransitionSums.states": Domain(low=-1.0),
    "FittedNextProduct.near_items": Domain(low=-1.0),
    "FittedPropensity.spread": COUNT,
    "TransitionSums.squares": Domain(low=0.0),
}
DOMAINS: dict[str, Domain] = {name: domain for domain, names in _BY_NAME.items() for name in names.split()} | _SPECIAL
"""The domain of a number, by the name of its field, or by class and field where a class uses the name otherwise."""

_COLUMNS = {
    "days": COUNT,
    "at_risk": COUNT,
    "ended": COUNT,
    "censored": COUNT,
    "cumulative_hazard": COUNT,
    "tail_hazard": COUNT,
    "customers": COUNT,
    "count": COUNT,
    "count_a": COUNT,
    "count_b": COUNT,
    "antecedent_count": COUNT,
    "consequent_count": COUNT,
    "baskets": COUNT,
    "support": SHARE,
    "journeys": COUNT,
    "conversion_probability": SHARE,
}
"""The domains of columns of saved frames; an empty value is allowed."""

_GROUP = ("segment", "period")
_BASELINE = ("days", "at_risk", "ended", "cumulative_hazard")
_EFFECTS = (*_GROUP, "channel", "removal_effect", "std_error", "lower", "upper")
FRAMES: dict[str, tuple[str, ...]] = {
    "baseline": _BASELINE,
    "counts": ("days", "at_risk", "ended", "censored"),
    "credits": (*_GROUP, "channel", "conversions", "lower", "upper", "value", "value_lower", "value_upper", "share"),
    "uncalibrated": (*_GROUP, "channel", "conversions", "lower", "upper", "value", "value_lower", "value_upper", "share"),
    "totals": (*_GROUP, "journeys", "conversions", "value", "unattributed", "unattributed_value", "nulls", "null_value"),
    "FittedIncremental.effects": ("channel", "is_earlier", "until_days", "effect", "std_error", "is_marker"),
    "FittedIncremental.factors": ("channel", "factor", "factor_lower", "factor_upper", "source"),
    "FittedIncremental.backward": ("channel", "conversions"),
    "FittedKaplanMeier.strata": ("rows", "ended", "tail_hazard"),
    "FittedMarkovRemoval.effects": _EFFECTS,
    "FittedMarkovRemoval.sequences": _EFFECTS,
    "FittedMarkovRemoval.chains": (*_GROUP, "journeys", "conversion_probability", "value_per_journey", "states"),
    "FittedNextProduct.products": ("product_id", "customers", "popularity", "recent", "interval_days", "again", "first"),
    "FittedNextProduct.sequences": ("first_product", "then_product", "count", "first_count", "confidence"),
    "FittedPooled.origins": ("horizon_days", "origin", "window_days", "is_year", "customers", "forecast", "came"),
    "FittedRules.rules": ("antecedent", "consequent", "count", "baskets", "support", "confidence", "lift", "p_value"),
    "FittedRules.pairs": ("product_a", "product_b", "count", "count_a", "count_b", "baskets"),
    "FittedRules.itemsets": ("items", "size", "count", "baskets", "support"),
    "TransitionSums.groups": _GROUP,
}
"""The columns that a saved frame has at least."""

_HAZARDS: _Shapes = {"firsts": ("l",), "stayed": ("l",), "ended": ("l",)}
_COX: _Shapes = {"coefficients": ("p",), "covariance": ("p", "p"), "means": ("p",), "scales": ("p",)}
_AFT: _Shapes = {"means": ("p",), "location": ("1+p",), "shape_effects": ("e",)}
_SCALED: _Shapes = {"low": ("n",), "high": ("n",), "centre": ("c",), "spread": ("c",)}
_SQUARE: _Shapes = {"covariance": ("d", "d")}
SHAPES: dict[str, _Shapes] = {
    "Trees": {
        "roots": ("t",),
        "depths": ("t",),
        **dict.fromkeys(("feature", "threshold", "left", "right", "value", "gain"), ("n",)),
        "left_share": ("n?",),
    },
    "Line": {"covariance": ("2?", "2?")},
    "Reliability": dict.fromkeys(("predicted", "observed", "std_error", "size"), ("g",)),
    "PastForecasts": dict.fromkeys(("horizons", "origins", "forecast", "came", "forecast_money", "came_money"), ("k",)),
    "Knots": {
        **dict.fromkeys(("horizons_days", "effective_days", "log_corrections", "calendar", "pool_weights", "base_means"), ("k",)),
        "coefficients": ("k", "5"),
        "size_coefficients": ("k", "2"),
    },
    "BoostedOrders": {**dict.fromkeys(("powers", "window_days", "bases"), ("k",)), "first_trees": ("1+k",)},
    "Head": {"terms": ("t",), "coefficients": ("1+t",), "covariance": ("1+t", "1+t")},
    "ActionEffects": {"learners": ("l",), "weights": ("l",), "centres": ("l",)},
    "TransitionSums": {
        "states": ("s", "k"),
        **dict.fromkeys(("group", "state", "outcome", "count"), ("n",)),
        **dict.fromkeys(("value", "squares", "rows"), ("g", "s")),
    },
    "FittedNextProduct": {"near_items": ("n", "m"), "near_values": ("n", "m")},
    "FittedPropensity": _SCALED,
    "FittedBoostedHazard": {**_HAZARDS, "hazard_by_level": ("l",)},
    "FittedDiscreteHazard": {
        **_HAZARDS,
        "intercepts": ("l",),
        "coefficients": ("p",),
        "means": ("p",),
        "covariance": ("l+p", "l+p"),
    },
    "FittedDiscreteCompetingRisks": {
        "causes": ("c",),
        "firsts": ("l",),
        "stayed": ("l",),
        "means": ("p",),
        "ended": ("c", "l"),
        "intercepts": ("c", "l"),
        "coefficients": ("c", "p"),
        "covariance": ("d", "d"),
    },
    "FittedCox": _COX,
    "FittedCoxTimeVarying": _COX,
    "FittedFineGray": {**_COX, "model_covariance": ("p", "p")},
    "FittedCauseSpecificCox": {"causes": ("c",), "by_cause": ("c",), "ends": ("c",)},
    "FittedWeibullAft": {**_AFT, **_SQUARE},
    "FittedLogNormalAft": {**_AFT, **_SQUARE},
    "FittedLogLogisticAft": {**_AFT, **_SQUARE},
    "FittedMixtureCure": {"means": ("p",), "leaving": ("1+p",), **_SQUARE},
    "FittedPiecewiseExponential": {"breaks": ("b",), "log_rates": ("1+b",), "coefficients": ("p",), "means": ("p",), **_SQUARE},
    "FittedLifelines": {"coordinates": ("d",), **_SQUARE},
    **dict.fromkeys(
        (f"Fitted{learner}" for learner in ("DrLearner", "Forest", "Hurdle", "RLearner", "SLearner", "Stacked", "TLearner")), _SCALED
    ),
    **dict.fromkeys(("FittedTransformedOutcome", "FittedXLearner"), _SCALED),
    **dict.fromkeys(
        (
            *("FittedBgNbd", "FittedMbgNbd", "FittedMbgCnbdK", "FittedParetoNbd", "FittedNbd", "FittedBgBb", "FittedGammaGamma"),
            *("FittedShiftedBetaGeometric", "FittedBetaDiscreteWeibull", "FittedTimeVaryingParetoNbd", "FittedMarkovRemoval"),
        ),
        _SQUARE,
    ),
}
"""The shape of each array, and the length of each tuple, in letters that stand for one number within a record; ? is for "or none"."""


def domain_of(record: str, name: str) -> Domain | None:
    """Return the domain of a number by the class and name of its field; None if none is declared.

    Examples:
        >>> domain_of("FittedBgNbd", "alpha") == POSITIVE
        True
    """
    return DOMAINS.get(f"{record}.{name}", DOMAINS.get(name))


def problem(record: str, name: str, value: Any) -> str:
    """Return the reason for which a field of a fitted model does not have this value, or "".

    Args:
        record: name of the class.
        name: of the field.
        value: number, array, frame, or a tuple or dict of numbers; anything else has no domain.

    Examples:
        >>> problem("FittedBgNbd", "alpha", -1.0), problem("FittedCox", "means", np.array([np.inf]))
        ('alpha is -1, not above 0', 'means is infinite')
    """
    if isinstance(value, pl.DataFrame):
        return _problem_of_frame(record, name, value)
    if isinstance(value, Mapping | tuple):
        members = value.values() if isinstance(value, Mapping) else value
        return next((found for member in members if (found := problem(record, name, member))), "")
    if not isinstance(value, int | float | np.ndarray):
        return ""
    domain = domain_of(record, name) or (FINITE if isinstance(value, float) else None)
    fault = domain.fault(value) if domain else ""
    return f"{name} is {fault}" if fault else ""


def lengths_that_differ(record: str, values: Mapping[str, Any]) -> str:
    """Return the first field whose shape does not agree with that of the others, or "".

    Args:
        record: name of the class.
        values: its fields by name.

    Examples:
        >>> lengths_that_differ("Head", {"terms": ("a", "b"), "coefficients": np.zeros(2), "covariance": np.zeros((3, 3))})
        'coefficients has the shape (2), expected (1+t), where t is 2'
    """
    known: dict[str, int] = {}
    shapes = {name: (shape, _shape_of(values[name])) for name, shape in SHAPES.get(record, {}).items() if values.get(name) is not None}
    for only_letters in (True, False):
        for name, (expected, given) in shapes.items():
            fits = len(expected) == len(given) and all(
                _length(letters, size, known) for letters, size in zip(expected, given, strict=True) if letters.isalpha() is only_letters
            )
            if not fits:
                stated = ", ".join(f"{letter} is {size}" for letter, size in known.items() if any(letter in part for part in expected))
                spoken = f"({', '.join(expected)})" + (f", where {stated}" if stated else "")
                return f"{name} has the shape ({', '.join(map(str, given))}), expected {spoken}"
    return ""


def _shape_of(value: Any) -> tuple[int, ...]:
    return value.shape if isinstance(value, np.ndarray) else (len(value),)


def _length(letters: str, size: int, known: dict[str, int]) -> bool:
    """Return whether a length is the one its letters stand for; a letter that is met for the first time stands for it."""
    if letters.isalpha():
        return known.setdefault(letters, size) == size
    if letters.endswith("?"):
        return size == 0 or _length(letters.removesuffix("?"), size, known)
    parts = letters.split("+")
    if any(not part.isdigit() and part not in known for part in parts):
        return True
    return size == sum(int(part) if part.isdigit() else known[part] for part in parts)


def _problem_of_frame(record: str, name: str, frame: pl.DataFrame) -> str:
    wanted = FRAMES.get(f"{record}.{name}", FRAMES.get(name, ()) if record.startswith("Fitted") else ())
    if absent := [column for column in wanted if column not in frame.columns]:
        return f"{name} has no column {', '.join(absent)}"
    for column in set(_COLUMNS) & set(wanted):
        if not frame[column].dtype.is_numeric():
            return f"{name}.{column} contains {frame[column].dtype}, expected numbers"
        if fault := _COLUMNS[column].fault(frame[column].drop_nulls().to_numpy()):
            return f"{name}.{column} is {fault}"
    return ""
