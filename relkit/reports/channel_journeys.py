"""Ways to a conversion on the page on attribution: the most frequent paths and the transitions between channels.

journeys = ChannelJourneys(paths=paths, transitions=transitions, language="fr")
journeys.headlines(), journeys.flow(), journeys.paths_table(), journeys.transitions_picture()
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import polars as pl

from relkit.plots.style import number, percent
from relkit.reports.pictures import Gallery, Picture
from relkit.reports.summary_tables import SMALLEST_GROUP, Headlines, Shown, SummaryTable
from relkit.texts import Text

TOP_PATHS, LISTED = 25, 10
"""Paths that are drawn, and paths in the table."""
TEXTS: dict[str, Text] = {
    "lengths": Text(
        "{single} of the conversions with a touch had a single channel, which every rule credits with them: rules differ only on the other "
        "{several}.",
        "{single} des conversions précédées d’un contact n’ont touché qu’un seul canal, auquel toute règle les attribue : les règles ne "
        "diffèrent que sur les {several} restants.",
    ),
    "top": Text(
        "The most frequent way is {path}: {n} conversions ({share}).", "Le chemin le plus fréquent est {path} : {n} conversions ({share})."
    ),
    "none": Text("No path led to enough conversions to be shown.", "Aucun chemin n’a mené à assez de conversions pour être montré."),
    "c_flow": Text(
        "The {n} most frequent paths, which led to {share} of the conversions with a touch. Consecutive touches of one channel are one "
        "step; thickness is the number of conversions.",
        "Les {n} chemins les plus fréquents, qui ont mené à {share} des conversions précédées d’un contact. Les contacts successifs d’un "
        "même canal forment une étape ; l’épaisseur est le nombre de conversions.",
    ),
    "c_transitions": Text(
        "Of the journeys at a channel (row), the share whose next step is another one, a conversion or nothing (column). The model of "
        "removal effects is made of these shares.",
        "Parmi les parcours passés par un canal (ligne), la part dont l’étape suivante est un autre, une conversion ou rien (colonne). "
        "Le modèle des effets de retrait est fait de ces parts.",
    ),
    "caption": Text("The most frequent paths", "Les chemins les plus fréquents"),
    "path": Text("Path", "Chemin"),
    "conversions": Text("Conversions", "Conversions"),
    "share": Text("Share of those with a touch", "Part de celles avec contact"),
    "rate": Text("Of the journeys on it, converted", "Parcours convertis sur ce chemin"),
    "note": Text("Paths with fewer than {n} conversions are not listed.", "Les chemins de moins de {n} conversions ne sont pas listés."),
}
_ARROW = " → "


@dataclass(frozen=True, eq=False, kw_only=True)
class ChannelJourneys:
    """Paths of journeys and their transitions.

    Attributes:
        paths: channels (lists in order of time), conversions, nulls.
        transitions: state, next, journeys, probability, as a fitted chain keeps them; None without one.
        language: en or fr.
    """

    paths: pl.DataFrame
    transitions: pl.DataFrame | None = None
    language: str = "en"

    @cached_property
    def collapsed(self) -> pl.DataFrame:
        """Paths in which consecutive touches of one channel are one step: channels, conversions, nulls, the most frequent first."""
        touched = self.paths.filter(pl.col("channels").list.len() > 0).select(
            pl.col("channels").cast(pl.List(pl.String)), "conversions", "nulls"
        )
        grouped = touched.group_by("channels").agg(pl.col("conversions", "nulls").sum())
        steps = grouped.with_columns(channels=pl.Series(_collapsed(grouped["channels"]), dtype=pl.List(pl.String)))
        found = steps.group_by("channels").agg(pl.col("conversions", "nulls").sum())
        return found.with_columns(path=pl.col("channels").list.join(_ARROW)).sort("conversions", "path", descending=[True, False])

    @property
    def shown(self) -> pl.DataFrame:
        """The most frequent paths with enough conversions."""
        return self.collapsed.filter(pl.col("conversions") >= SMALLEST_GROUP).head(TOP_PATHS)

    @property
    def touched(self) -> float:
        """Conversions with a touch."""
        return float(self.collapsed["conversions"].sum())

    def headlines(self) -> Headlines:
        """Return the share of conversions on which rules can differ, and the most frequent path."""
        if self.shown.is_empty():
            return Headlines((self._say("none"),))
        one = float(self.collapsed.filter(pl.col("channels").list.n_unique() == 1)["conversions"].sum()) / self.touched
        top = self.shown.row(0, named=True)
        words = {
            "path": top["path"],
            "n": number(top["conversions"], self.language),
            "share": self._percent(top["conversions"] / self.touched),
        }
        return Headlines((self._say("lengths", single=self._percent(one), several=self._percent(1 - one)), self._say("top", **words)))

    def flow(self) -> Gallery:
        """Return the flow of the most frequent paths."""
        from relkit.plots.path_flow import plot_path_flow

        if self.shown.is_empty():
            return Gallery(())
        share = self._percent(float(self.shown["conversions"].sum()) / self.touched)
        drawn = plot_path_flow(self.shown, language=self.language)
        return Gallery((Picture(drawn, self._say("c_flow", n=len(self.shown), share=share)),))

    def paths_table(self) -> SummaryTable | Gallery:
        """Return the most frequent paths with their conversions."""
        if self.shown.is_empty():
            return Gallery(())
        journeys = pl.col("conversions") + pl.col("nulls")
        has_nulls = float(self.collapsed["nulls"].sum()) > 0
        rows = self.shown.head(LISTED).with_columns(share=pl.col("conversions") / self.touched, rate=pl.col("conversions") / journeys)
        kinds = {"path": ("text", 0), "conversions": ("number", 0), "share": ("share", 1)} | ({"rate": ("share", 1)} if has_nulls else {})
        columns = tuple(Shown(name, self._say(name), kind, digits) for name, (kind, digits) in kinds.items())  # type: ignore[arg-type]
        note = self._say("note", n=SMALLEST_GROUP)
        return SummaryTable(frame=rows, columns=columns, caption=self._say("caption"), language=self.language, notes=(note,))

    def transitions_picture(self) -> Gallery:
        """Return the heat map of the transitions."""
        from relkit.plots.transition_map import plot_transition_map

        if self.transitions is None or self.transitions.is_empty():
            return Gallery(())
        drawn = plot_transition_map(self.transitions, language=self.language)
        return Gallery((Picture(drawn, self._say("c_transitions")),))

    def _percent(self, value: float) -> str:
        return percent(value, self.language, 1)

    def _say(self, key: str, **words: object) -> str:
        return TEXTS[key][self.language].format(**words)


def _collapsed(paths: pl.Series) -> list[list[str]]:
    """Return lists in which a value that follows itself is left out.

    Examples:
        >>> _collapsed(pl.Series([["a", "a", "b", "a"]]))
        [['a', 'b', 'a']]
    """
    return [[name for at, name in enumerate(path) if not at or name != path[at - 1]] for path in paths.to_list()]
