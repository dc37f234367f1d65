"""The column `score_quality`, made for each delivery: why a score is empty, or how much history is behind it.

If several reasons apply, the first in `QUALITIES` is given, so each empty score has one true reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

SHORT_HISTORY_DAYS = 90
"""Days of history below which a score relies on little data of the customer's own."""

QUALITIES: Mapping[str, Text] = {
    "refused_profiling": Text("profiling refused: no scores", "profilage refusé : pas de score"),
    "never_bought": Text("neither a purchase nor a running contract", "ni achat ni contrat en cours"),
    "no_model": Text("not scored: no model for these data", "sans score : aucun modèle pour ces données"),
    "margin_unknown": Text("scored, but the margin ahead is unknown", "scores établis, mais marge attendue inconnue"),
    "short_history": Text("one purchase, or known for a short time", "un seul achat ou recul trop court"),
    "ok": Text("enough history", "historique suffisant"),
}
"""Every value in order of precedence, with its words in English and French."""


def score_quality() -> pl.Expr:
    """Return the quality from columns of facts; only the three of the history may be null.

    Reads is_refusing, has_history (a purchase or a running contract), is_scored, has_margin_ahead (bool); repeat_purchases,
    observed_days and contract_age_days (null if they do not apply).

    Examples:
        >>> facts = {"is_refusing": [False] * 3, "has_history": [False, True, True], "is_scored": [False, True, True]}
        >>> history = {"repeat_purchases": [None, 0, 4], "observed_days": [None, 400.0, 400.0], "contract_age_days": [None, None, None]}
        >>> people = pl.DataFrame({**facts, "has_margin_ahead": [False, True, True], **history})
        >>> people.select(score_quality()).to_series().to_list()
        ['never_bought', 'short_history', 'ok']
    """
    bought_again = (pl.col("repeat_purchases") > 0) & (pl.col("observed_days") >= SHORT_HISTORY_DAYS)
    stayed = pl.col("contract_age_days") >= SHORT_HISTORY_DAYS
    tested = {
        "refused_profiling": pl.col("is_refusing"),
        "never_bought": ~pl.col("has_history"),
        "no_model": ~pl.col("is_scored"),
        "margin_unknown": ~pl.col("has_margin_ahead"),
        "short_history": ~(bought_again.fill_null(value=False) | stayed.fill_null(value=False)),
    }
    return pl.coalesce([pl.when(test).then(pl.lit(code)) for code, test in tested.items()] + [pl.lit("ok")]).alias("score_quality")
