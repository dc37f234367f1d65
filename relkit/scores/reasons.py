"""Reasons for the risk of a contract: the covariates that raise this customer's risk most, as codes and in words.

    table = churn_reasons(fitted, running, as_of=day, source=version)

A reason is a covariate whose share of the model's linear predictor is above that of the mean customer, the largest first;
one that raises the risk by less than a twentieth is not a reason. Covariates that cancel each other (an option and its charge) are
judged together: if the shares of two oppose each other over the customers (correlation of -0.5 or below), the reason is the sum
of all covariates so linked, named after the one that raises the risk most among those that move with the sum. A reason is what
distinguishes the customer in the model; changing it would not necessarily keep the customer. A number is high or low compared with
the customers whose risk it does not raise.
Values stay codes in files (`monthly_amount_high`); the words for them are given in English and French.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from relkit.scores.score_table import Source

Floats = NDArray[np.float64]

MOST = 3
"""Largest number of reasons per customer."""
LEAST = float(np.log(1.05))
AGAINST = -0.5
"""Correlation of two contributions, over the customers, at or below which they are judged together."""
FEWEST = 30
"""Fewest customers for a correlation; fewer cannot show which covariates cancel."""

NAMES: dict[str, Text] = {
    "monthly_amount": Text("monthly amount", "montant mensuel"),
    "monthly_margin": Text("monthly margin", "marge mensuelle"),
    "term_months": Text("agreed term", "durée d’engagement"),
    "other_contracts_at_start": Text("other contracts at the start", "autres contrats à l’ouverture"),
    "age_at_start_years": Text("age at the start", "âge à l’ouverture"),
    "pays_by_direct_debit": Text("pays by direct debit", "paie par prélèvement"),
    "start_year": Text("year of the start", "année d’ouverture"),
    "payment_method": Text("means of payment", "moyen de paiement"),
}
"""Covariates that relkit itself makes; any other has its declared label, or its name."""
SIDES: dict[str, Text] = {
    "high": Text("above usual", "au-dessus de l’habituel"),
    "low": Text("below usual", "en dessous de l’habituel"),
    "yes": Text("yes", "oui"),
    "no": Text("no", "non"),
    "unknown": Text("unknown", "inconnu"),
}

SCHEMA = {
    "customer_id": pl.String,
    "as_of": pl.Date,
    "rank": pl.Int8,
    "code": pl.String,
    "reason_en": pl.String,
    "reason_fr": pl.String,
    "value": pl.String,
    "risk_ratio": pl.Float64,
    "model": pl.String,
    "version": pl.String,
    "trained_as_of": pl.Date,
}


@runtime_checkable
class Explains(Protocol):
    """A fitted model that gives the contribution of each covariate to a customer's risk."""

    def contributions(self, features: pl.DataFrame) -> tuple[tuple[str, ...], Floats]:
        """Return the covariates, and their contributions to the linear predictor relative to the mean customer, shape (n, covariates)."""


def churn_reasons(
    fitted: Explains, contracts: pl.DataFrame, *, as_of: date, source: Source, names: Mapping[str, Text] | None = None
) -> pl.DataFrame:
    """Return the reasons of each customer, at most three: rank 1 raises the risk most.

    Args:
        fitted: the model that scored the risk.
        contracts: one row per customer, with the columns that the model scores.
        as_of: day of the contracts.
        source: the version of the model.
        names: by covariate, its declared name in English and French, if any.

    Returns:
        In order of customer_id and rank, `SCHEMA`: code, its words in English and French, value of the covariate as text, and
        risk_ratio: its factor on the risk relative to the mean customer, including the covariates judged together with it.

    Examples:
        >>> from datetime import date
        >>> from relkit.scores.score_table import Source
        >>> class Model:
        ...     def contributions(self, features):
        ...         return ("monthly_amount",), 0.02 * (features.select("monthly_amount").to_numpy() - 30)
        >>> people = pl.DataFrame({"customer_id": ["a", "b"], "monthly_amount": [20.0, 60.0]})
        >>> cox = Source(model="survival.cox", version="1", trained_as_of=date(2025, 6, 30))
        >>> churn_reasons(Model(), people, as_of=date(2025, 6, 30), source=cox).select("customer_id", "code", "reason_fr").rows()
        [('b', 'monthly_amount_high', 'montant mensuel au-dessus de l’habituel')]
    """
    if contracts.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    covariates, parts = fitted.contributions(contracts)
    known = {**NAMES, **(names or {})}
    net = net_of_opposites(parts)
    made = [_of_covariate(contracts, name, parts[:, j], net[:, j], known) for j, name in enumerate(covariates)]
    if not made:
        return pl.DataFrame(schema=SCHEMA)
    found = pl.concat(made).filter(pl.col("part") > LEAST).sort(["customer_id", "part", "code"], descending=[False, True, False])
    ranked = found.with_columns(rank=(pl.int_range(pl.len()).over("customer_id") + 1).cast(pl.Int8)).filter(pl.col("rank") <= MOST)
    return ranked.with_columns(
        as_of=pl.lit(as_of, pl.Date),
        risk_ratio=pl.col("part").exp(),
        model=pl.lit(source.model),
        version=pl.lit(source.version),
        trained_as_of=pl.lit(source.trained_as_of, pl.Date),
    ).select(pl.col(name).cast(dtype) for name, dtype in SCHEMA.items())


def reason_columns(reasons: pl.DataFrame) -> pl.DataFrame:
    """Return one row per customer: customer_id, churn_reason_1 to churn_reason_3, null if there are fewer.

    Examples:
        >>> rows = pl.DataFrame({"customer_id": ["a", "a"], "rank": [1, 2], "code": ["x_high", "y_no"]})
        >>> reason_columns(rows).rows()
        [('a', 'x_high', 'y_no', None)]
    """
    code = pl.col("code")
    return (
        reasons.group_by("customer_id")
        .agg(code.filter(pl.col("rank") == k).first().alias(f"churn_reason_{k}") for k in range(1, MOST + 1))
        .sort("customer_id")
    )


def net_of_opposites(parts: Floats) -> Floats:
    """Return the contributions with those that cancel each other added up.

    Args:
        parts: contribution of each covariate to the linear predictor, shape (n, covariates).

    Returns:
        Of the same shape. In each group of covariates linked by correlations of `AGAINST` or below, the sum of the group
        is in one column, row by row that of the largest part among those that move with the sum; the others are -inf. If
        that part is itself too small to be a reason, neither is the sum.

    Examples:
        >>> has = np.tile([1.0, 0.0], 20)
        >>> option, usage = 0.9 * (has - 0.5), -0.6 * (has - 0.5)
        >>> net_of_opposites(np.column_stack([option, usage]))[:2].round(2).tolist()
        [[0.15, -inf], [-0.15, -inf]]
    """
    net = parts.copy()
    for members in _tied(_correlation(parts)) if len(parts) >= FEWEST else ():
        whole = parts[:, members].sum(axis=1)
        beside = _correlation(np.column_stack([whole, parts[:, members]]))[0, 1:]
        leading = members[beside > 0] if (beside > 0).any() else members
        named = leading[np.argmax(parts[:, leading], axis=1)]
        rows = np.arange(len(parts))
        net[:, members] = -np.inf
        # A covariate with a negligible contribution must not name a sum that others caused.
        net[rows, named] = np.where(parts[rows, named] > LEAST, whole, np.minimum(whole, 0.0))
    return net


def _correlation(columns: Floats) -> Floats:
    """Return the correlations of columns, shape (m, m); 0 for a constant column."""
    centred = columns - columns.mean(axis=0)
    length = np.sqrt((centred**2).sum(axis=0))
    unit = np.divide(centred, length, out=np.zeros_like(centred), where=length > 0)
    found: Floats = unit.T @ unit
    return found


def _tied(correlation: Floats) -> list[NDArray[np.int64]]:
    """Return the groups of two or more columns that are linked, directly or through others, by correlations of `AGAINST` or below."""
    linked = (correlation <= AGAINST) | np.eye(len(correlation), dtype=np.bool_)
    group = np.arange(len(correlation))
    # The smallest name spreads along the links; no chain is longer than there are columns.
    for _ in group:
        group = np.where(linked, group, len(group)).min(axis=1)
    return [members for label in np.unique(group) if len(members := np.flatnonzero(group == label)) > 1]


def covariate_of(code: str) -> str:
    """Return the covariate behind a reason.

    Examples:
        >>> covariate_of("monthly_amount_high"), covariate_of("payment_method=card")
        ('monthly_amount', 'payment_method')
    """
    name, level, _ = code.partition("=")
    return name if level else name.rpartition("_")[0]


def _of_covariate(contracts: pl.DataFrame, name: str, part: Floats, net: Floats, names: Mapping[str, Text]) -> pl.DataFrame:
    """Return the rows of one covariate: customer_id, part (net of those that cancel it), code, reason_en, reason_fr, value."""
    column = contracts[name]
    if not (column.dtype.is_numeric() or column.dtype == pl.Boolean):
        return _rows(contracts, name, net, column.cast(pl.String), names, mark="=", colon=True)
    numbers = column.cast(pl.Float64).fill_null(np.nan).to_numpy()
    known = np.isfinite(numbers)
    is_flag = bool(np.isin(numbers[known], (0.0, 1.0)).all())
    others = numbers[known & (part <= LEAST)]
    usual = 0.5 if is_flag or not known.any() else float(others.mean() if len(others) else numbers[known].mean())
    above, below = ("yes", "no") if is_flag else ("high", "low")
    side = pl.Series(np.where(known, np.where(numbers > usual, above, below), "unknown"))
    return _rows(contracts, name, net, side, names, mark="_", colon=is_flag)


def _rows(
    contracts: pl.DataFrame, name: str, part: Floats, side: pl.Series, names: Mapping[str, Text], *, mark: str, colon: bool
) -> pl.DataFrame:
    side = side.fill_null("unknown")
    plain, between = name.replace("_", " "), Text(": ", " : ") if colon else Text(" ", " ")
    called = names.get(name, Text(plain, plain))

    def reason(language: str) -> pl.Series:
        return called[language] + between[language] + side.replace(list(SIDES), [text[language] for text in SIDES.values()])

    return pl.DataFrame(
        {
            "customer_id": contracts["customer_id"].cast(pl.String),
            "part": part,
            "code": f"{name}{mark}" + side,
            "reason_en": reason("en"),
            "reason_fr": reason("fr"),
            "value": contracts[name].cast(pl.String),
        }
    )
