"""`relkit budget`: a scenario of the spend on channels at equal marginal returns, as files."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from relkit.jobs.base import Job, Result
from relkit.progress import Progress, quiet
from relkit.texts import Text
from relkit.units import LEVEL

if TYPE_CHECKING:
    from relkit.jobs.weekly_response import WeeklyResponse
    from relkit.models.attribution.budget import BudgetScenario

MOST_MOVES = 3
"""Moves of one unit of money that are spelt out."""
SCENARIO = Text(
    "This is a scenario, not a forecast: the curves describe how credit and spend moved together in the past, and only an experiment shows "
    "what spend causes.",
    "Ceci est un scénario, et non une prévision : les courbes décrivent comment le crédit et la dépense ont évolué ensemble par le passé, "
    "et seule une expérience montre ce que la dépense provoque.",
)


class PlanBudget(Job):
    """Share out a weekly budget among channels so that one more unit of money would bring the same everywhere: a scenario."""

    command: ClassVar[str] = "budget"
    reads: ClassVar[str] = "tables"

    total: float | None = Field(default=None, gt=0, description="Spend per week to share out. Default: what is spent now.")
    model: str = Field(default="", description="Model whose credit is used. Default: the first in its role that was fitted.")
    reach: float = Field(
        default=0.5, gt=0, le=1, description="Largest change of a channel's spend: 0.5 lets it be halved, or grow by half."
    )
    level: float = Field(default=LEVEL, gt=0, lt=1, description="Level of the intervals.")
    language: Literal["en", "fr"] = Field(default="en", description="Language of the files.")

    def run(self, progress: Progress = quiet) -> Result:
        """Read the weeks, fit the responses, share out the budget, write the files."""
        from relkit.delivery.budget_files import budget_rows, write_budget
        from relkit.jobs.weekly_response import WeeklyResponse
        from relkit.models.attribution.budget import BudgetScenario
        from relkit.tables.table_set import TableSet

        tables = TableSet.open(self.out_dir / "tables")
        progress("reading spend and credit by week", 0.0)
        weekly = WeeklyResponse.of_champion(tables, self.programme, self.model, where=self.command)
        responses = weekly.responses()
        progress("sharing out the budget", 0.7)
        scenario = BudgetScenario.of(responses, total=self.total, level=self.level, reach=self.reach)
        rows = budget_rows(responses.table, scenario.channels)
        facts = self._facts(weekly, scenario)
        folder = self.out_dir / "budget" / str(weekly.edge)
        paths = write_budget(rows, folder, currency=tables.facts.currency, language=self.language, facts=facts)
        return Result(
            job=self.command,
            counts={"channels": len(rows), "refused": len(rows) - len(scenario.channels)},
            metrics={"gain": scenario.gain[0], "gain_lower": scenario.gain[1], "gain_upper": scenario.gain[2]},
            paths=paths,
            warnings=(SCENARIO[self.language],),
            sentences=_sentences(scenario, tables.facts.currency, weekly),
            details=facts | {"channels": rows.to_dicts(), "moves": scenario.moves.to_dicts()},
        )

    def _facts(self, weekly: WeeklyResponse, scenario: BudgetScenario) -> dict[str, Any]:
        """Return the facts on which the scenario rests."""
        version, gain = weekly.version, dict(zip(("value", "lower", "upper"), scenario.gain, strict=True))
        return {
            "note": asdict(SCENARIO),
            "model": version.model,
            "version": version.version,
            "as_of": str(version.as_of),
            "worth": weekly.fitted.settings.worth,
            "total_per_week": scenario.total,
            "reach": scenario.reach,
            "level": scenario.level,
            "gain_per_week": gain,
        }


def _sentences(scenario: BudgetScenario, currency: str, weekly: WeeklyResponse) -> tuple[str, ...]:
    """Return the sentences on the total, the best moves and the channels without a response."""
    gain, low, high = scenario.gain
    version, money = weekly.version, f"{currency} of {weekly.fitted.settings.worth}"
    shared_out = f"{scenario.total:,.0f} {currency} a week, shared out at equal marginal returns, would bring {gain:+,.0f} {money} a week"
    return (
        f"{version.model} version {version.version}, journeys up to {version.as_of}.",
        f"{shared_out} ({scenario.level:.0%} interval {low:+,.0f} to {high:+,.0f}).",
        *(_move(move, currency, money) for move in scenario.moves.head(MOST_MOVES).iter_rows(named=True)),
    )


def _move(move: dict[str, Any], currency: str, money: str) -> str:
    """Return the sentence on money moved between two channels."""
    amount = f"One {currency}" if move["amount"] >= 1 else f"{move['amount']:.2g} {currency}, as far as the smaller one may go,"
    moved = f"{amount} a week moved from {move['from']} to {move['to']}"
    return f"{moved}: {move['gain']:+.2f} {money} ({move['lower']:+.2f} to {move['upper']:+.2f})."
