"""Budget scenario on the page on attribution: what one more euro would change, with its reserve, and where it is refused.

scenario = ChannelScenario(responses=table, scenario=found, curves=curves, model="Incremental", language="fr")
scenario.headlines(), scenario.picture(), scenario.table()
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.models.attribution.channel_responses import FEW_PERIODS, LEAST_PERIODS, NO_SPEND, NO_VALUE, NO_VARIATION, REFUSED
from relkit.plots.style import money, number, percent
from relkit.reports.channel_attribution_texts import SMALL_AMOUNT
from relkit.reports.channel_attribution_texts import TEXTS as PAGE
from relkit.reports.pictures import Gallery, Picture
from relkit.reports.summary_tables import DASH, Headlines, Shown, SummaryTable
from relkit.texts import Text

if TYPE_CHECKING:
    from relkit.models.attribution.budget import BudgetScenario

TEXTS: dict[str, Text] = {
    "nothing_spent": Text(
        "There is no scenario: the spend of no channel is known.", "Il n’y a pas de scénario : la dépense d’aucun canal n’est connue."
    ),
    "too_few": Text(
        "There is no scenario: money can move only between two channels whose response is known, and {n} of {all} has one. {why}",
        "Il n’y a pas de scénario : l’argent ne peut passer qu’entre deux canaux dont la réponse est connue, et il y en a {n} sur {all}. "
        "{why}",
    ),
    "move_sure": Text(
        "One {unit} moved from {giver} to {taker} would bring {gain} more of {worth} ({low} to {high}). That is a calculation from past "
        "weeks: move a little, and measure.",
        "Un {unit} déplacé du canal {giver} vers le canal {taker} rapporterait {gain} de {worth} en plus (de {low} à {high}). C’est un "
        "calcul sur des semaines passées : en déplacer peu, et mesurer.",
    ),
    "move_unsure": Text(
        "The best move of one {unit}, from {giver} to {taker}, would bring {gain} more of {worth}, but the data also allow a loss ({low} "
        "to {high}): no reason to move anything without an experiment.",
        "Le meilleur déplacement d’un {unit}, du canal {giver} vers le canal {taker}, rapporterait {gain} de {worth} en plus, mais les "
        "données admettent aussi une perte (de {low} à {high}) : aucune raison de déplacer quoi que ce soit sans une expérience.",
    ),
    "euro": Text(
        "One {unit} moved from {giver} to {taker} would bring {gain} more of {worth}, by a scenario on past weeks.",
        "Un {unit} déplacé du canal {giver} vers le canal {taker} rapporterait {gain} de {worth} en plus, selon un scénario sur les "
        "semaines passées.",
    ),
    "euro_unsure": Text(
        "No move of one {unit} between channels is sure to pay; the most promising is from {giver} to {taker}, with {gain} more of "
        "{worth}.",
        "Aucun déplacement d’un {unit} entre canaux ne rapporte à coup sûr ; le plus prometteur va du canal {giver} vers le canal "
        "{taker}, avec {gain} de {worth} en plus.",
    ),
    "euro_unknown": Text(
        "What one {unit} moved between channels would change cannot be told from this spend.",
        "Ce que changerait un {unit} déplacé entre canaux ne peut se lire dans ces dépenses.",
    ),
    "no_move": Text(
        "No channel spends enough a week for one {unit} to be a small change: the scenario says nothing of it.",
        "Aucun canal ne dépense assez par semaine pour qu’un {unit} soit un petit changement : le scénario n’en dit rien.",
    ),
    "best": Text(
        "With the same {total} a week shared out so that the last {unit} brings the same everywhere, and no channel changed by more than "
        "{reach}, {gain} more of {worth} a week would be credited ({low} to {high}).",
        "Avec les mêmes {total} par semaine, répartis pour que le dernier {unit} rapporte partout autant, sans changer un canal de plus de "
        "{reach}, {gain} de {worth} en plus par semaine seraient attribués (de {low} à {high}).",
    ),
    "left_out": Text("Left out of the scenario: {channels}. {why}", "Hors du scénario : {channels}. {why}"),
    FEW_PERIODS: Text("Fewer than {n} weeks of spend are known.", "Moins de {n} semaines de dépense sont connues."),
    NO_VARIATION: Text(
        "A spend that never varies tells nothing about what another one would bring.",
        "Une dépense qui ne varie jamais ne dit rien de ce qu’une autre rapporterait.",
    ),
    NO_SPEND: Text("Nothing was spent.", "Rien n’a été dépensé."),
    NO_VALUE: Text("Nothing was credited.", "Rien n’a été attribué."),
    "c_curves": Text(
        "Value credited by “{model}” against the spend of a week, as fitted. Nothing is known far from the present point.",
        "Valeur attribuée selon « {model} » en fonction de la dépense d’une semaine, d’après l’ajustement. Loin du point actuel, rien "
        "n’est connu.",
    ),
    "caption": Text("Scenario per week", "Scénario par semaine"),
    "channel": Text("Channel", "Canal"),
    "spend": Text("Spend today", "Dépense actuelle"),
    "marginal": Text("One more {unit} brings", "Un {unit} de plus rapporte"),
    "interval": Text("Interval ({level})", "Intervalle ({level})"),
    "best_spend": Text("Spend in the scenario", "Dépense du scénario"),
    "basis": Text("Known from", "Connu par"),
    "variation": Text("variation of the spend", "variation de la dépense"),
    "experiment": Text("an experiment", "une expérience"),
    REFUSED: Text("refused", "refusé"),
    "range": Text("{low} to {high}", "de {low} à {high}"),
    "unit": Text("euro", "euro"),
    "note": Text(
        "A scenario, not a forecast: spend follows demand as well as making it, and credit is given to what was bought.",
        "Un scénario, pas une prévision : la dépense suit la demande autant qu’elle la crée, et le crédit porte sur ce qui a été acheté.",
    ),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class ChannelScenario:
    """A budget scenario with words for people.

    Attributes:
        responses: one row per channel with a known spend, as `relkit.models.attribution.channel_responses` makes them.
        scenario: the scenario; None if it was refused.
        curves: channel, spend, value of the fitted responses, for the picture.
        model: name for people of the model whose credit was used.
        worth: revenue or margin.
        currency: ISO code.
        language: en or fr.
    """

    responses: pl.DataFrame
    scenario: BudgetScenario | None
    curves: pl.DataFrame
    model: str = ""
    worth: str = "revenue"
    currency: str = "EUR"
    language: str = "en"

    def headlines(self) -> Headlines:
        """Return the sentences on one more euro and on the channels left out."""
        if self.responses.is_empty():
            return Headlines((self._say("nothing_spent"),))
        left = self.responses.filter(pl.col("basis") == REFUSED)
        if self.scenario is None:
            known = len(self.responses) - len(left)
            return Headlines((self._say("too_few", n=number(known, self.language), all=len(self.responses), why=self._why(left)),))
        found = [self._move(), self._best()]
        for (reason,), part in left.group_by("reason", maintain_order=True):
            found.append(self._say("left_out", channels=", ".join(part["channel"]), why=self._say(str(reason), n=LEAST_PERIODS)))
        return Headlines(tuple(found))

    def headline(self) -> str:
        """Return the sentence on one more euro for the head of the page; empty if no spend is known."""
        if self.responses.is_empty():
            return ""
        moves = None if self.scenario is None else self._small_moves(self.scenario)
        if moves is None or moves.is_empty():
            return self._say("euro_unknown", unit=self._unit)
        row = moves.row(0, named=True)
        words = {"giver": row["from"], "taker": row["to"], "unit": self._unit, "worth": self._worth}
        return self._say("euro" if row["lower"] > 0 else "euro_unsure", **words, gain=self._money(row["gain"], 2))

    def picture(self) -> Gallery:
        """Return the responses with the present point and that of the scenario."""
        from relkit.plots.response_curves import plot_response_curves

        if self.scenario is None:
            return Gallery(())
        points = self.scenario.channels.select("channel", "spend", "value", spend_then="best_spend", value_then="best_value")
        drawn = plot_response_curves(self.curves, points, currency=self.currency, language=self.language)
        return Gallery((Picture(_Whole(drawn), self._say("c_curves", model=self.model)),))

    def table(self) -> SummaryTable | Gallery:
        """Return spend and marginal value by channel, now and in the scenario."""
        if self.responses.is_empty():
            return Gallery(())
        found = {} if self.scenario is None else {row["channel"]: row for row in self.scenario.channels.iter_rows(named=True)}
        rows = pl.DataFrame([self._cells(row, found.get(row["channel"])) for row in self.responses.iter_rows(named=True)])
        level = "" if self.scenario is None else percent(self.scenario.level, self.language)
        heads = {name: self._say(name, level=level, unit=self._unit) for name in rows.columns}
        columns = tuple(Shown(name, heads[name], "text" if name in {"channel", "basis"} else "figure") for name in rows.columns)
        return SummaryTable(frame=rows, columns=columns, caption=self._say("caption"), language=self.language, notes=(self._say("note"),))

    def _cells(self, response: dict[str, Any], best: dict[str, Any] | None) -> dict[str, str]:
        nothing = {"marginal": DASH, "interval": DASH, "best_spend": DASH}
        own = nothing if best is None else self._scenario_cells(best)
        return {
            "channel": response["channel"],
            "spend": self._money(response["spend"], self._digits),
            **own,
            "basis": self._say(response["basis"]),
        }

    def _scenario_cells(self, best: dict[str, Any]) -> dict[str, str]:
        ends = {"low": self._money(best["marginal_lower"], 2), "high": self._money(best["marginal_upper"], 2)}
        return {
            "marginal": self._money(best["marginal"], 2),
            "interval": self._say("range", **ends),
            "best_spend": self._money(best["best_spend"], self._digits),
        }

    def _move(self) -> str:
        assert self.scenario is not None
        moves = self._small_moves(self.scenario)
        if moves.is_empty():
            return self._say("no_move", unit=self._unit)
        row = moves.row(0, named=True)
        words = {"giver": row["from"], "taker": row["to"], "unit": self._unit, "worth": self._worth}
        amounts = {"gain": row["gain"], "low": row["lower"], "high": row["upper"]}
        key = "move_sure" if row["lower"] > 0 else "move_unsure"
        return self._say(key, **words, **{name: self._money(value, 2) for name, value in amounts.items()})

    @staticmethod
    def _small_moves(scenario: BudgetScenario) -> pl.DataFrame:
        """Return the moves of a whole unit of money; of less, if a channel's reach ends before, they answer another question."""
        return scenario.moves.filter(pl.col("amount") >= 1.0)

    def _best(self) -> str:
        assert self.scenario is not None
        found = self.scenario
        gain, low, high = (self._money(value) for value in found.gain)
        words = {"total": self._money(found.total), "unit": self._unit, "reach": percent(found.reach, self.language), "worth": self._worth}
        return self._say("best", **words, gain=gain, low=low, high=high)

    def _why(self, left: pl.DataFrame) -> str:
        reasons = left["reason"].unique(maintain_order=True).to_list()
        return " ".join(self._say(reason, n=LEAST_PERIODS) for reason in reasons if reason)

    @property
    def _digits(self) -> int:
        """Digits of a spend: to the cent if that of some channel would otherwise be shown as next to nothing."""
        least = float(self.responses.filter(pl.col("spend") > 0)["spend"].min() or 0)  # type: ignore[arg-type]
        return 2 if least < SMALL_AMOUNT else 0

    @property
    def _unit(self) -> str:
        return self._say("unit") if self.currency == "EUR" else self.currency

    @property
    def _worth(self) -> str:
        return PAGE[self.worth][self.language]

    def _money(self, value: float, digits: int = 0) -> str:
        return money(value, self.currency, self.language, digits)

    def _say(self, key: str, **words: object) -> str:
        return TEXTS[key][self.language].format(**words)


@dataclass(frozen=True, eq=False)
class _Whole:
    """A figure with several pairs of axes, as one picture."""

    figure: Any

    def get_figure(self, *, root: bool) -> Any:  # noqa: ARG002  (the signature of matplotlib)
        return self.figure
