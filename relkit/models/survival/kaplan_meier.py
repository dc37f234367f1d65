"""Kaplan-Meier estimate of contract lifetime, without assumptions about its shape.

S(t) is the product over ages u <= t of 1 - d(u) / n(u), with d the ends and n the spells at risk (Kaplan and Meier
1958). Bands are log-log with Greenwood's variance. Spells that were already running when observation began enter at
their age then (left truncation). With a column `by`, each of its values has its own curve besides that of all. With a column
`weight_column`, a spell of weight 3 counts as three spells; intervals then hold for weights that are such counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import polars as pl

from relkit.cards import FittedCard
from relkit.contracts import Column, Contract, check
from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.metrics.risk_sets import RiskSets, distinct, risk_sets, tail_rate
from relkit.models.base import FitInfo, fingerprint
from relkit.models.survival.curve import FEW, SurvivalCurve
from relkit.models.survival.family import CONTRACTS, SPELLS
from relkit.models.survival.judging import JudgedByEnds
from relkit.models.survival.settings import Weighted
from relkit.models.survival.spells import (
    RESERVED,
    Spells,
    as_floats,
    check_horizon,
    fit_contract,
    long_survival,
    read_spells,
    score_contract,
    scores_of,
)
from relkit.remarks import Remark, french
from relkit.texts import Text
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    from relkit.metrics.risk_sets import Flags, Floats

MOST_NAMED = 20
ROUND_AGES = (7, 14, 30, 60, 90, 180, 365, 730, 1095, 1825, 3650)


@dataclass(frozen=True, kw_only=True)
class KaplanMeier(Weighted, JudgedByEnds):
    """Settings of a Kaplan-Meier estimate; those it shares are in `relkit.models.survival.settings`; weights are above 0.

    Attributes:
        by: column of text whose values have a curve each; None for a single curve.

    Examples:
        >>> from datetime import date
        >>> spells = pl.DataFrame({"duration_days": [10.0, 20.0, 20.0, 40.0], "event": [True, True, False, False]})
        >>> fitted = KaplanMeier().fit(spells, as_of=date(2025, 6, 30))
        >>> fitted.curve().at([10, 20, 30]).tolist()
        [0.75, 0.5, 0.5]
    """

    name: ClassVar[str] = "survival.kaplan_meier"
    label = Text("Kaplan-Meier", "Kaplan-Meier")
    purpose = Text(
        "Kaplan-Meier: how long contracts last, by group where wished; a baseline.",
        "Kaplan-Meier : la durée des contrats, par groupe si besoin ; un point de comparaison.",
    )
    role, reads = CONTRACTS, SPELLS
    competes = True
    figures = ("survival", "calibration")

    may_weigh_nothing: ClassVar[bool] = False

    by: str | None = None

    def __post_init__(self) -> None:
        """Check the column of the groups."""
        super().__post_init__()
        if self.by in RESERVED:
            raise ParameterError(f"by is {self.by}, which has another meaning.", where=self.name, remedy="Name another column.")

    @property
    def taken(self) -> tuple[str, ...]:
        """Columns that are read as something other than a weight."""
        return (*super().taken, self.by or "")

    @property
    def needs(self) -> Contract:
        """Columns that `fit` reads."""
        return fit_contract(self.name, (*_strata(self), *self.beside))

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedKaplanMeier:
        """Return the curves of the spells.

        Raises:
            TableError: a column is missing or invalid.
            NotEnoughEventsError: no spell ended.
        """
        spells = read_spells(features, self.needs)
        cases = self.weights(spells.frame)
        tables, curves = [], []
        for value, rows in (None, np.ones(len(spells.duration), bool)), *_parts(spells, self.by):
            part = spells.duration[rows], spells.event[rows], spells.entry[rows], None if cases is None else cases[rows]
            tables.append(_counts(*part, stratum=value))
            curves.append(_facts(*part, stratum=value))
        strata = pl.concat(curves)
        remarks = (*spells.remarks, *_remarks(tables[0], strata))
        info = FitInfo(
            as_of=as_of,
            rows=len(spells.duration),
            log_likelihood=None,
            converged=True,
            fingerprint=fingerprint(spells.frame),
            remarks=remarks,
        )
        return FittedKaplanMeier(settings=self, info=info, counts=pl.concat(tables), strata=strata)


@dataclass(frozen=True, eq=False, kw_only=True)
class FittedKaplanMeier(FittedCard):
    """Kaplan-Meier curves.

    Attributes:
        settings: as fitted.
        info: facts of the fit.
        counts: stratum (null: all), days, at_risk, ended, censored.
        strata: stratum (null: all), rows, ended, tail_hazard.
    """

    name: ClassVar[str] = "survival.kaplan_meier"
    format: ClassVar[int] = 1

    settings: KaplanMeier
    info: FitInfo
    counts: pl.DataFrame
    strata: pl.DataFrame

    @property
    def needs(self) -> Contract:
        """Columns that `score` reads."""
        return score_contract(self.name, _strata(self.settings))

    @property
    def domain(self) -> tuple[float, float]:
        """First and last age covered by the data, in days."""
        return self.curve().domain

    def curve(self, stratum: str | None = None) -> SurvivalCurve:
        """Return the curve of a value of the column `by`, or of all."""
        mine = pl.col("stratum").eq_missing(stratum)
        facts = self.strata.filter(mine)
        if facts.is_empty():
            raise ParameterError.unknown("stratum", str(stratum), self.strata["stratum"].drop_nulls().to_list(), where=self.name)
        rows = self.counts.filter(mine)
        sets = RiskSets(*(rows[c].to_numpy() for c in ("days", "at_risk", "ended", "censored")))
        return SurvivalCurve.from_counts(sets, tail_hazard=float(facts["tail_hazard"][0]), level=self.settings.level)

    def summary(self) -> pl.DataFrame:
        """Return term, estimate, std_error, lower, upper: S at round ages, for each curve."""
        return pl.concat(_summary(self.curve(value), value) for value in self.strata["stratum"].to_list())

    def survival(self, features: pl.DataFrame, days: list[float] | Floats) -> pl.DataFrame:
        """Return customer_id, days, survival: the curve of each customer from its start, at ages within the domain."""
        frame = check(features, self.needs)
        asked = np.asarray(days, dtype=np.float64)
        values = np.empty((len(frame), len(asked)))
        for curve, rows in self._curves_of(frame):
            values[rows] = curve.at(asked)
        return long_survival(frame, asked, values)

    def score(self, features: pl.DataFrame, *, horizon_days: int | None = None) -> pl.DataFrame:
        """Return customer_id and churn_probability_{h}d = 1 - S(t + h) / S(t), with t the duration so far.

        Past the last observed age the hazard of the last observed stretch continues. A value of `by` that was not in the fit,
        or had fewer than 10 events, gets the curve of all. Spells that have ended get null.
        """
        horizon = check_horizon(horizon_days)
        frame = check(features, self.needs)
        age = frame["duration_days"].to_numpy()
        stays = np.empty(len(frame))
        for curve, rows in self._curves_of(frame):
            stays[rows] = curve.conditional(age[rows], horizon)
        return scores_of(frame, {f"churn_probability_{horizon}d": 1 - stays})

    def survival_ahead(self, features: pl.DataFrame, days: list[float] | Floats) -> Floats:
        """Return the probability that each running spell still runs after each number of days, shape (n, m).

        The same rules as for `score` apply past the last observed age and for values of `by`.
        """
        return self._over_curves(features, days, lambda curve, ages, ahead: (curve.conditional(ages, ahead),))[0]

    def survival_ahead_bounds(self, features: pl.DataFrame, days: list[float] | Floats, *, level: float = LEVEL) -> tuple[Floats, Floats]:
        """Return the lower and upper bound of `survival_ahead`, each of shape (n, m)."""
        low, high = self._over_curves(features, days, lambda curve, ages, ahead: curve.conditional_band(ages, ahead, level=level))
        return low, high

    def _over_curves(
        self, features: pl.DataFrame, days: list[float] | Floats, value: Callable[[SurvivalCurve, Floats, float], tuple[Floats, ...]]
    ) -> tuple[Floats, ...]:
        """Return, for each number of days ahead, `value` at the ages of each curve's spells."""
        frame = check(features, self.needs)
        ages, asked = frame["duration_days"].to_numpy(), as_floats(days)
        found: list[tuple[Floats, ...]] = []
        curves = [(curve, rows, *distinct(ages[rows])) for curve, rows in self._curves_of(frame)]
        for ahead in asked:
            column: tuple[Floats, ...] = ()
            for curve, rows, levels, code in curves:
                values = value(curve, levels, float(ahead))
                column = column or tuple(np.empty(len(ages)) for _ in values)
                for into, one in zip(column, values, strict=True):
                    into[rows] = one[code]
            found.append(column)
        return tuple(np.stack(parts, axis=1) for parts in zip(*found, strict=True))

    def _curves_of(self, frame: pl.DataFrame) -> list[tuple[SurvivalCurve, Flags]]:
        """Return each curve with its rows."""
        if self.settings.by is None:
            return [(self.curve(), np.ones(len(frame), bool))]
        own = self.strata.filter(pl.col("ended") >= FEW)["stratum"].drop_nulls()
        column = frame[self.settings.by]
        pairs = [(self.curve(value), (column == value).fill_null(value=False).to_numpy()) for value in own]
        rest = ~column.is_in(own.implode()).fill_null(value=False).to_numpy()
        return [*pairs, (self.curve(), rest)]


def _strata(settings: KaplanMeier) -> tuple[Column, ...]:
    if settings.by is None:
        return ()
    return (Column(name=settings.by, dtype=pl.String, required=True, meaning="Has a curve of its own.", null_means="the curve of all"),)


def _parts(spells: Spells, by: str | None) -> Iterator[tuple[str, Flags]]:
    """Yield each value of the column `by` with its rows."""
    if by is not None:
        for value in spells.frame[by].drop_nulls().unique().sort():
            yield value, (spells.frame[by] == value).fill_null(value=False).to_numpy()


def _counts(duration: Floats, event: Flags, entry: Floats, cases: Floats | None, stratum: str | None = None) -> pl.DataFrame:
    sets = risk_sets(duration, event, entry, cases)
    columns = {"days": sets.days, "at_risk": sets.at_risk, "ended": sets.ended, "censored": sets.censored}
    return pl.DataFrame(columns).select(pl.lit(stratum, dtype=pl.String).alias("stratum"), pl.all())


def _facts(duration: Floats, event: Flags, entry: Floats, cases: Floats | None, stratum: str | None = None) -> pl.DataFrame:
    try:
        rate = tail_rate(duration, event, entry, cases=cases) if event.any() else 0.0
    except NotEnoughEventsError:
        if stratum is None:
            raise
        rate = 0.0
    row = {"stratum": [stratum], "rows": [len(duration)], "ended": [int(event.sum())], "tail_hazard": [rate]}
    return pl.DataFrame(row, schema={"stratum": pl.String, "rows": pl.Int64, "ended": pl.Int64, "tail_hazard": pl.Float64})


def _remarks(counts: pl.DataFrame, strata: pl.DataFrame) -> list[Remark]:
    last = float(counts["days"].max())  # type: ignore[arg-type]
    rate = float(strata["tail_hazard"][0])
    remarks = [
        Remark(
            "past_last_age_curve",
            f"Past the last observed age, {last:,.0f} days, scores use the risk of leaving of the last observed stretch, {rate:.3g} a day.",
            f"Au-delà de l’âge le plus grand observé, {french(last)} jours, les scores reprennent le rythme de départ de la fin de la "
            "période observée.",
        )
    ]
    emptied = counts.filter((pl.col("ended") == pl.col("at_risk")) & (pl.col("days") < last))
    if len(emptied):
        day, left = float(emptied["days"][0]), float(emptied["at_risk"][0])
        remarks.append(
            Remark(
                "curve_falls_to_zero",
                f"The curve falls to 0 at {day:g} days, where all {left:,g} spells then at risk ended: later entrants cannot raise it.",
                f"La courbe tombe à 0 à {french(day)} jours, où les {french(left)} clients alors suivis sont partis : ceux qui entrent "
                "plus tard ne peuvent plus la relever.",
            )
        )
    small = strata.filter(pl.col("stratum").is_not_null() & (pl.col("ended") < FEW))["stratum"].to_list()
    if small:
        more = len(small) - MOST_NAMED
        others, others_fr = (f" and {more:,} more", f" et {french(more)} autres") if more > 0 else ("", "")
        named = ", ".join(small[:MOST_NAMED])
        remarks.append(
            Remark(
                "groups_with_few_ends",
                f"Fewer than {FEW} ends, so scored with the curve of all: {named}{others}.",
                f"Moins de {FEW} départs, donc notés d’après la courbe de tous : {named}{others_fr}.",
            )
        )
    return remarks


def _summary(curve: SurvivalCurve, stratum: str | None) -> pl.DataFrame:
    last = curve.domain[1]
    ages = [float(a) for a in ROUND_AGES if a <= last] or [last]
    head = "" if stratum is None else f"{stratum}: "
    lower, upper = curve.band(ages)
    terms = [f"{head}survival_{age:g}d" for age in ages]
    return pl.DataFrame({"term": terms, "estimate": curve.at(ages), "std_error": curve.std_error_at(ages), "lower": lower, "upper": upper})
