"""Content of the first sheet of the workbook: counts, remarks and changes, computed from the delivered file.

    summary = summary_of(file, occasion, difference, remarks)

Tables are blocks: a title, headers, rows and the kind of each column; two of them have a chart. Nothing is written here: that is
`relkit.delivery.summary_sheet`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from relkit.delivery.difference import main_changes
from relkit.file_column import channel_in_words
from relkit.remarks import unique
from relkit.scores.value_activity import ACTIVITIES, OTHERS, VALUES, activity_of_segment, value_of_segment
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.delivery.customer_files import CustomerFile
    from relkit.delivery.difference import Difference
    from relkit.delivery.manifest import Occasion
    from relkit.file_column import FileColumn
    from relkit.texts import Language

Kind = Literal["text", "count", "money", "share"]
Chart = Literal["", "bars", "stacked_bars", "stacked_columns"]

TEXTS: dict[str, Text] = {
    "title": Text("Customers of {programme}, as of {day}", "Clients de {programme}, situation au {day}"),
    "customers": Text("Customers", "Clients"),
    "with_value": Text("With a margin ahead", "Avec une marge attendue"),
    "ahead": Text("Expected margin ({currency})", "Marge attendue ({currency})"),
    "contactable": Text("May be contacted", "Contact possible"),
    "orders": Text("Bought in 12 months", "Acheteurs sur 12 mois"),
    "segments": Text("Value and activity", "Valeur et activité"),
    "segments_chart": Text("Customers by value and activity", "Clients selon la valeur et l'activité"),
    "value": Text("Value", "Valeur"),
    "all": Text("All", "Ensemble"),
    "deciles": Text("Value by tenth (1 = best)", "Valeur par dixième (1 = meilleur)"),
    "deciles_chart": Text("Past and expected margin by tenth of the customers", "Marge passée et attendue par dixième des clients"),
    "decile": Text("Tenth", "Dixième"),
    "none": Text("In no tenth", "Dans aucun dixième"),
    "past": Text("Past margin ({currency})", "Marge passée ({currency})"),
    "future": Text("Expected margin ({currency})", "Marge attendue ({currency})"),
    "share": Text("Share of expected", "Part de l'attendu"),
    "contact": Text("Who may be contacted", "Qui peut être contacté"),
    "reason": Text("Situation", "Situation"),
    "channel": Text("Channel", "Canal"),
    "channels": Text("May be contacted, by channel", "Contact possible, par canal"),
    "quality": Text("What the scores rest on, and why some are empty", "Sur quoi reposent les scores, et pourquoi certains sont vides"),
    "credit": Text("Credit of channels, all models side by side", "Crédit des canaux, tous modèles côte à côte"),
    "share_low": Text("Share, lowest model", "Part, modèle le plus bas"),
    "share_high": Text("Share, highest model", "Part, modèle le plus haut"),
    "spend": Text("Spend ({currency})", "Dépense ({currency})"),
    "per_low": Text("Cost per conversion, lowest ({currency})", "Coût par conversion, le plus bas ({currency})"),
    "per_high": Text("Cost per conversion, highest ({currency})", "Coût par conversion, le plus haut ({currency})"),
    "rfm": Text("Recency and frequency of purchases", "Récence et fréquence des achats"),
    "label": Text("Group", "Groupe"),
    "part": Text("Share", "Part"),
    "remarks": Text("Remarks", "Remarques"),
    "no_remarks": Text("Nothing that changes how the numbers are to be read.", "Rien qui change la lecture des nombres."),
    "thousands": Text(",", "\u202f"),
    "rest": Text(
        "The sheet lists the {shown} most valuable of {customers} customers; all of them are in customers_marketer.csv.",
        "La feuille liste les {shown} clients les plus précieux sur {customers} ; tous figurent dans customers_marketer_fr.csv.",
    ),
    "changes": Text("Since the last delivery", "Depuis la dernière livraison"),
    "reading": Text("How to read and use this file", "Comment lire et utiliser ce fichier"),
    "sorted": Text(
        "One row a customer, the most valuable first. An empty cell means that the column does not apply, or that there is no "
        "score; the column Quality of the scores and the data dictionary say why.",
        "Une ligne par client, du plus au moins précieux. Une cellule vide signifie que la colonne ne s'applique pas ou qu'il "
        "n'y a pas de score ; la colonne Qualité des scores et le dictionnaire disent pourquoi.",
    ),
    "best": Text(
        "Best: the first fifth by past and expected margin; middle: the next 30%; rest: the other half.",
        "Meilleurs : le premier cinquième selon la marge passée et attendue ; moyens : les 30 % suivants ; autres : le reste.",
    ),
    "join": Text(
        "Addresses are not in this file. To add e-mail addresses from a sheet named Addresses (customer id in column A, e-mail in "
        'column B), type in the first free column of the Customers sheet: =XLOOKUP(A2,Addresses!A:A,Addresses!B:B,"") and fill down; '
        "ids are text in both sheets.",
        "Les adresses ne sont pas dans ce fichier. Pour ajouter l'e-mail depuis une feuille nommée Adresses (identifiant "
        "en colonne A, e-mail en colonne B), saisissez dans la première colonne libre de la feuille Clients : "
        '=RECHERCHEX(A2;Adresses!A:A;Adresses!B:B;"") puis recopiez vers le bas ; les identifiants sont du texte dans les deux feuilles.',
    ),
    "full": Text(
        "customers_scored.csv and customers_scored.parquet hold all columns, with technical names and codes.",
        "customers_scored_fr.csv contient toutes les colonnes.",
    ),
    "models": Text("Models behind the scores", "Modèles derrière les scores"),
    "version": Text(
        "{model}, version {version}, trained on facts up to {day}: {scores}",
        "{model}, version {version}, entraîné sur les faits connus au {day} : {scores}",
    ),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Block:
    """A table of the summary.

    Attributes:
        title: above the table.
        headers: one per column.
        kinds: one per column.
        rows: cells; None for an empty cell.
        chart: its kind, if any.
        chart_title: of the chart.
        drawn: number of rows in the chart, from the first.
        series: columns in the chart.
        has_total: the last row is a total.
    """

    title: str
    headers: tuple[str, ...]
    kinds: tuple[Kind, ...]
    rows: tuple[tuple[Any, ...], ...]
    chart: Chart = ""
    chart_title: str = ""
    drawn: int = 0
    series: tuple[int, ...] = ()
    has_total: bool = False


@dataclass(frozen=True, eq=False, kw_only=True)
class Summary:
    """The first sheet.

    Attributes:
        title: of the sheet.
        figures: a few numbers: value, kind, label.
        blocks: tables, in order.
        texts: titles with the paragraphs below each, in order.
    """

    title: str
    figures: tuple[tuple[Any, Kind, str], ...]
    blocks: tuple[Block, ...]
    texts: tuple[tuple[str, tuple[str, ...]], ...]


def summary_of(file: CustomerFile, occasion: Occasion, difference: Difference, *, in_sheet: int | None = None) -> Summary:
    """Return the summary of a file.

    Args:
        file: full view.
        occasion: context of the delivery, with its language; its remarks and those of the file are shown.
        difference: against the previous delivery.
        in_sheet: number of customers that the workbook lists; None for all of them.
    """
    made = _Making(file, occasion.language)
    texts, blocks = (
        made.texts,
        (made.segments(), made.deciles(), made.contact(), made.channels(), made.quality(), made.rfm(), made.credit()),
    )
    changes = main_changes(difference, columns=file.columns, language=occasion.language)
    reading = (texts["sorted"], texts["best"], texts["join"], texts["full"])
    return Summary(
        title=texts["title"].format(programme=occasion.programme, day=made.day(file.as_of.isoformat())),
        figures=made.figures(),
        blocks=tuple(block for block in blocks if block),
        texts=(
            (texts["remarks"], (*_rest(file, in_sheet, texts), *_remarks(file, occasion, texts))),
            (texts["changes"], tuple(changes)),
            (texts["reading"], reading),
            *(((texts["models"], lines),) if (lines := made.models()) else ()),
        ),
    )


def _rest(file: CustomerFile, in_sheet: int | None, texts: dict[str, str]) -> tuple[str, ...]:
    """Return a sentence on where to find the customers that the workbook does not list."""
    if in_sheet is None or in_sheet >= len(file.frame):
        return ()
    written = [f"{count:,}".replace(",", texts["thousands"]) for count in (in_sheet, len(file.frame))]
    return (texts["rest"].format(shown=written[0], customers=written[1]),)


def _remarks(file: CustomerFile, occasion: Occasion, texts: dict[str, str]) -> tuple[str, ...]:
    noticed = unique((*occasion.remarks, *file.remarks))
    return tuple(remark.text(occasion.language) for remark in noticed) or (texts["no_remarks"],)


class _Making:
    """The tables of one file in one language."""

    def __init__(self, file: CustomerFile, language: Language) -> None:
        self.file, self.frame, self.language = file, file.frame, language
        self.texts = {key: text.replace("{currency}", file.currency) for key, text in in_language(TEXTS, language).items()}
        cur = file.currency.lower()
        total = next((c for c in file.columns if c.name == f"total_margin_{cur}"), None)
        self.past = f"past_margin_{cur}"
        self.future = next(
            (c.name for c in file.columns if total and c.score == total.score and c.kind == "score" and c.bound == "value"), ""
        )

    def day(self, iso: str) -> str:
        year, _, rest = iso.partition("-")
        return "/".join([*reversed(rest.split("-")), year]) if self.language == "fr" else iso

    def figures(self) -> tuple[tuple[Any, Kind, str], ...]:
        frame = self.frame
        found: list[tuple[Any, Kind, str]] = [(len(frame), "count", self.texts["customers"])]
        if "orders_12m" in frame.columns:
            found.append((int((frame["orders_12m"] > 0).sum()), "count", self.texts["orders"]))
        if self.future:
            found.append((len(frame) - frame[self.future].null_count(), "count", self.texts["with_value"]))
            found.append((float(frame[self.future].sum()), "money", self.texts["ahead"]))
        if "is_contactable" in frame.columns:
            found.append((int(frame["is_contactable"].sum()), "count", self.texts["contactable"]))
        return tuple(found)

    def segments(self) -> Block | None:
        """Return customers by value and activity, and below them those without a value group."""
        if "segment_value_activity" not in self.frame.columns:
            return None
        parts = self.frame.select(value_of_segment(), activity_of_segment(), "segment_value_activity")
        counts = {(group, does): n for group, does, n in parts.group_by("group", "activity").len().iter_rows()}
        rows = [
            (words[self.language], *(found := [counts.get((value, does), 0) for does in ACTIVITIES]), sum(found))
            for value, words in VALUES.items()
        ]
        others = dict(parts.filter(pl.col("group").is_null()).group_by("segment_value_activity").len().iter_rows())
        rows += [(words[self.language], *[None] * len(ACTIVITIES), others.get(code, 0)) for code, words in OTHERS.items()]
        sums = [sum(row[i] or 0 for row in rows) for i in range(1, len(ACTIVITIES) + 2)]
        return Block(
            title=self.texts["segments"],
            headers=(self.texts["value"], *(words[self.language].capitalize() for words in ACTIVITIES.values()), self.texts["all"]),
            kinds=("text", *["count"] * (len(ACTIVITIES) + 1)),  # type: ignore[arg-type]
            rows=(*rows, (self.texts["all"], *sums)),
            chart="stacked_bars",
            chart_title=self.texts["segments_chart"],
            drawn=len(VALUES),
            series=tuple(range(1, len(ACTIVITIES) + 1)),
            has_total=True,
        )

    def deciles(self) -> Block | None:
        """Return customers, past and expected margin by tenth; those in no tenth are below."""
        if "value_decile" not in self.frame.columns:
            return None
        sums = {"customers": pl.len(), "past": pl.col(self.past).sum(), "future": pl.col(self.future).sum()}
        whole = self.frame.select(**sums).row(0)
        found = self.frame.group_by("value_decile").agg(**sums).sort("value_decile", nulls_last=True)
        rows = [
            (self.texts["none"] if decile is None else str(decile), n, past, future, future / (whole[2] or 1.0))
            for decile, n, past, future in found.iter_rows()
        ]
        return Block(
            title=self.texts["deciles"],
            headers=tuple(self.texts[key] for key in ("decile", "customers", "past", "future", "share")),
            kinds=("text", "count", "money", "money", "share"),
            rows=(*rows, (self.texts["all"], *whole, 1.0 if whole[2] else None)),
            chart="stacked_columns",
            chart_title=self.texts["deciles_chart"],
            drawn=found["value_decile"].drop_nulls().len(),
            series=(2, 3),
            has_total=True,
        )

    def contact(self) -> Block | None:
        """Return the customers who may be contacted, and the others by reason."""
        if "not_contactable_because" not in self.frame.columns:
            return None
        column = self._column("not_contactable_because")
        counts = dict(self.frame.group_by(column.name).len().iter_rows())
        named = [(self.texts["contactable"], counts.get(None, 0))]
        named += [(self._sentence(word), counts[code]) for code, word in column.words(self.language).items() if counts.get(code)]
        return self._counted("contact", "reason", named)

    def channels(self) -> Block | None:
        """Return the number of contactable customers by channel."""
        start = "may_contact_"
        found = [c for c in self.file.columns if c.name.startswith(start)]
        named = [
            (self._sentence(channel_in_words(c.name.removeprefix(start))[self.language]), int(self.frame[c.name].sum())) for c in found
        ]
        return replace(self._counted("channels", "channel", named), chart="bars") if named else None

    def quality(self) -> Block | None:
        """Return the number of customers by quality of scores."""
        return self._by_code("quality", "label", "score_quality")

    def rfm(self) -> Block | None:
        """Return the number of buyers in each group."""
        if "rfm_label" not in self.frame.columns:
            return None
        return replace(self._by_code("rfm", "label", "rfm_label"), chart="bars")

    def credit(self) -> Block | None:
        """Return the span of each channel's credit over all models, the largest first, with its spend; None without credit."""
        if self.file.credit is None:
            return None
        whole = self.file.credit.frame.filter(pl.col("segment").is_null(), pl.col("period").is_null())
        spans = {"share": ("share_low", "share_high"), "cost_per_conversion": ("per_low", "per_high")}
        ends = {key: of for name, keys in spans.items() for key, of in zip(keys, (pl.col(name).min(), pl.col(name).max()), strict=True)}
        order = ("share_low", "share_high", "spend", "per_low", "per_high")
        found = whole.group_by("channel").agg(spend=pl.col("cost").last(), **ends).sort("share_high", "channel", descending=[True, False])
        return Block(
            title=self.texts["credit"],
            headers=tuple(self.texts[key] for key in ("channel", *order)),
            kinds=("text", "share", "share", "money", "money", "money"),
            rows=tuple(
                (channel_in_words(channel)[self.language], *cells) for channel, *cells in found.select("channel", *order).iter_rows()
            ),
        )

    def models(self) -> tuple[str, ...]:
        """Return each model with its version and its scores."""
        behind: dict[tuple[str, str, str], list[str]] = {}
        for column in self.file.columns:
            source = self.file.sources.get(column.score)
            if source and column.kind == "score" and column.bound == "value":
                behind.setdefault((source.model, source.version, source.trained_as_of), []).append(column.label[self.language])
        return tuple(
            self.texts["version"].format(model=model.replace("+", " + "), version=version, day=self.day(day), scores=", ".join(labels))
            for (model, version, day), labels in behind.items()
        )

    def _by_code(self, title: str, header: str, name: str) -> Block:
        counts = dict(self.frame.group_by(name).len().iter_rows())
        words = self._column(name).words(self.language)
        return self._counted(title, header, [(self._sentence(word), counts[code]) for code, word in words.items() if counts.get(code)])

    def _counted(self, title: str, header: str, named: Sequence[tuple[str, int]]) -> Block:
        whole = max(len(self.frame), 1)
        return Block(
            title=self.texts[title],
            headers=(self.texts[header], self.texts["customers"], self.texts["part"]),
            kinds=("text", "count", "share"),
            rows=tuple((word, n, n / whole) for word, n in named),
            chart_title=self.texts[title],
            drawn=len(named),
            series=(1,),
        )

    def _column(self, name: str) -> FileColumn:
        return next(c for c in self.file.columns if c.name == name)

    @staticmethod
    def _sentence(words: str) -> str:
        return words[:1].upper() + words[1:]
