"""Content of the page on journeys: the funnel, and groups of journeys that are alike.

page = JourneyShapes.of(steps, lookback_days=30, stages=(), by="", language="fr")
page.funnel_headlines(), page.funnel_picture(), page.group_headlines(), page.group_picture(), page.groups()
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.errors import NotEnoughEventsError
from relkit.features.journey_funnel import found_stages, journey_funnel
from relkit.features.journey_steps import label_column
from relkit.models.attribution.coded_paths import CodedPaths
from relkit.models.attribution.path_clusters import PathClusters, clustered_paths
from relkit.plots.style import number, percent
from relkit.reports.customer_journeys import in_words
from relkit.reports.customer_journeys_texts import channel_names, kind_name
from relkit.reports.pictures import Gallery, Picture
from relkit.reports.summary_tables import SMALLEST_GROUP, Headlines, Shown, SummaryTable
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

TEXTS: dict[str, Text] = {
    "no_funnel": Text("No journey has a touch, so there is no funnel.", "Aucun parcours n’a de contact : il n’y a pas d’entonnoir."),
    "few_stages": Text(
        "Journeys touch a single {what}, so there are no stages to compare: map the column step of the touchpoints.",
        "Les parcours ne passent que par un seul type d’étape ({what}) : rien à comparer. Renseignez la colonne step des points de "
        "contact.",
    ),
    "found": Text(
        "No stages are declared; these are the {n} that most journeys touch (column {by}), in the order of their usual place.",
        "Aucune étape n’est déclarée ; voici les {n} par lesquelles passent le plus de parcours (colonne {by}), dans leur ordre habituel.",
    ),
    "through": Text(
        "Of {first} journeys that reach {stage}, {last} ({share}) pass all stages in this order and convert.",
        "Sur {first} parcours qui atteignent «\u00a0{stage}\u00a0», {last} ({share}) passent toutes les étapes dans cet ordre et "
        "aboutissent.",
    ),
    "through_few": Text(
        "Of {first} journeys that reach {stage}, fewer than {smallest} pass all stages in this order and convert.",
        "Sur {first} parcours qui atteignent «\u00a0{stage}\u00a0», moins de {smallest} passent toutes les étapes dans cet ordre et "
        "aboutissent.",
    ),
    "narrowest": Text(
        "The narrowest passage is from {before} to {after}: {share} go on.",
        "Le passage le plus étroit va de «\u00a0{before}\u00a0» à «\u00a0{after}\u00a0» : {share} poursuivent.",
    ),
    "conversion": Text("conversion", "conversion"),
    "c_funnel": Text(
        "A journey reaches a stage with its first touch there after the stage before; other touches between do not matter. Journeys that "
        "begin at a later stage are not in the funnel.",
        "Un parcours atteint une étape par son premier contact à cette étape après la précédente ; les contacts intermédiaires ne comptent "
        "pas. Les parcours qui commencent à une étape ultérieure sont hors de l’entonnoir.",
    ),
    "no_groups": Text("Too few different journeys to group.", "Trop peu de parcours différents pour former des groupes."),
    "grouped": Text(
        "The journeys fall into {n} groups; the largest ({share}) is typically {path}.",
        "Les parcours forment {n} groupes ; le plus grand ({share}) a pour parcours type «\u00a0{path}\u00a0».",
    ),
    "best_group": Text(
        "The group {path} converts most: {rate} of its journeys, against {all} of all.",
        "Le groupe «\u00a0{path}\u00a0» aboutit le plus : {rate} de ses parcours, contre {all} de l’ensemble.",
    ),
    "c_groups": Text(
        "Journeys alike in channels, length and duration. Each group is named after the path nearest to its middle; the groups describe, "
        "they test nothing.",
        "Parcours semblables par leurs canaux, leur longueur et leur durée. Chaque groupe porte le nom du parcours le plus proche de son "
        "centre ; ils décrivent, sans rien prouver.",
    ),
    "groups": Text("Groups of journeys", "Groupes de parcours"),
    "typical_path": Text("Typical path", "Parcours type"),
    "bar": Text("{path}\n{share} of journeys, {touches} touches", "{path}\n{share} des parcours, {touches} contacts"),
    "journeys": Text("Journeys", "Parcours"),
    "share": Text("Of all journeys", "De tous les parcours"),
    "conversion_rate": Text("Convert", "Aboutissent"),
    "touches": Text("Touches, mean", "Contacts, moyenne"),
    "days": Text("Days, mean", "Jours, moyenne"),
    "column_step": Text("step", "étape"),
    "column_kind": Text("kind of touch", "nature de contact"),
    "column_channel": Text("channel", "canal"),
    "column_item": Text("item", "élément"),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class JourneyShapes:
    """Funnel and groups of journeys.

    Attributes:
        funnel: of `relkit.features.journey_funnel`; None if there are no two stages.
        groups: of journeys; None if they are too few.
        by: column of the stages.
        declared: whether the stages were asked for.
        language: en or fr.
    """

    funnel: pl.DataFrame | None
    groups: PathClusters | None
    by: str
    declared: bool
    language: str

    @classmethod
    def of(cls, steps: pl.DataFrame, *, stages: Sequence[str] = (), by: str = "", language: str = "en") -> JourneyShapes:
        """Count what is shown.

        Args:
            steps: of `relkit.features.journey_steps`.
            stages: of the funnel, in order; empty for those found.
            by: column of the stages: step, kind, channel or item; empty for the first that tells touches apart.
            language: en or fr.

        Raises:
            ParameterError: a stage has no touch, or is named twice.
        """
        column = by or label_column(steps)
        named = tuple(stages) or found_stages(steps, by=column)
        funnel = journey_funnel(steps, named, by=column) if stages or len(named) > 1 else None
        return cls(funnel=funnel, groups=_groups(in_words(steps, language)), by=column, declared=bool(stages), language=language)

    def funnel_headlines(self) -> Headlines:
        """Return the findings on the funnel."""
        if self.funnel is None:
            return Headlines((self._say("few_stages", what=self._say(f"column_{self.by}")),))
        names, rows = self._stages(), self.funnel.rows(named=True)
        first, last = rows[0]["journeys"], rows[-1]["journeys"]
        lines = [] if self.declared else [self._say("found", n=len(rows) - 1, by=self.by)]
        if last < SMALLEST_GROUP:
            lines.append(self._say("through_few", first=self._number(first), stage=names[0], smallest=SMALLEST_GROUP))
        else:
            share = percent(last / first, self.language, 1)
            lines.append(self._say("through", first=self._number(first), stage=names[0], last=self._number(last), share=share))
            lines.append(self._narrowest(names, [row["share_of_previous"] for row in rows]))
        return Headlines(tuple(lines))

    def funnel_picture(self) -> Gallery:
        """Return the funnel, up to the first stage that too few reach."""
        from relkit.plots.journey_funnel import plot_journey_funnel

        if self.funnel is None:
            return Gallery(())
        shown = self.funnel.filter(pl.col("journeys") >= SMALLEST_GROUP)
        if shown.is_empty():
            return Gallery(())
        drawn = plot_journey_funnel(shown, stages=self._stages()[: len(shown)], language=self.language)
        return Gallery((Picture(drawn, self._say("c_funnel")),))

    def group_headlines(self) -> Headlines:
        """Return the findings on groups of journeys."""
        if self.groups is None:
            return Headlines((self._say("no_groups"),))
        table = self.groups.summary
        largest = table.row(0, named=True)
        lines = [self._say("grouped", n=len(table), share=percent(largest["share"], self.language), path=largest["typical_path"])]
        best = table.filter(pl.col("conversions") >= SMALLEST_GROUP).sort(["conversion_rate", "cluster"], descending=[True, False])
        if len(best):
            row, everybody = best.row(0, named=True), float(table["conversions"].sum()) / float(table["journeys"].sum())
            rates = {"rate": percent(row["conversion_rate"], self.language, 1), "all": percent(everybody, self.language, 1)}
            lines.append(self._say("best_group", path=row["typical_path"], **rates))
        return Headlines(tuple(lines))

    def group_picture(self) -> Gallery:
        """Return the channels of each group."""
        from relkit.plots.journey_groups import plot_journey_groups

        if self.groups is None:
            return Gallery(())
        large = self.groups.summary.filter(pl.col("journeys") >= SMALLEST_GROUP)
        if large.is_empty():
            return Gallery(())
        used = self.groups.channel_shares.join(large.select("cluster", "journeys"), on="cluster")
        weight = (pl.col("share") * pl.col("journeys")).sum()
        channels = used.group_by("channel").agg(weight=weight).sort(["weight", "channel"], descending=[True, False])["channel"].to_list()
        wide = used.pivot("channel", index="cluster", values="share").sort("cluster").select(channels)
        names = [self._bar(row) for row in large.iter_rows(named=True)]
        drawn = plot_journey_groups(wide.to_numpy(), groups=names, channels=channels, language=self.language)
        return Gallery((Picture(drawn, self._say("c_groups")),))

    def group_table(self) -> SummaryTable | Gallery:
        """Return the groups in numbers."""
        if self.groups is None:
            return Gallery(())
        columns = (
            *(self._shown("typical_path", "text"), self._shown("journeys", "count")),
            *(self._shown("share", "share"), self._shown("conversion_rate", "share", 1), self._shown("touches", "number", 1)),
            *((self._shown("days", "number", 1),) if self.groups.summary["days"].count() else ()),
        )
        return SummaryTable(
            frame=self.groups.summary, columns=columns, caption=self._say("groups"), language=self.language, count="journeys"
        )

    def _stages(self) -> list[str]:
        """Return the names of the stages in words."""
        assert self.funnel is not None
        own = [stage for stage in self.funnel["stage"] if stage is not None]
        if self.by == "kind":
            own = [kind_name(stage, self.language) for stage in own]
        if self.by == "channel":
            own = [*channel_names(own, self.language).values()]
        return [*own, self._say("conversion")]

    def _bar(self, row: dict[str, Any]) -> str:
        share, touches = percent(row["share"], self.language), number(row["touches"], self.language, 1)
        return self._say("bar", path=_short(row["typical_path"]), share=share, touches=touches)

    def _narrowest(self, names: list[str], shares: list[float | None]) -> str:
        known = {place: share for place, share in enumerate(shares) if share is not None}
        at = min(known, key=lambda place: known[place])
        share = percent(known[at], self.language, 1)
        return self._say("narrowest", before=names[at - 1], after=names[at], share=share)

    def _shown(self, name: str, kind: Any, digits: int = 0) -> Shown:
        return Shown(name, self._say(name), kind, digits)

    def _number(self, value: float) -> str:
        return number(value, self.language)

    def _say(self, key: str, **words: Any) -> str:
        return TEXTS[key][self.language].format(**words)


def _groups(steps: pl.DataFrame) -> PathClusters | None:
    """Return the groups of journeys; None if there are too few."""
    seconds = (pl.col("ended_at").cast(pl.Int64) - pl.col("occurred_at").cast(pl.Int64)) // 1_000_000
    frame = (
        steps.with_columns(seconds=seconds)
        .group_by("journey", maintain_order=True)
        .agg(
            channels=pl.col("channel").cast(pl.String),
            conversions=(pl.col("conversions").first() > 0).cast(pl.Float64),
            nulls=(pl.col("conversions").first() <= 0).cast(pl.Float64),
            seconds_before="seconds",
        )
        .drop("journey")
    )
    if len(frame) < SMALLEST_GROUP:
        return None
    try:
        return clustered_paths(CodedPaths.of(frame))
    except NotEnoughEventsError:
        return None


def _short(path: str, most: int = 30) -> str:
    """Return a path that fits at an axis.

    Examples:
        >>> _short("display x 2 > search > direct > email", 20)
        'display x 2 > searc…'
    """
    return path if len(path) <= most else f"{path[: most - 1]}…"
