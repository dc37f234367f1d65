"""Money of a campaign at the end of both windows: added, spent and left over all treated units, as rows for its files.

Effects are those on the treated (each stratum counts by its treated units), so that an amount per treated unit adds up to the total.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from relkit.measurement.campaign_outcomes import parts_of
from relkit.measurement.money import Account, PerEuro, account_of, incremental
from relkit.measurement.result_tables import MONEY, label_of, made, reason_of
from relkit.measurement.verdict import Verdict, verdict
from relkit.texts import EMPTY, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from relkit.measurement.campaign_effects import CampaignEffects
    from relkit.measurement.effect import Effect
    from relkit.measurement.guardrails import Guardrail

FIGURES: dict[str, tuple[str, Text]] = {
    "incremental_margin": ("money", Text("{what} added", "{what} : montant ajouté")),
    "incremental_revenue": ("money", Text("Revenue added", "Chiffre d’affaires ajouté")),
    "incremental_orders": ("count", Text("Orders added", "Commandes ajoutées")),
    "cost": ("money", Text("Cost", "Coût")),
    "net_margin": ("money", Text("{what} added, less cost", "{what} : montant ajouté, coût déduit")),
    "net_per_1000": ("money", Text("The same per 1,000 treated", "Le même pour 1 000 traités")),
    "margin_each": ("money", Text("{what} added per treated unit", "{what} : montant ajouté par unité traitée")),
    "without_each": ("money", Text("{what} per unit without the campaign", "{what} par unité, sans la campagne")),
    "margin_per_cost": ("ratio", Text("{what} added for each unit of cost", "{what} : montant ajouté par unité de coût")),
    "roi": ("ratio", Text("Return on the cost (net / cost)", "Retour sur le coût (net / coût)")),
    "cost_per_order": ("money", Text("Cost of an additional order", "Coût d’une commande supplémentaire")),
    "later_margin": ("money", Text("{what} added after the response window", "{what} : montant ajouté après la fenêtre de réponse")),
}
"""Kind and name of each figure; `{what}` is the amount that the campaign is to add: the margin, if it is known."""
NO_MONEY = Text("No table tells of money.", "Aucune table ne renseigne de montants.")
COST, ORDERS = "cost", "orders"
Ends = tuple[float | None, float | None, float | None, Text]
"""Value, lower and upper end, and the reason if they are unknown."""


@dataclass(frozen=True, eq=False, kw_only=True)
class CampaignMoney:
    """Money of a campaign.

    Attributes:
        effects: effects per unit; its units have a column `cost`.
    """

    effects: CampaignEffects

    @property
    def treated(self) -> int:
        """Units drawn treated."""
        return self.effects.design.sizes[0]

    @property
    def what(self) -> Text:
        """Name of the amount that the campaign is to add."""
        outcome = self.effects.outcomes.money
        return Text("Margin", "Marge") if outcome is None else outcome.label

    def account(self, window: str = "post") -> Account | None:
        """Return the money at the end of a window; None if no amount is known."""
        outcomes = self.effects.outcomes
        if outcomes.money is None:
            return None
        column, orders = (self._column(name, window) for name in (outcomes.money.column, ORDERS))
        return account_of(self.effects.on_treated, margin=str(column), cost=COST, orders=orders, level=self.effects.level)

    def verdict(self, *, is_mismatch: bool, guardrails: Sequence[Guardrail]) -> Verdict:
        """Return the next step, from the net per treated unit at the end of the post window."""
        account = self.account()
        if account is None:
            return Verdict("not_measurable", NO_MONEY, None, sum(self.effects.design.sizes))
        each = 1 / self.treated
        cost = account.cost.estimate
        return verdict(
            account.net.times(each), cost_per_unit=None if cost is None else cost * each, is_mismatch=is_mismatch, guardrails=guardrails
        )

    def table(self) -> pl.DataFrame:
        """Return all figures at the end of both windows, and what came between the two."""
        rows = [row for window in ("response", "post") for row in self._window(window)]
        outcome = self.effects.outcomes.money
        later = None if outcome is None else parts_of(outcome, "later")
        if later is not None:
            rows.append(self._row("later_margin", "later", _ends(incremental(self.effects.on_treated, later, level=self.effects.level))))
        return made(MONEY, rows)

    def _column(self, name: str, window: str) -> str | None:
        """Return the column of an outcome at the end of a window; None if it is not measured."""
        outcome = self.effects.outcomes.named(name)
        if outcome is None:
            return None
        return (outcome.column_after or outcome.column) if window == "post" else outcome.column

    def _window(self, window: str) -> list[dict[str, Any]]:
        account = self.account(window)
        if account is None:
            return [self._row(name, window, (None, None, None, NO_MONEY)) for name in ("incremental_margin", "net_margin")]
        figures = {"incremental_margin": _ends(account.margin)}
        if (revenue := self._column("revenue", window)) is not None:
            figures["incremental_revenue"] = _ends(incremental(self.effects.on_treated, revenue, level=self.effects.level))
        if account.orders is not None:
            figures["incremental_orders"] = _ends(account.orders)
        each = account.margin.times(1 / self.treated)
        figures |= {"cost": (account.cost.estimate, None, None, EMPTY), "net_margin": _ends(account.net)}
        figures |= {"net_per_1000": _ends(account.net.times(1000 / self.treated)), "margin_each": _ends(each)}
        figures |= {"without_each": (each.control, None, None, each.reason)}
        figures |= {"margin_per_cost": _ends_of(account.margin_per_cost), "roi": _ends_of(account.roi)}
        if account.cost_per_order is not None:
            figures["cost_per_order"] = _ends_of(account.cost_per_order)
        return [self._row(name, window, ends) for name, ends in figures.items()]

    def _row(self, figure: str, window: str, ends: Ends) -> dict[str, Any]:
        kind, label = FIGURES[figure]
        named = {"figure": figure, **label_of(label.filled(what=self.what)), "kind": kind, "window": window}
        return {**named, **dict(zip(("value", "low", "high"), ends[:3], strict=True)), **reason_of(ends[3] or None)}


def _ends(effect: Effect) -> Ends:
    return effect.estimate, effect.low, effect.high, effect.reason


def _ends_of(ratio: PerEuro) -> Ends:
    return ratio.estimate, ratio.low, ratio.high, ratio.reason
