"""Base classes of the models of repeat purchases: a model is its formulas, and everything else is here.

    FORMULAS = Formulas(terms=("r", "alpha"), times=("alpha",), population=..., probability_alive=..., ...)

    class Nbd(PurchaseModel):                settings: name, formulas, and `fit`
    class FittedNbd(FittedPurchaseModel):    a field for each term

Formulas use the papers' notation in one unit of time; the classes move columns in and out, turn days into
periods, fit by maximum likelihood with exact derivatives, judge, summarise and score. If a customer is alive
at T, his later purchases depend on x and T only, in every model; so the two factors of an expectation are
computed separately, the second once for each pair (x, T) that occurs.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.contracts import Contract, check
from relkit.errors import FitError, ParameterError
from relkit.models.base import FitInfo, HoldoutMetric, ModelFacts, fingerprint
from relkit.models.covariate_declaration import Declaration, check_names
from relkit.models.covariates import Covariate, column_names, matrix, remarks_on, typical
from relkit.models.lifetime_value.alike import Alike
from relkit.models.lifetime_value.covariate_effects import Effects, Regression, fit_effects
from relkit.models.lifetime_value.formulas import Each, Formulas, in_logarithms
from relkit.models.lifetime_value.judging import HOLDOUT_METRIC, judge_purchases
from relkit.models.lifetime_value.older_customers import (
    FLAG,
    OLDER,
    OlderCustomers,
    as_newcomers,
    enough_of_both,
    flag_covariate,
    is_older,
    own_rate,
)
from relkit.models.lifetime_value.purchases import PURCHASES, PurchaseCounts, compressed, distinct, learnable, read_columns
from relkit.models.lifetime_value.purchases_ahead import PurchasesAhead, whole_numbers
from relkit.models.summaries import summary_of
from relkit.models.useless_columns import refuse_useless
from relkit.models.weights import check_weight_column, columns_of, with_weight
from relkit.scalars import check_level, check_scalar
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from relkit.models.lifetime_value.purchases_ahead import Ahead
    from relkit.remarks import Remark

__all__ = ["Each", "FittedPurchaseModel", "Formulas", "PurchaseModel", "in_logarithms"]

Floats = NDArray[np.float64]

# Of the logarithm of a term.
_FARTHEST = 200.0


@dataclass(frozen=True, kw_only=True)
class PurchaseModel(ModelFacts):
    """Settings of a model of repeat purchases.

    Attributes:
        period_days: the unit of time of parameters and log-likelihood, in days; features and horizons stay in days.
        level: of the intervals in the summary.
        purchase_covariates: columns that make customers buy more or less often (see `relkit.models.covariates`).
        lifetime_covariates: columns that make customers leave sooner or later.
        same_effect: covariates of both processes with one coefficient for both.
        purchase_ridge: penalty on the squared coefficients of purchases, subtracted from the mean log-likelihood per customer.
        lifetime_ridge: the same for those of the lifetime; a shared coefficient has both.
        weight_column: column with the number of customers a row stands for; empty if each row is one.
        older_customers: customers older than the data (is_left_censored, if the features have it) have a purchase rate of their own, or
            count as newcomers (see `relkit.models.lifetime_value.older_customers`).
    """

    name: ClassVar[str]
    formulas: ClassVar[Formulas]
    contract: ClassVar[Contract] = PURCHASES
    family: ClassVar[str] = "lifetime_value"
    holdout_metric: ClassVar[HoldoutMetric] = HOLDOUT_METRIC

    period_days: float = 7.0
    level: float = LEVEL
    purchase_covariates: tuple[str, ...] = ()
    lifetime_covariates: tuple[str, ...] = ()
    same_effect: tuple[str, ...] = ()
    purchase_ridge: float = 0.0
    lifetime_ridge: float = 0.0
    weight_column: str = ""
    older_customers: OlderCustomers = "own_rate"

    def __post_init__(self) -> None:
        """Check the ranges of the settings, and that the model has the processes they belong to."""
        check_scalar(self.period_days, "period_days", gt=0, where=self.name)
        check_level(self.level, where=self.name)
        check_scalar(self.purchase_ridge, "purchase_ridge", ge=0, where=self.name)
        check_scalar(self.lifetime_ridge, "lifetime_ridge", ge=0, where=self.name)
        if self.older_customers not in get_args(OlderCustomers):
            raise ParameterError.unknown("treatment", str(self.older_customers), get_args(OlderCustomers), where="older_customers")
        self._check_covariates()

    @classmethod
    def not_taken(cls) -> frozenset[str]:
        """Return the settings that this model does not take: covariates it has no formulas for, or of a lifetime if nobody leaves."""
        if cls.formulas.rows is None:
            return frozenset({"purchase_covariates", "lifetime_covariates", "same_effect"})
        return frozenset() if cls.formulas.lifetime_term else frozenset({"lifetime_covariates", "same_effect"})

    def _check_covariates(self) -> None:
        if self.covariates and self.formulas.rows is None:
            raise ParameterError("this model takes no covariates.", where=self.name, remedy="Fit a group at a time.")
        if self.lifetime_covariates and not self.formulas.lifetime_term:
            raise ParameterError(
                "there are lifetime_covariates, but in this model nobody leaves.",
                where=self.name,
                remedy="Use them as purchase_covariates.",
            )
        taken = (*self.contract.names, self.weight_column)
        for names in (self.purchase_covariates, self.lifetime_covariates, self.same_effect):
            check_names(names, taken, where=self.name)
        both = {*self.purchase_covariates} & {*self.lifetime_covariates}
        if lone := [name for name in self.same_effect if name not in both]:
            raise ParameterError(
                f"same_effect names {lone[0]!r}, which does not act on both processes.",
                where=self.name,
                remedy="Name it in purchase_covariates and lifetime_covariates as well.",
            )
        check_weight_column(self.weight_column, self.contract.names, where=self.name)

    @property
    def covariates(self) -> tuple[str, ...]:
        """Columns of both processes, each once."""
        return tuple(dict.fromkeys((*self.purchase_covariates, *self.lifetime_covariates)))

    @property
    def declaration(self) -> Declaration:
        """Declaration of the covariates."""
        return Declaration(names=self.covariates)

    @property
    def needs(self) -> Contract:
        """Columns that fit reads."""
        more = (*self.declaration.asked, *columns_of(self.weight_column))
        return replace(self.contract, columns=(*self.contract.columns, *more)) if more else self.contract

    def learn(self, features: pl.DataFrame, as_of: date) -> dict[str, Any]:
        """Return the fields of the fitted model except its settings, by maximum likelihood.

        Args:
            features: one row per customer with the columns of `needs`; others are ignored.
            as_of: last day whose facts are in the features.

        Raises:
            TableError: a column is missing, a value impossible, a customer there twice, a category has one level.
            NotEnoughEventsError: too few customers bought again.
            FitError: a covariate is the same for everybody, or follows from others.
            NotConvergedError: no optimum was found.
        """
        frame, weights, known = self._read_to_learn(features)
        counts = PurchaseCounts.of(frame, weights)
        found, unit = self._found(counts, frame, known)
        if np.abs(found.logs).max() > _FARTHEST:
            raise FitError(
                "the terms are those of a customer whose covariates are all 0, and here they are out of floating-point range.",
                where=self.name,
                remedy="Subtract from each covariate a value that customers really have.",
            )
        periods = unit / self.period_days
        read = fingerprint(frame.drop("customer_id"))
        own = {"covariates": known, "coefficients": found.coefficients, "customers": float(counts.customers.sum())}
        info = FitInfo(
            as_of=as_of,
            rows=len(frame),
            log_likelihood=float(found.log_likelihood - counts.customers @ counts.x * np.log(periods)),
            converged=True,
            fingerprint=read,
            remarks=(*remarks_on(frame, known), *self._on_older(features, frame, known, found), *found.remarks),
        )
        own["purchases_fingerprint"] = fingerprint(frame.drop("customer_id", *(each.name for each in known))) if known else read
        return {"info": info, "covariance": found.covariance, **own, **self.formulas.scaled(np.exp(found.logs).tolist(), periods)}

    def _read_to_learn(self, features: pl.DataFrame) -> tuple[pl.DataFrame, Floats | None, tuple[Covariate, ...]]:
        """Return the columns that the fit reads, the weights, and the covariates as learnt."""
        contract = learnable(self.declaration.given(self.needs, features))
        if flagged := self.flags_older(features):
            contract = replace(contract, columns=(*contract.columns, FLAG))
        frame, weights = with_weight(read_columns(features, contract), self.weight_column)
        known = self.declaration.learnt(frame, where=self.name, weights=weights)
        return frame, weights, (*known, flag_covariate(frame[OLDER], weights)) if flagged else known

    def flags_older(self, features: pl.DataFrame) -> bool:
        """Return whether customers older than the data get a rate of their own: there are some, and enough to tell it."""
        return self.older_customers == "own_rate" and OLDER not in self.covariates and enough_of_both(features)

    def _on_older(self, features: pl.DataFrame, frame: pl.DataFrame, known: tuple[Covariate, ...], found: Regression) -> tuple[Remark, ...]:
        """Return the remark on customers older than the data: their rate, or that they count as newcomers."""
        if OLDER in self.covariates:
            return ()
        if OLDER not in frame.columns:
            return as_newcomers(features)
        place = self.effects_of(known).names.index(f"purchase.{OLDER}")
        error = np.sqrt(np.diag(found.covariance))[len(self.formulas.terms) + place]
        return own_rate(is_older(frame[OLDER]), float(found.coefficients[place]), float(error), self.level)

    def _found(self, counts: PurchaseCounts, frame: pl.DataFrame, known: tuple[Covariate, ...]) -> tuple[Regression, float]:
        """Return the maximum of the likelihood, and its unit of time in days."""
        effects, terms = self.effects_of(known), self.formulas.terms
        if effects.names == (f"purchase.{OLDER}",) and not self.purchase_ridge:
            best, unit = self.formulas.fit_counts(counts, where=self.name, coefficients=1, older=is_older(frame[OLDER]))
            k = len(terms)
            return Regression(best.at[:k], best.at[k:], best.covariance, best.value, best.remarks((*terms, *effects.names))), unit
        best, unit = self.formulas.fit_counts(counts, where=self.name, coefficients=len(effects.names))
        if not known:
            return Regression(best.at, np.zeros(0), best.covariance, best.value, best.remarks(terms)), unit
        Z = matrix(frame, known)
        refuse_useless(Z, column_names(known), where=self.name)
        ridge = (self.purchase_ridge, self.lifetime_ridge)
        return fit_effects(self.formulas, *compressed(counts, Z), effects, unit=unit, start=best.at, ridge=ridge), unit

    def effects_of(self, covariates: tuple[Covariate, ...]) -> Effects:
        """Return the assignment of covariate columns to processes."""
        columns = [(known.name, column) for known in covariates for column in known.columns]
        on_purchases = self.purchase_covariates if OLDER in self.covariates else (*self.purchase_covariates, OLDER)
        return Effects.of(columns, on_purchases, self.lifetime_covariates, self.same_effect)

    def judge(self, fitted: FittedPurchaseModel, features: pl.DataFrame, outcomes: pl.DataFrame) -> dict[str, float]:
        """Return errors of the expected purchases on the holdout, as `judge_purchases` does."""
        return judge_purchases(fitted, features, outcomes)


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedPurchaseModel(PurchasesAhead):
    """A fitted model of repeat purchases; its own class adds a field for each term.

    Attributes:
        settings: what was fitted.
        info: facts about the fit.
        covariance: of the coordinates, shape (k, k); NaN for one without a standard error. Under a ridge penalty it is the
            inverse of the penalised information, and intervals are biased like the estimates.
        covariates: as learnt by the fit.
        coefficients: effects of the covariates, shape (m,), in the order of `effects.names`.
        customers: sum of the weights; 0 in models saved before there were any.
        purchases_fingerprint: sha256 of the columns read except covariates: the same for models of the same customers.
    """

    name: ClassVar[str]
    format: ClassVar[int] = 1

    settings: PurchaseModel
    info: FitInfo
    covariance: Floats
    covariates: tuple[Covariate, ...] = ()
    coefficients: Floats = field(default_factory=lambda: np.zeros(0))
    customers: float = 0.0
    purchases_fingerprint: str = ""

    @property
    def formulas(self) -> Formulas:
        """The model on arrays."""
        return self.settings.formulas

    @property
    def effects(self) -> Effects:
        """Assignment of covariate columns to processes."""
        return self.settings.effects_of(self.covariates)

    @property
    def needs(self) -> Contract:
        """Columns that score reads."""
        declared = {known.name: known.declared for known in self.covariates}
        asked_for = self.settings.needs
        read = {column.name: column for column in asked_for.columns if column.name != self.settings.weight_column}
        return replace(asked_for, columns=tuple((read | declared).values()))

    @property
    def parameters(self) -> tuple[float, ...]:
        """Values of the terms, times in periods of `settings.period_days`; for a customer whose covariates are all 0."""
        return tuple(getattr(self, term) for term in self.formulas.terms)

    @property
    def typical(self) -> dict[str, float]:
        """Values of the terms of a typical customer, in periods: numbers at the mean of the fit, categories at the reference."""
        return self.formulas.scaled([float(np.squeeze(value)) for value in self._of_new(None)], 1 / self.settings.period_days)

    @property
    def coordinates(self) -> Floats:
        """Logarithms of the terms, then the coefficients, shape (k,), the coordinates of `covariance`."""
        return np.append(np.log(self.parameters), self.coefficients)

    def moved(self, coordinates: Floats) -> Self:
        """Return the same model at other coordinates, for `uncertainty`."""
        k = len(self.formulas.terms)
        terms = dict(zip(self.formulas.terms, np.exp(coordinates[:k]).tolist(), strict=True))
        return replace(self, coefficients=coordinates[k:], **terms)

    @property
    def deviance(self) -> float:
        """Minus twice the log-likelihood.

        Raises:
            ParameterError: a penalty was in force, with which likelihoods cannot be compared.
        """
        if self.coefficients.size and (self.settings.purchase_ridge or self.settings.lifetime_ridge):
            raise ParameterError(
                "a ridge penalty was in force, so that its likelihood cannot be compared.", where=self.name, remedy="Fit without a penalty."
            )
        assert self.info.log_likelihood is not None
        return -2 * self.info.log_likelihood

    @property
    def aic(self) -> float:
        """Akaike's criterion, 2 k - 2 log-likelihood; errors as in `deviance`."""
        return 2 * len(self.coordinates) + self.deviance

    @property
    def bic(self) -> float:
        """Schwarz's criterion, k log n - 2 log-likelihood, with n the customers (their weights); errors as in `deviance`."""
        return len(self.coordinates) * float(np.log(self.customers or self.info.rows)) + self.deviance

    def summary(self) -> pl.DataFrame:
        """Return term, estimate, std_error, lower, upper.

        Standard errors come from the observed information, by the delta method. Intervals of the terms are computed on the
        logarithm, so that they stay positive; those of coefficients are symmetric.
        """
        errors = np.sqrt(np.diag(self.covariance))
        names, estimates = (*self.formulas.terms, *self.effects.names), np.append(self.parameters, self.coefficients)
        return summary_of(names, estimates, errors, self.settings.level, positive=len(self.formulas.terms))

    def probability_alive(self, features: pl.DataFrame) -> Floats:
        """Return the probability that each customer is still alive, shape (n,), in the order of the rows."""
        return self._alive(self._read(features))

    def probability_alive_later(self, features: pl.DataFrame, days: float) -> Floats:
        """Return the probability that each customer is still alive `days` after the as-of day, shape (n,)."""
        self._check_ahead(days)
        frame, later = self._read(features), self.formulas.alive_later_if_alive
        return self._alive(frame) * self._per_pair(frame, lambda own, x, T: later(*own, x, T, days))

    def purchases_probability(self, features: pl.DataFrame, purchases: Sequence[int] | NDArray[Any], days: float) -> Floats:
        """Return the probability that each customer makes exactly `purchases[i]` purchases in the `days` after the as-of day.

        Args:
            features: the columns of `needs`.
            purchases: number of purchases, one per row, shape (n,).
            days: horizon, in days.

        Returns:
            Shape (n,); its mean logarithm on a holdout is the log-score of the model.
        """
        self._check_ahead(days)
        frame, exactly = self._read(features), self.formulas.purchase_probability_if_alive
        m, alive = whole_numbers(purchases, len(frame), self.name), self._alive(frame)
        if _only_flag(self.covariates) or not self.covariates:
            stays = self._per_group(frame, lambda own, x, _, T, m: _per_triple(x, T, m, lambda *each: exactly(*own, *each, days)), m)
        else:
            rows, which = distinct(self._varied(frame).with_columns(_m=m))
            stays = exactly(*self._own(rows), *_pair(rows), rows["_m"].to_numpy(), days)[which]
        return alive * stays + np.where(m == 0, 1 - alive, 0.0)

    def tells_alive(self, features: pl.DataFrame) -> NDArray[np.bool_]:
        """Return a mask of the customers whose P(alive) is informative, not 1 by construction, shape (n,)."""
        return self.formulas.tells_alive(features["repeat_purchases"].cast(pl.Float64).to_numpy())

    @property
    def nobody_leaves(self) -> bool:
        """True if customers never stop buying in this model."""
        return not self.formulas.tells_alive(np.arange(2.0)).any()

    def _order_probability(self, features: pl.DataFrame, days: float) -> Floats:
        frame, buys = self._read(features), self.formulas.order_probability_if_alive
        return self._alive(frame) * self._per_pair(frame, lambda own, x, T: buys(*own, x, T, days))

    def expected_purchases_new(self, days: float | Sequence[float] | Floats, *, of: pl.DataFrame | None = None) -> Floats:
        """Return the repeat purchases expected of a new customer within `days` of the first purchase.

        Args:
            days: of any shape.
            of: the covariates of some customers, one per row; then the result has one value per row, and `days` is a number or one per row.
                Without it the result is that of a typical customer: numbers at their mean over the customers of the fit,
                categories at their reference. A model without covariates has only one kind of new customer.
        """
        return self.formulas.expected_purchases_new(*self._of_new(of), np.asarray(days, dtype=float))

    def purchase_probability(
        self, purchases: Sequence[int] | NDArray[Any], days: float | Floats, *, of: pl.DataFrame | None = None
    ) -> Floats:
        """Return the probability that a new customer makes each number of repeat purchases within `days`; `of` as above."""
        return self.formulas.purchase_probability(*self._of_new(of), np.asarray(purchases, dtype=float), days)

    def over_pairs(self, features: pl.DataFrame, value: Callable[[Ahead], Floats]) -> tuple[Floats, Floats]:
        """Return P(alive) of each customer, and `value` of the purchases ahead of those alive, both (n,).

        Args:
            features: the columns of `needs`, as of any day.
            value: of a function that returns the purchases expected in a number of days. It is called for customers who
                differ in what matters (x and T), not for all of them, and returns one number for each.
        """
        frame, expected = self._read(features), self.formulas.purchases_if_alive
        return self._alive(frame), self._per_pair(frame, lambda own, x, T: value(lambda days: expected(*own, x, T, days)))

    def alike(self, features: pl.DataFrame) -> Alike:
        """Return the customers in groups who buy alike if alive, for forecasts over many horizons."""
        frame = self._read(features)
        groups, which = distinct(self._varied(frame))
        return Alike(self.formulas, self._own(groups), *_pair(groups), which, self._alive(frame))

    def purchases_if_alive(self, x: Floats, T: Floats, days: float) -> Floats:
        """Return the purchases expected in `days` of customers alive at T (days), shape (n,); of typical ones, if they differ."""
        return self.formulas.purchases_if_alive(*self._of_new(None), x, T, days)

    def _read(self, features: pl.DataFrame) -> pl.DataFrame:
        return read_columns(features, self.needs)

    def _alive(self, frame: pl.DataFrame) -> Floats:
        return self._per_group(frame, lambda own, *letters: self.formulas.probability_alive(*own, *letters))

    def _per_group(self, frame: pl.DataFrame, value: Callable[..., Floats], *more: Floats) -> Floats:
        """Return value(terms, x, t_x, T, ...) of each customer, called once for each group if only newcomers and older ones differ.

        Args:
            frame: the columns of `needs`.
            value: of the terms in days, the three letters and the rows of `more`, shape (n,).
            more: numbers of each customer, shape (n,).
        """
        columns = (*_letters(frame), *more)
        if not _only_flag(self.covariates):
            return value(self._own(frame), *columns)
        flag, found = is_older(frame[OLDER]), np.empty(len(frame))
        for is_old in (False, True):
            if len(rows := np.flatnonzero(flag == is_old)):
                found[rows] = value(self._of_group(older=is_old), *(column[rows] for column in columns))
        return found

    def _of_group(self, *, older: bool) -> tuple[float, ...]:
        """Return the terms, in days, of newcomers or of customers older than the data, of a model without other covariates."""
        return tuple(float(np.squeeze(term)) for term in self._at(np.array([[float(older)]])))

    def _per_pair(self, frame: pl.DataFrame, value: Callable[..., Floats]) -> Floats:
        """Return value(terms, x, T) of each customer, computed once for each x, T and covariates that occur."""
        if not self.covariates or _only_flag(self.covariates):
            return self._per_group(frame, lambda own, x, _, T: _per_pair(x, T, lambda *pair: value(own, *pair)))
        rows, which = distinct(self._varied(frame))
        return value(self._own(rows), *_pair(rows))[which]

    def _varied(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the columns in which customers alive differ to the model."""
        return frame.select("repeat_purchases", "observed_days", *(known.name for known in self.covariates))

    def _own(self, frame: pl.DataFrame) -> tuple[Each, ...]:
        """Return the terms of the customers of a frame, in days; those shifted by covariates as arrays (n,)."""
        return self._at(matrix(frame, self.covariates)) if self.covariates else self._in_days()

    def _of_new(self, of: pl.DataFrame | None) -> tuple[Each, ...]:
        if not self.covariates:
            return self._in_days()
        if of is not None:
            return self._at(
                matrix(check(of, Contract(name=self.name, key=(), columns=self.needs.columns[-len(self.covariates) :])), self.covariates)
            )
        return tuple(float(np.squeeze(value)) for value in self._at(typical(self.covariates)[None]))

    def _at(self, Z: Floats) -> tuple[Each, ...]:
        on_purchases, on_lifetime = self.effects.predictors(Z, self.coefficients)
        formulas = self.formulas
        moves = {formulas.purchase_term: -on_purchases}
        if formulas.lifetime_term:
            moves[formulas.lifetime_term] = formulas.lifetime_sign * on_lifetime
        # A covariate far outside the observed range must not overflow.
        return tuple(
            np.exp(np.clip(np.log(value) + moves[term], -_FARTHEST, _FARTHEST)) if term in moves else value
            for term, value in zip(formulas.terms, self._in_days(), strict=True)
        )

    def _in_days(self) -> tuple[float, ...]:
        return tuple(self.formulas.scaled(self.parameters, self.settings.period_days).values())


def _letters(frame: pl.DataFrame) -> tuple[Floats, Floats, Floats]:
    x, t_x, T = (frame[name].cast(pl.Float64).to_numpy() for name in PURCHASES.names[1:])
    return x, t_x, T


def _pair(frame: pl.DataFrame) -> tuple[Floats, Floats]:
    x, T = (frame[name].cast(pl.Float64).to_numpy() for name in ("repeat_purchases", "observed_days"))
    return x, T


def _only_flag(covariates: tuple[Covariate, ...]) -> bool:
    """Return whether the flag of customers older than the data is the only covariate."""
    return tuple(known.name for known in covariates) == (OLDER,)


def _per_pair(x: Floats, T: Floats, value: Callable[[Floats, Floats], Floats]) -> Floats:
    """Return value(x, T) of each customer: a million have a few thousand pairs, and 2F1 is the cost."""
    width = float(T.max(initial=0)) + 1
    cells = (float(x.max(initial=0)) + 1) * width
    if not len(x) or cells > max(4 * len(x), 1_000_000) or not np.array_equal(T, np.floor(T)):
        return value(x, T)
    key = (x * width + T).astype(np.intp)
    there = np.zeros(int(cells), dtype=bool)
    there[key] = True
    found = np.flatnonzero(there)
    table = np.empty(len(there))
    table[found] = value(*(part.astype(float) for part in np.divmod(found, int(width))))
    return table[key]


def _per_triple(x: Floats, T: Floats, m: Floats, value: Callable[[Floats, Floats, Floats], Floats]) -> Floats:
    """Return value(x, T, m) of each customer, computed once for each triple that occurs."""
    order, first = PurchaseCounts(x=m, t_x=x, T=T, customers=m).sorted()  # type: ignore[arg-type]  # sorted reads no type
    one = order[first]
    which = np.empty(len(x), dtype=np.intp)
    which[order] = np.repeat(np.arange(len(first)), np.diff(np.append(first, len(x))))
    return value(x[one], T[one], m[one])[which]
