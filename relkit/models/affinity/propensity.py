"""Propensity: the probability that a customer takes a product within a horizon, one model for each product.

The rows are customers as of a day, with their features then, the products they held, and those they took within the horizon
(`relkit.models.affinity.takers`). Customers who hold a product are neither learnt from nor scored for it. For each product the simplest
forecast is taken that is as good as the best on rows it had not seen (`relkit.models.affinity.candidates`): the share of takers alone, a
logistic regression with splines and a ridge penalty, or gradient boosting. Its log-odds are calibrated on those same forecasts, and
corrected for a thinning of those who did not take, so that the probabilities are those of the population
(`relkit.models.affinity.log_odds_calibration`).

Before anything is fitted, each feature is judged by itself: one that stands far above all others was most likely not known before the
outcome (`relkit.models.affinity.leaks`), and the fit is refused until it is left out or accepted by name. A feature that is declared to be
known only later is refused at once.

    fitted = Propensity(horizon_days=90).fit(rows, as_of=day)
    fitted.score(rows)                                         customer_id, propensity_loan_90d, ...
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.cards import FittedCard
from relkit.contracts import Contract, check
from relkit.errors import FitError, NotEnoughEventsError, ParameterError
from relkit.models.affinity.candidates import CANDIDATES, METHODS, Candidate, FittedCandidate, Rows01, chosen, fit_candidate, is_ordered
from relkit.models.affinity.customer_design import CustomerDesign, set_aside_remark, usable
from relkit.models.affinity.family import CONTRACTS_TAKEN, PROPENSITIES, PROPENSITY
from relkit.models.affinity.leaks import suspects
from relkit.models.affinity.log_odds_calibration import LogOddsCalibration
from relkit.models.affinity.moments import of_the_moment
from relkit.models.affinity.propensity_judging import judge_takers
from relkit.models.affinity.takers import CUSTOMER, HELD, Drawn, TakerRows, contains, draw, needs_of, plain
from relkit.models.base import FitInfo, HoldoutMetric, ModelFacts, fingerprint
from relkit.models.boosted_trees import Trees  # noqa: TC001 storage reads the types of the fields
from relkit.models.covariates import Covariate, added_up
from relkit.models.weights import check_weight_column
from relkit.remarks import Remark, french
from relkit.scalars import check_scalar
from relkit.score_kinds import Score, column_parts
from relkit.texts import Text
from relkit.units import HORIZON_DAYS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

Floats = NDArray[np.float64]

SCORED_AT_ONCE = 100_000
"""Rows whose columns are in memory at a time."""
MEASURED_ROWS = 5_000
"""Most rows of a fit on which the strength of its features is measured."""
SUMMED_UP, LEAST_STRENGTH = 8, 0.005
"""Features of a product in the summary, and the strength below which a feature moves nothing."""


@dataclass(frozen=True, kw_only=True)
class Propensity(ModelFacts):
    """Settings of the propensities of products.

    Attributes:
        horizon_days: within which a product is taken.
        products: the products; by default those most often taken, at most `most_products`.
        features: columns to learn from; by default all that can be used.
        known_later: features known only after the outcome, as the mapping declares: never used, and refused if named.
        accept: features that may be used although they look as if they were known only after the outcome.
        method: how takers are forecast; by default the simplest candidate that is as good as the best.
        fewest_takers: with fewer, a product is not fitted.
        most_products: that are fitted without being named.
        most_rows: customers drawn to learn from if there are more; the draw is corrected for, and no taker is left out below it.
        sampling_share_of_non_takers: to which those who did not take had been thinned before; 1 if all are there.
        weight_column: column with the number of customers that a row stands for; empty if each is one.
        seed: of all draws.
    """

    name: ClassVar[str] = "affinity.propensity"
    family: ClassVar[str] = "affinity"
    holdout_metric: ClassVar[HoldoutMetric] = HoldoutMetric(name="log_loss", direction="lower")
    label = Text("propensity by product", "appétence par produit")
    purpose = Text(
        "Propensity: the probability that a customer takes each product within a horizon.",
        "Appétence : la probabilité qu’un client prenne chaque produit d’ici un horizon donné.",
    )
    role, reads = PROPENSITIES, CONTRACTS_TAKEN
    figures = ("propensity_reliability", "propensity_gain", "propensity_importance")
    check_settings: ClassVar[Mapping[str, Any]] = {"horizon_days": 60, "features": ("age", "plan"), "method": "logistic"}

    horizon_days: int = HORIZON_DAYS
    products: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    known_later: tuple[str, ...] = ()
    accept: tuple[str, ...] = ()
    method: Literal["choose", "share", "logistic", "boosting"] = "choose"
    fewest_takers: int = 30
    most_products: int = 30
    most_rows: int = 30_000
    sampling_share_of_non_takers: float = 1.0
    weight_column: str = ""
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the settings.

        Raises:
            ParameterError: a number out of range, an unknown method, a feature named that is known only later.
        """
        for name, low in {"horizon_days": 1, "fewest_takers": 10, "most_products": 1, "most_rows": 1000, "seed": 0}.items():
            check_scalar(getattr(self, name), name, ge=low, where=self.name)
        check_scalar(self.sampling_share_of_non_takers, "sampling_share_of_non_takers", gt=0, le=1, where=self.name)
        check_weight_column(self.weight_column, self.features, where=self.name)
        if self.method not in ("choose", *METHODS):
            raise ParameterError.unknown("method", self.method, ("choose", *METHODS), where=self.name)
        if late := [name for name in self.features if name in self.known_later]:
            raise ParameterError(
                f"{', '.join(late)} is known only after the outcome, so no score could rest on it.",
                where="features",
                remedy=f"Leave {'it' if len(late) == 1 else 'them'} out.",
            )

    @property
    def needs(self) -> Contract:
        """Columns that `fit` reads: those of the rows, and the features if they are named."""
        return needs_of(self.features, self.weight_column, where=self.name)

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """The ways to forecast that are compared, from the simplest on."""
        return tuple(each for each in CANDIDATES if self.method in ("choose", each.method))

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedPropensity:
        """Return the fitted model.

        Args:
            features: one row per customer (and moment): `taken`, then customer_id, held and sequence if they are known, and features.
            as_of: last day whose facts were used.

        Raises:
            TableError: a column is missing or invalid.
            NotEnoughEventsError: no product has enough takers.
            FitError: a feature looks as if it were known only after the outcome.
        """
        rows = TakerRows.read(
            features, features=self.features, left_out=self.known_later, weight_column=self.weight_column, where=self.name
        )
        drawn, few = self._learnable(rows)
        some = np.unique(np.concatenate([each.which for each in drawn.values()]))
        frame, aside = self._usable(rows.only(some))
        at = {product: np.searchsorted(some, each.which) for product, each in drawn.items()}
        self._refuse_leaks(rows.only(some), frame, {product: (at[product], drawn[product].took) for product in drawn})
        design = CustomerDesign.of(frame, where=self.name)
        curved, flat = design.curved(frame), design.flat(frame)
        subjects = column_parts(tuple(drawn))
        models = tuple(
            self._one(product, subjects[product], each, rows, curved[at[product]], flat[at[product]]).with_strengths(
                curved[at[product]], flat[at[product]], design.covariates
            )
            for product, each in drawn.items()
        )
        return FittedPropensity(
            settings=self,
            info=FitInfo(
                as_of=as_of,
                rows=len(rows),
                log_likelihood=None,
                converged=True,
                seed=self.seed,
                fingerprint=fingerprint(rows.own.hstack(rows.features)),
                remarks=tuple(_remarks(self, rows, drawn, few, aside)),
            ),
            effects=design.covariates,
            low=design.low,
            high=design.high,
            centre=design.centre,
            spread=design.spread,
            models=models,
        )

    def judge(self, fitted: FittedPropensity, features: pl.DataFrame, outcomes: pl.DataFrame) -> dict[str, float]:
        """Return the metrics of each product and their means (see `judge_takers`)."""
        return judge_takers(fitted, features, outcomes, share=self.sampling_share_of_non_takers)

    def _learnable(self, rows: TakerRows) -> tuple[dict[str, Drawn], dict[str, int]]:
        """Return the rows of each product with enough takers, and the number of takers of the others.

        Raises:
            NotEnoughEventsError: there is none.
        """
        counted = rows.counted()
        wanted = self.products or tuple(counted)
        drawn = draw(rows, wanted[: None if self.products else 2 * self.most_products], most_rows=self.most_rows, seed=self.seed)
        enough = {product: each for product, each in drawn.items() if self.fewest_takers <= each.takers < each.open_rows}
        few = {product: drawn[product].takers if product in drawn else counted[product] for product in wanted if product not in enough}
        if not enough:
            most = max(few.items(), key=lambda pair: pair[1], default=("", 0))
            best = f"the most often taken, {most[0]}, was by {most[1]:,}" if most[1] else "nobody took any"
            raise NotEnoughEventsError(
                f"no product was taken by {self.fewest_takers} customers who did not have it: {best} of {len(rows):,}.",
                where=self.name,
                remedy="Give a longer horizon_days, or fewer fewest_takers.",
            )
        kept = sorted(enough, key=lambda product: (-enough[product].takers, product))
        return {product: enough[product] for product in kept[: None if self.products else self.most_products]}, few

    def _usable(self, rows: TakerRows) -> tuple[pl.DataFrame, dict[str, str]]:
        """Return the features that can be used, and why the others were set aside; those of the moment only if they were named."""
        frame, aside = usable(rows.features)
        if self.features or rows.sequence is None or not is_ordered(rows.sequence):
            return frame, aside
        momentary = of_the_moment(frame, rows.sequence, seed=self.seed)
        return frame.drop(momentary), {**aside, **momentary}

    def _refuse_leaks(self, rows: TakerRows, frame: pl.DataFrame, outcomes: Mapping[str, tuple[Any, Any]]) -> None:
        """Refuse features that stand far above all others for some product.

        Raises:
            FitError: there is one that was not accepted.
        """
        told: dict[str, str] = {}
        for product, (which, took) in outcomes.items():
            sequence = None if rows.sequence is None else rows.sequence[which]
            for found in suspects(frame[which], took, sequence):
                if found.feature not in self.accept:
                    told.setdefault(found.feature, f"For {product}, {found.sentence}")
        if told:
            names = ", ".join(told)
            raise FitError(
                f"{names} looks as if it were known only after the outcome. {' '.join(told.values())}",
                where=self.name,
                remedy=f"Declare known_at: later in the mapping or, if known before, give --settings.accept {names.replace(' ', '')}.",
            )

    def _one(self, product: str, subject: str, drawn: Drawn, rows: TakerRows, curved: Floats, flat: Floats) -> TakerModel:
        """Return the model of a product."""
        own = rows.only(drawn.which)
        sequence = np.zeros(len(own), np.int64) if own.sequence is None else own.sequence
        prepared = Rows01(curved=curved, flat=flat, took=drawn.took, weight=own.weight, sequence=sequence, seed=self.seed)
        choice = chosen(prepared, self.candidates)
        seen = np.flatnonzero(np.isfinite(choice.forecast))
        fitted = fit_candidate(choice.candidate, prepared)
        share = drawn.share * self.sampling_share_of_non_takers
        calibration = LogOddsCalibration.learnt(choice.forecast[seen], drawn.took[seen], own.weight[seen], share=share)
        if len(latest := choice.latest):  # a fit to all rows has their mean level, which is not that of today
            now = fitted.log_odds(curved[latest], flat[latest])
            calibration = calibration.at_level(now, drawn.took[latest], own.weight[latest])
        return TakerModel(
            product=product,
            subject=subject,
            takers=drawn.takers,
            open_rows=drawn.open_rows,
            base_rate=drawn.base_rate,
            method=choice.candidate.method,
            penalty=choice.candidate.penalty,
            coefficients=fitted.coefficients,
            trees=fitted.trees,
            calibration=calibration,
            losses=choice.losses,
            strengths=np.zeros(0),
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class TakerModel:
    """The model of one product.

    Attributes:
        product: its id.
        subject: the same as part of the name of a column.
        takers: customers who took it.
        open_rows: rows that did not hold it.
        base_rate: share of takers among these.
        method: the candidate taken.
        penalty: of a logistic regression.
        coefficients: intercept and coefficients of a logistic regression; of the share the intercept.
        trees: of a boosting.
        calibration: from log-odds to the probability in the population.
        losses: mean log loss of each candidate on rows that it was not fitted to.
        strengths: standard deviation of what each feature adds to the log-odds, negative if more of a number goes with less, shape (c,).
    """

    product: str
    subject: str
    takers: int
    open_rows: int
    base_rate: float
    method: Literal["share", "logistic", "boosting"]
    penalty: float
    coefficients: Floats
    trees: Trees | None
    calibration: LogOddsCalibration
    losses: dict[str, float]
    strengths: Floats

    def probability(self, curved: Floats, flat: Floats) -> Floats:
        """Return the probability of rows, shape (n,)."""
        return self.calibration.probability(FittedCandidate(self.coefficients, self.trees).log_odds(curved, flat))

    def parts(self, curved: Floats, flat: Floats, covariates: Sequence[Covariate]) -> Floats:
        """Return the addition of each feature to the log-odds of rows, relative to the mean row of the fit, shape (n, features)."""
        if self.trees is not None:
            plain = tuple(replace(each, knots=()) for each in covariates)
            return self.calibration.slope * added_up(plain, self.trees.parts(flat))[1]
        if len(self.coefficients) < 2:
            return np.zeros((len(curved), len(covariates)))
        return self.calibration.slope * added_up(covariates, curved * self.coefficients[1:])[1]

    def with_strengths(self, curved: Floats, flat: Floats, covariates: Sequence[Covariate]) -> TakerModel:
        """Return the model with the strength of each feature, measured on some of the rows of its fit."""
        step = -(-len(curved) // MEASURED_ROWS)
        curved, flat = curved[::step], flat[::step]
        parts = self.parts(curved, flat, covariates)
        firsts = np.cumsum([0, *(len(each.columns) - max(len(each.knots) - 2, 0) for each in covariates)])[:-1]
        signs = [
            1.0 if each.levels else _sign(flat[:, first], parts[:, k])
            for k, (each, first) in enumerate(zip(covariates, firsts, strict=True))
        ]
        return replace(self, strengths=parts.std(axis=0) * np.array(signs))


@dataclass(frozen=True, eq=False, kw_only=True)
class FittedPropensity(FittedCard):
    """Fitted propensities.

    Attributes:
        settings: as fitted.
        info: facts of the fit.
        effects: the features as learnt.
        low, high: smallest and largest value learnt from, by feature, shape (c,).
        centre, spread: of the columns of the regressions, shape (d,).
        models: one for each product, the most often taken first.
    """

    name: ClassVar[str] = "affinity.propensity"
    format: ClassVar[int] = 1

    settings: Propensity
    info: FitInfo
    effects: tuple[Covariate, ...]
    low: Floats
    high: Floats
    centre: Floats
    spread: Floats
    models: tuple[TakerModel, ...]

    @property
    def needs(self) -> Contract:
        """Columns that `score` reads."""
        return Contract(name=self.name, key=(CUSTOMER.name,), columns=(CUSTOMER, HELD, *(each.declared for each in self.effects)))

    @property
    def design(self) -> CustomerDesign:
        """The columns of the features."""
        return CustomerDesign(covariates=self.effects, low=self.low, high=self.high, centre=self.centre, spread=self.spread)

    @property
    def products(self) -> tuple[str, ...]:
        """Ids of the products."""
        return tuple(model.product for model in self.models)

    @property
    def reads_with(self) -> dict[str, Any]:
        """The settings with which the rows to score are read."""
        return {"horizon_days": self.settings.horizon_days, "products": self.products}

    @property
    def scores(self) -> tuple[Score, ...]:
        """The scores it gives, whatever horizon is asked for: it knows its own."""
        return tuple(PROPENSITY.at(self.settings.horizon_days, subject=model.subject, subject_id=model.product) for model in self.models)

    def score(self, features: pl.DataFrame, *, horizon_days: int | None = None) -> pl.DataFrame:  # noqa: ARG002 it knows its own
        """Return customer_id (if given), then propensity_<product>_<h>d of each product; null for those who hold it.

        The horizon is the one that was learnt, whatever `horizon_days`: probabilities for another would rest on an assumption.
        """
        frame = check(plain(features, features.columns), self.needs)
        found = self.probabilities(frame)
        held = frame["held"] if "held" in frame.columns else None
        columns = [] if CUSTOMER.name not in frame.columns else [frame[CUSTOMER.name]]
        for score, model in zip(self.scores, self.models, strict=True):
            values = pl.Series(str(score), found[model.product])
            columns.append(values if held is None else values.set(pl.Series(contains(held, model.product)), None))
        return pl.DataFrame(columns)

    def probabilities(self, frame: pl.DataFrame) -> dict[str, Floats]:
        """Return the probability of each product, shape (n,), of holders too."""
        found = {model.product: np.empty(len(frame)) for model in self.models}
        for start in range(0, len(frame), SCORED_AT_ONCE):
            rows = frame[start : start + SCORED_AT_ONCE]
            curved, flat = self._columns(rows)
            for model in self.models:
                found[model.product][start : start + len(rows)] = model.probability(curved, flat)
        return found

    def at_level_of(self, rows: pl.DataFrame) -> FittedPropensity:
        """Return the model with the level of each product moved to that of rows whose outcome is known; the order of scores stays.

        Levels drift sooner than what distinguishes customers: with the outcomes of last month, the probabilities of this month are
        right on average again, without a new fit.

        Args:
            rows: as `fit` takes them; a product that nobody in them could take keeps its level.

        Raises:
            TableError: a column is missing or invalid.
        """
        known = rows.filter(pl.col("taken").is_not_null())
        scored, share = self.score(known), self.settings.sampling_share_of_non_takers
        moved = []
        for score, model in zip(self.scores, self.models, strict=True):
            probability = scored[str(score)]
            took = contains(known["taken"], model.product)[probability.is_not_null().to_numpy()]
            moved.append(replace(model, calibration=model.calibration.at_level_of(probability.drop_nulls().to_numpy(), took, share)))
        return replace(self, models=tuple(moved))

    def summary(self) -> pl.DataFrame:
        """Return term, estimate, std_error, lower, upper: of each product the share of takers, then its eight strongest features.

        The strength of a feature is the standard deviation of what it adds to the log-odds, negative if more of a number goes with less
        of the product. A penalty pulls it towards 0, so that there are no standard errors.
        """
        terms = {f"{model.subject}: share of takers": model.base_rate for model in self.models}
        for model in self.models:
            terms |= {f"{model.subject}: {name}": value for name, value in list(self.strengths(model).items())[:SUMMED_UP]}
        found = pl.DataFrame({"term": list(terms), "estimate": list(terms.values())}, schema={"term": pl.String, "estimate": pl.Float64})
        return found.with_columns(pl.lit(None, pl.Float64).alias(name) for name in ("std_error", "lower", "upper"))

    def strengths(self, model: TakerModel) -> dict[str, float]:
        """Return the strength of each feature that moves a product, the strongest first."""
        found = dict(zip((each.name for each in self.effects), model.strengths.tolist(), strict=True))
        return {
            name: found[name] for name in sorted(found, key=lambda name: (-abs(found[name]), name)) if abs(found[name]) >= LEAST_STRENGTH
        }

    def _columns(self, rows: pl.DataFrame) -> tuple[Floats, Floats]:
        """Return the columns that some product's model reads; the others are not made."""
        methods = {model.method for model in self.models}
        nothing = np.zeros((len(rows), 0))
        return (
            self.design.curved(rows) if "logistic" in methods else nothing,
            self.design.flat(rows) if "boosting" in methods else nothing,
        )


def _remarks(
    settings: Propensity, rows: TakerRows, drawn: Mapping[str, Drawn], few: Mapping[str, int], aside: Mapping[str, str]
) -> Iterator[Remark]:
    if few:
        yield Remark(
            "too_few_takers",
            f"Not fitted, for fewer than {settings.fewest_takers} takers: {_listed(few)}.",
            f"Sans modèle, faute de {settings.fewest_takers} preneurs au moins : {_listed(few, fr=True)}.",
        )
    if aside:
        yield set_aside_remark(aside)
    if any(each.share < 1 for each in drawn.values()):
        kept = len(np.unique(np.concatenate([each.which for each in drawn.values()])))
        yield Remark(
            "drawn_to_learn",
            f"Of {len(rows):,} customers {kept:,} were drawn to learn from, all takers among them; the probabilities are those of all.",
            f"Le modèle a appris sur {french(kept)} clients tirés au sort parmi {french(len(rows))}, dont tous les preneurs ; "
            "les probabilités sont celles de l’ensemble.",
        )


def _listed(few: Mapping[str, int], *, most: int = 10, fr: bool = False) -> str:
    shown = [f"{product} ({french(takers) if fr else f'{takers:,}'})" for product, takers in list(few.items())[:most]]
    more = len(few) - len(shown)
    rest = (f" et {french(more)} autres" if fr else f" and {more:,} others") if more > 0 else ""
    return f"{', '.join(shown)}{rest}"


def _sign(values: Floats, parts: Floats) -> float:
    """Return -1 if larger values go with smaller parts, else 1."""
    return -1.0 if float((values - values.mean()) @ parts) < 0 else 1.0
