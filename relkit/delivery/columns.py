"""The columns of the scored customer file, in its order: the delivery's own, and those declared where they are made.

A fact is declared with the customer table (`relkit.features.columns`), a score with the role of its models, columns derived from scores
in `relkit.scores.columns`; the delivery adds the columns it makes itself. Labels, meanings, units and the meaning of a null are given in
English and French, because the data dictionary and the headers of a delivery use both. A code stays the same in Parquet and in
the plain CSV; the words that the French files and the workbook show for it are next to it in the data dictionary.

The marketer's view (`MARKETER`) is a fixed list of these columns: the same every month, whatever the tables and models.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from relkit.delivery.score_columns import horizons, marketer_horizon, reasons, subjects
from relkit.delivery.score_quality import QUALITIES
from relkit.features.columns import ATTRIBUTES
from relkit.features.columns import DECLARED as FACTS
from relkit.file_column import FileColumn, channel_in_words
from relkit.models import catalogue
from relkit.scores.columns import DERIVED
from relkit.scores.end_reasons import reason_in_words
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from relkit.score_kinds import Score

_NO_TOTAL = Text(
    "no margin ahead (see the quality of the scores), or past margin unknown",
    "pas de marge attendue (voir la qualité des scores), ou marge passée inconnue",
)
_NO_RANK = Text(
    "no total margin, profiling refused, or protected from any contact",
    "pas de marge totale, profilage refusé, ou client protégé de tout contact",
)

OWN: tuple[FileColumn, ...] = (
    FileColumn(
        name="total_margin_{cur}",
        dtype=pl.Float64,
        label=Text("Total margin ({CUR})", "Marge totale ({CUR})"),
        meaning=Text(
            "Past margin plus expected margin of the next {h} months.",
            "Marge passée plus marge attendue sur {h} mois.",
        ),
        null_means=_NO_TOTAL,
        kind="delivery",
        score="future_margin_{h}m",
        unit="{CUR}",
        decimals=2,
    ),
    FileColumn(
        name="value_decile",
        dtype=pl.Int8,
        label=Text("Value decile (1 = best)", "Décile de valeur (1 = meilleur)"),
        meaning=Text(
            "Tenth of the customers by total margin; ten groups of equal size, equal margins in the order of customer_id. "
            "The protected and those who refuse profiling are in none.",
            "Dixième des clients par marge totale ; dix groupes de même effectif, les ex æquo dans l'ordre de l'identifiant. "
            "Les clients protégés et ceux qui refusent le profilage n'y sont pas.",
        ),
        null_means=_NO_RANK,
        kind="delivery",
        score="future_margin_{h}m",
        unit="decile",
        low=1,
        high=10,
        follow=True,
    ),
    FileColumn(
        name="is_top20_margin",
        dtype=pl.Boolean,
        label=Text("Top 20 % by margin", "20 % meilleurs par marge"),
        meaning=Text(
            "In the first fifth of the customers by total margin (value deciles 1 and 2).",
            "Fait partie du premier cinquième des clients par marge totale (déciles 1 et 2).",
        ),
        null_means=_NO_RANK,
        kind="delivery",
        score="future_margin_{h}m",
        follow=True,
    ),
    FileColumn(
        name="score_quality",
        dtype=pl.String,
        label=Text("Quality of the scores", "Qualité des scores"),
        meaning=Text(
            "How much the scores of this customer rest on or, where there are none, why.",
            "Solidité des données sur lesquelles reposent les scores de ce client ou, à défaut de score, pourquoi.",
        ),
        kind="delivery",
        codes=QUALITIES,
    ),
)
"""Columns that the delivery makes itself."""

_FIRST = (
    *("customer_id", "as_of", "entity_id", "segment_value_activity", "is_left_censored", "days_since_last_order", "orders_12m"),
    *("revenue_12m_{cur}", "margin_12m_{cur}", "margin_source", "channel_profile", "human_contact_share_12m"),
    *("rfm_recency", "rfm_frequency", "rfm_monetary", "rfm_label", "past_margin_{cur}"),
    *("future_margin_{h}m_{cur}", "future_margin_{h}m_{cur}_low", "future_margin_{h}m_{cur}_high"),
    *("future_margin_endless_{cur}", "future_margin_endless_{cur}_low", "future_margin_endless_{cur}_high"),
    *("total_margin_{cur}", "value_decile", "is_top20_margin", "p_alive", "order_probability_{h}d"),
    *("churn_probability_{h}d", "churn_probability_{h}d_{reason}", "churn_reason_1", "churn_reason_2", "churn_reason_3"),
    *("expected_remaining_months_{h}m", "expected_remaining_months_endless"),
    *("contract_residual_value_{h}m_{cur}", "contract_residual_value_endless_{cur}"),
    *("retention_call_rank", "retention_offer_profit_{cur}", "retention_offer_value_{cur}", "retention_offer_cost_{cur}"),
    *("expected_orders_{h}d", "expected_order_value_{cur}", "expected_return_share", "returns_to_come_{cur}"),
)
"""The columns of the full view in their order, up to the last score; scores that are not listed follow."""
_LAST = (
    *("last_nps", "nps_age_days", "has_open_case", "is_contactable", "may_contact_{channel}", "not_contactable_because", "is_protected"),
    *("consent_{channel}", "contacts_30d_{channel}", "score_quality"),
)
"""The columns of the full view after the scores."""


def declared() -> tuple[FileColumn, ...]:
    """Return every column the file may have, as templates, in file order; scores that the order does not name follow the others.

    Examples:
        >>> [column.name for column in declared()][:2], declared()[-1].name
        (['customer_id', 'as_of'], 'score_quality')
    """
    scores = (*(column for role in catalogue.roles() for column in role.columns), *DERIVED)
    known = {column.name: column for column in (*FACTS, *ATTRIBUTES, *scores, *OWN)}
    further = tuple(column.name for column in scores if column.name not in _FIRST)
    return tuple(known[name] for name in (*_FIRST, *further, *_LAST))


_OF_ONE_CHANNEL = {column.name: column for column in FACTS}
"""Columns of one channel that are declared by themselves, such as consent_profiling, by name."""

MARKETER = (
    *("customer_id", "segment_value_activity", "value_decile", "total_margin_{cur}", "past_margin_{cur}"),
    *("future_margin_{h}m_{cur}", "future_margin_{h}m_{cur}_low", "future_margin_{h}m_{cur}_high"),
    *("rfm_label", "days_since_last_order", "orders_12m", "revenue_12m_{cur}"),
    *("p_alive", "order_probability_{h}d", "churn_probability_{h}d", "churn_reason_1", "retention_call_rank", "has_open_case"),
    *("is_contactable", "may_contact_email", "may_contact_sms", "may_contact_phone", "may_contact_post", "not_contactable_because"),
    "score_quality",
)
"""The columns of the marketer's view, in its order: the same every month."""


def file_columns(*, currency: str, channels: Iterable[str] = (), scores: Iterable[Score] = ()) -> tuple[FileColumn, ...]:
    """Return the columns a file may have for this currency, these channels and these scores.

    Args:
        currency: ISO code, e.g. "EUR".
        channels: channels for which consent or contacts are known, in the order wanted.
        scores: records of the scores made; those that no declared column shows get a plain column each.

    Examples:
        >>> from relkit.score_kinds import Score
        >>> churn = Score("churn_probability", "days", 90)
        >>> names = [c.name for c in file_columns(currency="USD", channels=["email"], scores=[churn])]
        >>> "revenue_12m_usd" in names, "consent_email" in names, "churn_probability_90d" in names
        (True, True, True)
    """
    wanted = sorted(scores, key=str)
    made: list[FileColumn] = []
    for template in declared():
        if "{channel}" in template.name:
            made += [_filled(_of_channel(template, channel), currency, channel=channel) for channel in channels]
        elif "{reason}" in template.score:
            made += [_filled(template, currency, horizon=h, reason=reason) for h, reason in reasons(template, wanted)]
        elif "{product}" in template.score:
            made += [_filled(template, currency, horizon=each.horizon, subject=each) for each in subjects(template, wanted)]
        elif "{h}" in template.score:
            found = horizons(template, wanted)
            made += [_filled(template, currency, horizon=h) for h in (found if "{h}" in template.name else found[:1])]
        else:
            made.append(_filled(template, currency))
    shown = {column.score for column in made}
    return (*made, *(_plain(str(score)) for score in wanted if str(score) not in shown))


def marketer_columns(*, currency: str, scores: Iterable[Score] = ()) -> tuple[FileColumn, ...]:
    """Return the columns of the marketer's view, in its order, regardless of which the file has.

    Args:
        currency: ISO code.
        scores: records of the scores made; horizons come from them, those of an absent score come from the other scores.

    Examples:
        >>> from relkit.score_kinds import Score
        >>> names = [c.name for c in marketer_columns(currency="EUR", scores=[Score("p_alive"), Score("expected_orders", "days", 60)])]
        >>> len(names), names[3], names[13]
        (25, 'total_margin_eur', 'order_probability_60d')
    """
    wanted = list(scores)
    templates = {template.name: template for template in declared()}
    made = []
    for name in MARKETER:
        start, _, channel = name.rpartition("_")
        found = templates.get(name) or templates[f"{start}_{{channel}}"]
        made.append(_filled(found, currency, channel=channel, horizon=marketer_horizon(found, wanted)))
    return tuple(made)


def _of_channel(template: FileColumn, channel: str) -> FileColumn:
    """Return the declaration of a column for a channel: its own if it has one, such as consent_profiling."""
    return _OF_ONE_CHANNEL.get(template.name.replace("{channel}", channel), template)


def _filled(
    template: FileColumn, currency: str, *, channel: str = "", horizon: int | None = None, reason: str = "", subject: Score | None = None
) -> FileColumn:
    """Return a column with the placeholders of its declaration replaced, in its texts by words."""
    codes = {"cur": currency.lower(), "CUR": currency.upper(), "h": "" if horizon is None else str(horizon)}
    cause = reason_in_words(reason)
    plain = Text(cause.en.replace("’", "'"), cause.fr.replace("’", "'"))  # headers keep to the plain apostrophe
    product, product_id = ("", "") if subject is None else (subject.subject, subject.subject_id or subject.subject)
    words = {**codes, "channel": channel_in_words(channel), "reason": plain, "product": product_id}
    return replace(
        template,
        name=template.name.format(**codes, channel=channel, reason=reason, product=product),
        score=template.score.format(**codes, reason=reason, product=product),
        unit=template.unit.format(**codes),
        label=template.label.filled(**words),
        meaning=template.meaning.filled(**words),
    )


def _plain(score: str) -> FileColumn:
    words = score.replace("_", " ").capitalize()
    return FileColumn(name=score, dtype=pl.Float64, kind="score", score=score, label=Text(words, words), decimals=4)
