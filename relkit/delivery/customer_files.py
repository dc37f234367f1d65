"""The scored customer file: one row per customer, its columns, its views and its data dictionary.

    file = customer_file(customers, KeptScores.read(folder), as_of=day, currency="EUR")
    file.frame                                  # full view, technical names
    marketer_view(file)                         # the columns of the marketer's view, the same every month
    data_dictionary(file)                       # the meaning of each column, in both languages

In the full view, in order of customer_id, a column appears only if it can be computed from the tables and models at hand, and
is null if it does not apply; the marketer's view, the most valuable customers first, always has the same columns. Values are
rounded once, here (money to the cent, probabilities to four digits), so that Parquet, CSV and XLSX agree. Files are written by
`relkit.delivery.written_files` and `relkit.delivery.publishing`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import polars as pl

from relkit.commands import command
from relkit.delivery.action_rows import VIEW, action_columns, action_rows, protected_without_effects
from relkit.delivery.channel_credit import VIEW as CREDIT_VIEW
from relkit.delivery.columns import file_columns, marketer_columns
from relkit.delivery.next_product_cells import offered_to_the_unprotected, with_next_products
from relkit.delivery.personal_reasons import personal_data_of_reasons
from relkit.delivery.remarked_columns import remarked
from relkit.delivery.score_quality import score_quality
from relkit.delivery.text_safety import refused_ids
from relkit.errors import ParameterError, TableError
from relkit.file_column import NO, YES, FileColumn, PolarsType
from relkit.models.affinity.family import NEXT_PRODUCT_PROBABILITY, PROPENSITY
from relkit.models.lifetime_value.family import EXPECTED_ORDERS
from relkit.models.survival.family import CHURN_PROBABILITY
from relkit.models.uplift.family import UPLIFT
from relkit.remarks import Remark, french
from relkit.scores.expected_margin import CONTRACT_RESIDUAL_VALUE, FUTURE_MARGIN
from relkit.scores.reasons import reason_columns
from relkit.scores.remaining_life import EXPECTED_REMAINING_MONTHS
from relkit.scores.rfm import rfm_scores
from relkit.scores.score_table import customers_of
from relkit.scores.value_activity import segment_value_activity
from relkit.tables.findings import counted
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from relkit.delivery.channel_credit import ChannelCredit
    from relkit.score_kinds import Score, ScoreKind
    from relkit.scores.kept_scores import KeptScores
    from relkit.texts import Language

TOP_DECILES = 2
"""The first fifth of the customers."""
PER_CHANNEL = ("consent_", "may_contact_", "contacts_30d_")
FIRST_CHANNELS = ("email", "phone", "post", "sms", "mail", "app", "profiling")
"""Channels, and the purpose whose consent is listed with theirs, in the order of their columns; others follow by name."""
CONTRACT_SCORES = (CHURN_PROBABILITY, EXPECTED_REMAINING_MONTHS, CONTRACT_RESIDUAL_VALUE)
"""Scores that only contract holders have."""
HISTORY: dict[str, PolarsType] = {"repeat_purchases": pl.Int32, "observed_days": pl.Float64, "contract_age_days": pl.Int32}
"""Columns of the customer table that the quality of the scores rests on."""


@dataclass(frozen=True, kw_only=True)
class ScoreSource:
    """The model behind a score column, and the record of the score."""

    score: str
    record: Score
    model: str
    version: str
    trained_as_of: str


@dataclass(frozen=True, eq=False, kw_only=True)
class CustomerFile:
    """A scored customer file that is ready to be written.

    Attributes:
        frame: full view, one row per customer, in the order of customer_id.
        columns: declaration of each column of `frame`, in its order.
        sources: the model behind each score used, by score.
        refused: rows whose identifier may not be delivered: customer_id, rule, row (1-based in the customer table).
        remarks: notes to the reader on the file itself.
        as_of: last day whose facts are known.
        currency: ISO code.
        fields: columns requested by name, with their purpose.
        by_action: scores by action (`relkit.scores.action_scores`) of customers in the file; None if there are none.
        credit: credit of channels, delivered next to the customers; None if there is none.
    """

    frame: pl.DataFrame
    columns: tuple[FileColumn, ...]
    sources: Mapping[str, ScoreSource]
    refused: pl.DataFrame
    remarks: tuple[Remark, ...]
    as_of: date
    currency: str
    fields: Mapping[str, str] = field(default_factory=dict)
    by_action: pl.DataFrame | None = None
    credit: ChannelCredit | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """The remarks in English, one sentence each."""
        return tuple(remark.en for remark in self.remarks)

    def source_of(self, column: FileColumn) -> ScoreSource | None:
        """Return the model behind a column, or None for a fact."""
        return self.sources.get(column.score)


def customer_file(
    customers: pl.DataFrame,
    scores: KeptScores | None,
    *,
    as_of: date,
    currency: str,
    dictionary: pl.DataFrame | None = None,
    fields: Mapping[str, str] | None = None,
    prefer: Sequence[str] = (),
    reasons: pl.DataFrame | None = None,
    next_products: pl.DataFrame | None = None,
    by_action: pl.DataFrame | None = None,
    remarks: Sequence[Remark] = (),
) -> CustomerFile:
    """Return the scored customer file.

    Args:
        customers: the customer table, one row per customer, key customer_id (text).
        scores: the score table of the day and the records of its scores; None without models.
        as_of: the day for which both were made.
        currency: ISO code; money columns of the customer table end in its lower case.
        dictionary: the customer table's dictionary; labels of the columns in `fields` come from it.
        fields: further columns of the customer table, by name, with the purpose for which they are delivered.
        prefer: models to prefer, best first, if two give the same score. Default: the first in alphabetical order, with a warning.
        reasons: of the risk (`relkit.scores.reasons`), shown next to the probability of the model that gave them.
        next_products: of the customers (`relkit.scores.next_products`), shown next to the probability of the model that gave them.
        by_action: scores by action (`relkit.scores.action_scores`), delivered next to the file.
        remarks: notes that change how columns are to be read; they are appended to the meanings of those columns.

    Raises:
        TableError: a customer appears twice, or the scores belong to another day or to customers who are not in the table.
        ParameterError: a column of `fields` does not exist, or has no purpose.

    Examples:
        >>> from datetime import date
        >>> people = pl.DataFrame({"customer_id": ["b", "a"], "orders_12m": [0, 3]})
        >>> customer_file(people, None, as_of=date(2025, 6, 30), currency="EUR").frame.rows()
        [('a', datetime.date(2025, 6, 30), 3, 'no_model'), ('b', datetime.date(2025, 6, 30), 0, 'no_model')]
    """
    requested = dict(fields or {})
    _check_fields(requested, customers.columns)
    good, refused = _split_by_id(customers)
    sources, noticed = _one_model_a_score(scores, prefer) if scores is not None else ({}, [])
    chosen = {name: scores.of(name, source.model) for name, source in sources.items()} if scores is not None else None
    if chosen is not None:
        _check_scores(chosen, customers, as_of)
        chosen, blanked = _consented(chosen, good)
        noticed += blanked
        chosen = offered_to_the_unprotected(chosen, {name: source.record for name, source in sources.items()}, good)
        chosen = protected_without_effects(chosen, {name: source.record for name, source in sources.items()}, good)
    records = {name: source.record for name, source in sources.items()}
    declared = file_columns(currency=currency, channels=_channels(customers.columns), scores=records.values())
    made = _with_scores(good, chosen, declared) if chosen is not None else good
    if reasons is not None and chosen is not None:
        made, declared = _with_reasons(made, _scored_by(CHURN_PROBABILITY, chosen, sources), reasons, declared, dictionary)
    if next_products is not None and chosen is not None:
        made, declared = with_next_products(made, _scored_by(NEXT_PRODUCT_PROBABILITY, chosen, sources), next_products, declared)
    made, facts = made.with_columns(as_of=pl.lit(as_of)), _facts(made, declared, records)
    made = _with_value(made, facts, currency.lower(), declared)
    made = _with_segment(made, facts, currency.lower(), declared, records)
    made = _with_rfm(made, facts, currency.lower()).with_columns(facts.select(score_quality()).to_series())
    columns = [_as_described(c, dictionary) for c in declared if c.name in made.columns and c.name not in requested]
    columns += [_field(name, customers.schema[name], dictionary) for name in requested]
    columns = [remarked(column, remarks) for column in columns]
    frame = made.select(_delivered(column) for column in columns)
    if f"total_margin_{currency.lower()}" not in frame.columns:
        noticed.append(_NO_TOTAL)
    return CustomerFile(
        frame=frame,
        columns=tuple(columns),
        sources=sources,
        refused=refused,
        remarks=tuple(noticed),
        as_of=as_of,
        currency=currency,
        fields=requested,
        by_action=action_rows(by_action, records.values(), good),
    )


def marketer_view(file: CustomerFile) -> tuple[FileColumn, ...]:
    """Return the columns of the marketer's view, in its own order: those of the file, and declared ones if the file has none."""
    has = {column.name: column for column in file.columns}
    records = (source.record for source in file.sources.values())
    fixed = marketer_columns(currency=file.currency, scores=records)
    return tuple(has.get(c.name) or replace(c, null_means=c.absent_means or c.null_means) for c in fixed)


def narrowed(file: CustomerFile) -> CustomerFile:
    """Return the marketer's view of the file: its columns, empty if the file lacks them, the most valuable customers first.

    Customers without a total margin come last; ties are in the order of customer_id.
    """
    columns = marketer_view(file)
    total = f"total_margin_{file.currency.lower()}"
    cells = [pl.col(c.name) if c.name in file.frame.columns else pl.lit(None, c.dtype).alias(c.name) for c in columns]
    frame = file.frame.select(cells).sort(total, descending=True, nulls_last=True, maintain_order=True)
    return replace(file, frame=frame, columns=columns)


def in_words(frame: pl.DataFrame, columns: Sequence[FileColumn], language: Language) -> pl.DataFrame:
    """Return the frame with words in place of codes and, in French, Oui and Non in place of true and false.

    Examples:
        >>> from relkit.delivery.columns import file_columns
        >>> columns = [c for c in file_columns(currency="EUR") if c.name in ("has_open_case", "score_quality")]
        >>> frame = pl.DataFrame({"has_open_case": [True, None], "score_quality": ["ok", "never_bought"]})
        >>> in_words(frame, columns, "fr").rows()
        [('Oui', 'historique suffisant'), (None, 'ni achat ni contrat en cours')]
    """
    shown = []
    for column in columns:
        value, words = pl.col(column.name), column.words(language)
        if words:
            shown.append(_worded(value, words).alias(column.name))
        elif column.dtype == pl.Boolean and language == "fr":
            shown.append(pl.when(value).then(pl.lit(YES[language])).when(~value).then(pl.lit(NO[language])).alias(column.name))
    return frame.with_columns(shown)


def _worded(code: pl.Expr, words: Mapping[str, str]) -> pl.Expr:
    """Return the words for known codes, and other text as it is."""
    position = code.cast(pl.Enum(list(words)), strict=False).to_physical()
    return pl.coalesce(pl.lit(pl.Series(list(words.values()), dtype=pl.String)).gather(position), code)


def data_dictionary(file: CustomerFile) -> pl.DataFrame:
    """Return one row per column: its meaning in English and French, and the model version behind it.

    The columns of the file come first, then those that only the marketer's view has, empty, then those of the scores by action and
    those of the credit of channels.
    """
    marketer = {c.name: c for c in marketer_view(file)}
    rows = [_entry(file, column, view="marketer, full" if column.name in marketer else "full") for column in file.columns]
    has = {column.name for column in file.columns}
    rows += [_entry(file, column, view="marketer") for name, column in marketer.items() if name not in has]
    if file.by_action is not None:
        effect = next(name for name, source in file.sources.items() if UPLIFT.includes(source.record))
        rows += [_entry(file, column, view=VIEW) for column in action_columns(file.currency, effect)]
    if file.credit is not None:
        rows += [_entry(file, column, view=CREDIT_VIEW) for column in file.credit.columns]
    return pl.DataFrame(rows)


def _entry(file: CustomerFile, column: FileColumn, *, view: str) -> dict[str, str]:
    source = file.source_of(column)
    return {
        "column": column.name,
        "label_en": column.label["en"],
        "label_fr": column.label["fr"],
        "meaning_en": column.meaning["en"],
        "meaning_fr": column.meaning["fr"],
        "type": str(column.dtype).lower(),
        "unit": column.unit,
        "allowed_values_en": column.allowed_in("en"),
        "allowed_values_fr": column.allowed_in("fr"),
        "null_means_en": column.null_means["en"],
        "null_means_fr": column.null_means["fr"],
        "model": source.model if source else "",
        "model_version": source.version if source else "",
        "trained_as_of": source.trained_as_of if source else "",
        "personal_data": column.personal_data,
        "purpose": file.fields.get(column.name, ""),
        "view": view,
        "since_version": column.since,
    }


def _check_fields(requested: Mapping[str, str], present: Sequence[str]) -> None:
    for name, purpose in requested.items():
        if name not in present:
            raise ParameterError.unknown("column", name, present, where="fields")
        if not purpose.strip():
            raise ParameterError(
                f"{name!r} is requested without a purpose.",
                where="fields",
                remedy="Give its purpose: the manifest and the dictionary show it.",
            )


def _split_by_id(customers: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows that may be delivered, in order of customer_id, and those whose identifier may not, with the rule that it breaks."""
    text = customers.with_columns(pl.col("customer_id").cast(pl.String))
    rules = refused_ids(text)
    numbered = text.select("customer_id").with_columns(rule=rules, row=pl.int_range(1, pl.len() + 1, dtype=pl.Int64))
    good = text if rules.null_count() == len(text) else text.filter(rules.is_null())
    good = good if good["customer_id"].is_sorted() else good.sort("customer_id")
    if (again := good["customer_id"].is_duplicated()).any():
        raise TableError(
            f"{int(again.sum()):,} rows share a customer_id; the file has one row per customer.",
            where="customers",
            remedy=f"Run {command('features')} again.",
        )
    return good, numbered.filter(pl.col("rule").is_not_null())


def _one_model_a_score(scores: KeptScores, prefer: Sequence[str]) -> tuple[dict[str, ScoreSource], list[Remark]]:
    """Return the model chosen for each score, and the warnings about it."""
    given = scores.sources.cast(pl.String).sort("score", "model", "version")
    sources: dict[str, ScoreSource] = {}
    noticed = []
    for (score,), rows in given.group_by("score", maintain_order=True):
        models = rows["model"].unique(maintain_order=True).to_list()
        model = next((name for name in prefer if name in models), models[0])
        versions = rows.filter(pl.col("model") == model)
        if len(versions) > 1:
            listed = ", ".join(versions["version"])
            raise TableError(
                f"{score} was made by several versions of {model} ({listed}).", where="scores", remedy=f"Run {command('score')} again."
            )
        if len(models) > 1 and model not in prefer:
            noticed.append(_several_models(str(score), models, model))
        sources[str(score)] = ScoreSource(
            score=str(score),
            record=scores.records[str(score)],
            model=model,
            version=versions["version"][0],
            trained_as_of=versions["trained_as_of"][0],
        )
    return sources, noticed


def _check_scores(scores: Mapping[str, pl.DataFrame], customers: pl.DataFrame, as_of: date) -> None:
    """Refuse scores of another day, of unknown customers, or that are not finite."""
    days = sorted({day for rows in scores.values() for day in rows["as_of"].unique()})
    if days not in ([], [as_of]):
        raise TableError(
            f"the scores are as of {', '.join(map(str, days))}, the customers as of {as_of}.",
            where="scores",
            remedy=f"Run {command('score')} again.",
        )
    known = customers.select(pl.col("customer_id").cast(pl.String))
    strangers = customers_of(rows["customer_id"] for rows in scores.values()).to_frame().join(known, on="customer_id", how="anti")
    if len(strangers):
        raise TableError(
            f"{len(strangers):,} scored customers are not in the customer table.",
            where="scores",
            remedy=f"Run {command('features', as_of=as_of)} and {command('score', as_of=as_of)} again.",
        )
    for name, rows in scores.items():
        if (bad := rows.filter(~pl.col("value").is_finite())).height:
            raise TableError(
                f"{bad.height:,} values of {name} are not finite numbers.",
                where="scores",
                remedy="Score again; a score that does not apply is left out, not infinite.",
            )


def _channels(names: Sequence[str]) -> list[str]:
    """Return the channels that have a column, the well-known ones first."""
    found = {name.removeprefix(prefix) for name in names for prefix in PER_CHANNEL if name.startswith(prefix)}
    return [c for c in FIRST_CHANNELS if c in found] + sorted(found - set(FIRST_CHANNELS))


def _with_scores(customers: pl.DataFrame, scores: Mapping[str, pl.DataFrame], declared: Sequence[FileColumn]) -> pl.DataFrame:
    """Return the customers with one column for each score that the file declares; null if a customer has none."""
    shown = [c for c in declared if c.kind == "score"]
    made = customers.drop([c.name for c in shown], strict=False)
    beside, groups = [], list[pl.DataFrame]()
    for column in shown:
        rows = scores.get(column.score)
        if rows is not None and len(rows) and (column.bound == "value" or rows[column.bound].null_count() < len(rows)):
            _add(groups, rows["customer_id"], rows[column.bound].alias(column.name))
        elif column.beside and column.beside in scores:
            beside.append(pl.lit(None, pl.Float64).alias(column.name))
    for group in groups:
        made = made.join(group, on="customer_id", how="left", validate="1:1", maintain_order="left")
    return made.with_columns(beside)


def _add(groups: list[pl.DataFrame], customers: pl.Series, values: pl.Series) -> None:
    """Add a column to the group of the same customers, or as a new group: one join a group, not one a column."""
    for i, group in enumerate(groups):
        if group["customer_id"].equals(customers):
            groups[i] = group.with_columns(values)
            return
    groups.append(pl.DataFrame([customers, values]))


def _scored_by(kind: ScoreKind, scores: Mapping[str, pl.DataFrame], sources: Mapping[str, ScoreSource]) -> pl.DataFrame:
    """Return the customers with a score of a kind: customer_id, as_of, and the model and version behind it."""
    schema = {"customer_id": pl.String, "as_of": pl.Date, "model": pl.String, "version": pl.String}
    found = [
        rows.select("customer_id", "as_of", model=pl.lit(sources[name].model), version=pl.lit(sources[name].version))
        for name, rows in scores.items()
        if kind.includes(sources[name].record)
    ]
    return pl.concat([pl.DataFrame(schema=schema), *found])


def _with_reasons(
    customers: pl.DataFrame,
    risks: pl.DataFrame,
    reasons: pl.DataFrame,
    declared: Sequence[FileColumn],
    dictionary: pl.DataFrame | None,
) -> tuple[pl.DataFrame, tuple[FileColumn, ...]]:
    """Return the customers with the reasons of their risk, and the columns with the words for each code.

    `risks` has the customers with a churn probability. Reasons of another model or day, or of any other customer, are left out.
    """
    shown = reasons.join(risks.unique(), on=["customer_id", "as_of", "model", "version"], how="semi")
    if shown.is_empty():
        return customers, tuple(declared)
    rows = shown.select("code", "reason_en", "reason_fr").unique().sort("code").iter_rows()
    words = {code: Text(english, french) for code, english, french in rows}
    personal = personal_data_of_reasons(list(words), dictionary)
    columns = tuple(replace(c, codes=words, personal_data=personal) if c.name.startswith("churn_reason_") else c for c in declared)
    return customers.join(reason_columns(shown), on="customer_id", how="left", validate="1:1", maintain_order="left"), columns


def _consented(scores: Mapping[str, pl.DataFrame], customers: pl.DataFrame) -> tuple[dict[str, pl.DataFrame], list[Remark]]:
    """Return the scores without those of customers who refuse profiling, and a remark on them."""
    if "consent_profiling" not in customers.columns:
        return dict(scores), []
    refusing = customers.filter(pl.col("consent_profiling") == "refused").select("customer_id")
    refused = refusing["customer_id"].implode()
    kept = {name: rows.filter(~of_them) if (of_them := rows["customer_id"].is_in(refused)).any() else rows for name, rows in scores.items()}
    return {name: rows for name, rows in kept.items() if len(rows)}, [_refusing(len(refusing))] if len(refusing) else []


_NO_TOTAL = Remark(
    "no_total_margin",
    "No total margin, so no value decile: it needs past_margin and a score of future margin.",
    "Pas de marge totale, donc pas de décile de valeur : il faut past_margin et un score de marge à venir.",
)


def _several_models(score: str, models: Sequence[str], shown: str) -> Remark:
    listed = ", ".join(models)
    return Remark(
        "several_models",
        f"{score} is given by {listed}; the file shows {shown}.",
        f"{score} est calculé par {listed} ; le fichier montre {shown}.",
        about=(score,),
    )


def _refusing(customers: int) -> Remark:
    one = customers == 1
    return Remark(
        "refused_profiling",
        f"{counted(customers, 'customer')} {'refuses' if one else 'refuse'} profiling: there are no scores of them.",
        f"{french(customers)} {'client refuse' if one else 'clients refusent'} le profilage : aucun score n’est établi à leur sujet.",
    )


def _shown(declared: Sequence[FileColumn], records: Mapping[str, Score], *kinds: ScoreKind) -> list[str]:
    """Return the columns that show a score of some kinds."""
    found = {c.name: records.get(c.score) for c in declared if c.kind == "score" and c.bound == "value"}
    return [name for name, record in found.items() if record is not None and any(kind.includes(record) for kind in kinds)]


def _facts(frame: pl.DataFrame, declared: Sequence[FileColumn], records: Mapping[str, Score]) -> pl.DataFrame:
    """Return the facts behind segments and quality, in the order of the rows: is_refusing, is_protected, is_holder, is_scored...

    If the customer table does not say who bought or holds a contract, nobody counts as a prospect.
    """
    there, no = frame.columns, pl.lit(value=False)
    scored = [c.name for c in declared if c.kind == "score" and c.bound == "value" and c.name in there]
    # Propensities, next products and effects of actions are scored for prospects too: they rest on no purchase or contract of theirs.
    open_to_all = set(_shown(declared, records, PROPENSITY, NEXT_PRODUCT_PROBABILITY, UPLIFT))
    running = pl.col("active_contracts") > 0 if "active_contracts" in there else _known(frame, "contract_age_days")
    is_told = bool({"days_since_last_order", "active_contracts", "contract_age_days"} & set(there))

    def has_any(names: Iterable[str]) -> pl.Expr:
        return pl.any_horizontal(no, *(pl.col(name).is_not_null() for name in names if name in there))

    facts = frame.select(
        "customer_id",
        is_refusing=pl.col("consent_profiling").eq_missing("refused") if "consent_profiling" in there else no,
        is_protected=pl.col("is_protected").fill_null(value=False) if "is_protected" in there else no,
        is_holder=running.fill_null(value=False) | has_any(_shown(declared, records, *CONTRACT_SCORES)),
        is_scored=has_any(scored),
        has_margin_ahead=has_any(_shown(declared, records, FUTURE_MARGIN)),
        has_bought=_known(frame, "days_since_last_order"),
        is_scored_by_history=has_any(name for name in scored if name not in open_to_all),
        **{name: _or_null(frame, name, dtype) for name, dtype in HISTORY.items()},
    )
    has_history = pl.any_horizontal(pl.lit(value=not is_told), "has_bought", "is_holder", "is_scored_by_history")
    return facts.with_columns(has_history=has_history).drop("is_scored_by_history")


def _known(frame: pl.DataFrame, name: str) -> pl.Expr:
    return _or_null(frame, name).is_not_null()


def _or_null(frame: pl.DataFrame, name: str, dtype: PolarsType = pl.Float64) -> pl.Expr:
    return pl.col(name) if name in frame.columns else pl.lit(None, dtype)


def _with_value(frame: pl.DataFrame, facts: pl.DataFrame, currency: str, declared: Sequence[FileColumn]) -> pl.DataFrame:
    """Return the frame with total margin, if both margins are known, and value decile and top fifth of those who may be ranked.

    The total adds the rounded parts, so that the columns add up in the file. The frame is in order of customer_id, which breaks ties.
    """
    past, total = f"past_margin_{currency}", f"total_margin_{currency}"
    made = frame.drop(total, "value_decile", "is_top20_margin", strict=False)
    future = _margin_ahead(declared, total)
    if past not in made.columns or future not in made.columns:
        return made
    made = made.with_columns((pl.col(past).round(2) + pl.col(future).round(2)).round(2).alias(total))
    rows = made.select(total, at=pl.int_range(pl.len()), counts=_ranked(facts)).filter(pl.col(total).is_not_null() & pl.col("counts"))
    ranked = rows.sort(total, descending=True, maintain_order=True)
    decile = (10 * pl.int_range(pl.len(), dtype=pl.Int64) // pl.len() + 1).cast(pl.Int8)
    deciles = made.select(at=pl.int_range(pl.len())).join(
        ranked.select("at", value_decile=decile), on="at", how="left", maintain_order="left"
    )
    return made.with_columns(deciles["value_decile"], is_top20_margin=deciles["value_decile"] <= TOP_DECILES)


def _ranked(facts: pl.DataFrame) -> pl.Series:
    """Return whether each customer may be ranked: neither protected nor refusing profiling."""
    return ~(facts["is_refusing"] | facts["is_protected"])


def _margin_ahead(declared: Sequence[FileColumn], total: str) -> str:
    """Return the column of the margin ahead behind the total, or an empty name."""
    rests_on = next((c.score for c in declared if c.name == total), None)
    return next((c.name for c in declared if c.score == rests_on and c.kind == "score" and c.bound == "value"), "")


def _with_segment(
    frame: pl.DataFrame, facts: pl.DataFrame, currency: str, declared: Sequence[FileColumn], records: Mapping[str, Score]
) -> pl.DataFrame:
    """Return the frame with the segment, by margin, or by revenue if no margin is known; without it if neither was scored."""
    past, future = f"past_margin_{currency}", _margin_ahead(declared, f"total_margin_{currency}")
    worth = pl.col(future) if {past, future} <= set(frame.columns) else None
    if worth is None:
        orders = next((name for name in _shown(declared, records, EXPECTED_ORDERS) if name in frame.columns), "")
        order_value, past = f"expected_order_value_{currency}", f"revenue_12m_{currency}"
        worth = pl.col(orders) * pl.col(order_value) if {orders, order_value, past} <= set(frame.columns) else None
    if worth is None:
        return frame
    people = facts.with_columns(frame.select(past=past, future=worth, p_alive=_or_null(frame, "p_alive")))
    return frame.with_columns(segment_value_activity(people))


def _with_rfm(frame: pl.DataFrame, facts: pl.DataFrame, currency: str) -> pl.DataFrame:
    """Return the frame with the scores of recency, frequency and monetary value, if purchases are known."""
    if "days_since_last_order" not in frame.columns or facts["repeat_purchases"].null_count() == len(frame):
        return frame
    values: dict[str, pl.Expr | pl.Series] = {
        "recency": pl.col("days_since_last_order"),
        "frequency": facts["repeat_purchases"] + 1,
        "monetary": _or_null(frame, f"past_revenue_{currency}"),
    }
    buyers = facts["has_bought"] & _ranked(facts)
    return frame.with_columns(rfm_scores(frame.select(pl.when(buyers).then(value).alias(name) for name, value in values.items())))


def _delivered(column: FileColumn) -> pl.Expr:
    """Return the column as it is delivered: declared type, rounded, no negative zero."""
    value = pl.col(column.name).cast(column.dtype)
    return value if column.decimals is None else value.round(column.decimals) + 0.0


def _as_described(column: FileColumn, dictionary: pl.DataFrame | None) -> FileColumn:
    """Return a column of the customer table with the meaning that its own dictionary gives; other columns as they are."""
    rows = dictionary.filter(pl.col("column") == column.name) if dictionary is not None and column.kind == "table" else None
    if rows is None or rows.is_empty():
        return column
    given = rows.row(0, named=True)
    # codes of relkit are described by the file in words, for the files that show words
    texts = {"null_means": column.null_means} if column.codes else {"meaning": column.meaning, "null_means": column.null_means}
    return replace(column, **{name: _given(given, name, default) for name, default in texts.items()})  # type: ignore[arg-type]


def _given(row: Mapping[str, str | None], name: str, default: Text) -> Text:
    """Return a text from the customer table's dictionary, in each language in which it has one."""
    return Text(row.get(name) or default["en"], row.get(f"{name}_fr") or default["fr"])


def _field(name: str, dtype: pl.DataType, dictionary: pl.DataFrame | None) -> FileColumn:
    """Return the declaration of a column requested by name, with the labels of the customer table's dictionary."""
    known: dict[str, str] = {}
    if dictionary is not None and (rows := dictionary.filter(pl.col("column") == name)).height:
        known = {key: str(value) for key, value in rows.row(0, named=True).items() if value is not None}
    meaning, null = known.get("meaning", ""), known.get("null_means", "")
    return FileColumn(
        name=name,
        dtype=dtype,
        label=Text(known.get("label_en", name), known.get("label_fr", name)),
        meaning=Text(meaning, known.get("meaning_fr", meaning)),
        null_means=Text(null, known.get("null_means_fr", null)),
        unit=known.get("unit", ""),
        personal_data=known.get("personal_data", "personal"),
    )
