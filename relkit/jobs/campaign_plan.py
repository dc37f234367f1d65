"""`relkit measure --plan`: what a wave could detect, from the company's own past, and whether intervals on its data can be relied on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from relkit.errors import ParameterError, TableError
from relkit.jobs.base import Result
from relkit.jobs.written_measurement import as_name
from relkit.json_text import json_text
from relkit.replaced_folders import drafted, put_in_place

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from relkit.features.campaign_measures import Measure
    from relkit.jobs.campaign_measuring import CampaignToMeasure
    from relkit.measurement.campaign_plan import PastUnits
    from relkit.progress import Progress

FOLDER = "plans"
SEED = 20_250_630
SIZES = (1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 500_000)


@dataclass(frozen=True, eq=False, kw_only=True)
class Past:
    """The past that a plan is made from.

    Attributes:
        units: one row per unit, with the columns of the measures.
        measures: what may be compared.
        cost: mean cost of treating a unit; None if none was treated.
        sentence: who they are.
    """

    units: pl.DataFrame
    measures: tuple[Measure, ...]
    cost: float | None
    sentence: str


def planned(request: CampaignToMeasure, out_dir: Path, progress: Progress) -> Result:
    """Return the effects that waves of several sizes detect, with an A/A check, and write both.

    Raises:
        TableError: there are no transactions, no amounts, or they do not vary.
    """
    from relkit.measurement.campaign_outcomes import Outcomes
    from relkit.measurement.campaign_plan import REDRAWS, PastUnits, is_as_expected

    progress("reading the past", 0.0)
    past = _past(request)
    outcomes = Outcomes(past.measures)
    if outcomes.money is None:
        raise TableError("no amount is known that a campaign could add to.", where="plan", remedy="Map net_amount of transactions.")
    column = outcomes.money.column_after or outcomes.money.column
    units = PastUnits(
        values=past.units[column].to_numpy(),
        covariates=past.units.select(outcomes.covariates).to_numpy(),
        cost=past.cost,
        level=request.level,
    )
    progress("drawing past units into two arms that nobody treated", 0.4)
    share = units.false_positives(SEED)
    relied_on = is_as_expected(share, level=request.level)
    facts = _facts(request, past, units) | {"false_positive_share": share, "redraws": REDRAWS, "is_as_expected": relied_on}
    table = units.table(_sizes(len(past.units)))
    sentences = _sentences(request, past, units, table, outcomes.money.label.en.lower())
    return Result(
        job="measure",
        passed=relied_on,
        metrics={name: value for name, value in facts.items() if isinstance(value, float)},
        counts={"units": len(past.units)},
        paths=_written(out_dir / FOLDER / (as_name(request.action) if request.action else "any"), table, facts),
        sentences=(*sentences, _checked(share, request, relied_on=relied_on)),
        details={**facts, "plan": table.to_dicts()},
    )


def _past(request: CampaignToMeasure) -> Past:
    """Return the units drawn for the action, if there are mature ones; else the customers of a day of the past."""
    from relkit.features.campaign_units import campaign_units
    from relkit.features.campaign_windows import Windows
    from relkit.features.past_customers import past_customers

    if request.action and request.tables.has("assignments"):
        try:
            drawn = campaign_units(request.tables, request.as_of, action_id=request.action, wave_id=request.wave, **request.windows)
        except ParameterError:
            if request.wave is not None:
                raise
            drawn = None  # an action that was never drawn for is planned from all customers
        if drawn is not None and len(drawn.units) > MOST_FEW:
            treated = drawn.units.filter(drawn.units["arm"].cast(str) == "treated")
            mean = treated["cost"].mean()
            cost = float(mean) if isinstance(mean, float) and mean > 0 else None
            return Past(
                units=drawn.units,
                measures=drawn.measures,
                cost=cost,
                sentence=f"{len(drawn.units):,} units drawn for {request.action} before",
            )
    lengths = Windows(response_days=request.response_window_days, post_days=request.post_window_days)
    found = past_customers(request.tables, request.as_of, lengths)
    sentence = f"{len(found.units):,} customers with an order in the year before {found.day}"
    return Past(units=found.units, measures=found.measures, cost=None, sentence=sentence)


MOST_FEW = 100
"""Units drawn before, above which they are the past that a plan is made from."""


def _sizes(units: int) -> tuple[int, ...]:
    """Return the sizes of the table: round ones, and that of the past."""
    return tuple(sorted({*SIZES, units}))


def _facts(request: CampaignToMeasure, past: Past, units: PastUnits) -> dict[str, Any]:
    return {
        "action_id": request.action or None,
        "as_of": str(request.as_of),
        "units": len(past.units),
        "from": past.sentence,
        "response_window_days": request.response_window_days,
        "post_window_days": request.post_window_days,
        "level": request.level,
        "mean": units.mean,
        "sd": units.sd,
        "explained": units.explained,
        "cost_per_unit": past.cost,
        "power": 0.8,
    }


def _sentences(request: CampaignToMeasure, past: Past, units: PastUnits, table: pl.DataFrame, what: str) -> tuple[str, ...]:
    """Return the past, the table and the size that an effect as large as the cost needs."""
    currency = request.tables.facts.currency
    spread = f"{units.mean:,.2f} {currency} on average, with a standard deviation of {units.sd:,.2f}"
    head = f"From {past.sentence}: {what} in {request.days} days is {spread}; {units.explained:.0%} of its variance was known before."
    rows = [_line(row, currency) for row in table.filter(table["treated_share"] == 0.5).iter_rows(named=True)]
    pays = () if past.cost is None else (_pays(units, past.cost, currency),)
    return (head, "Smallest effect per unit detected with 80% power, half of the units treated:", *rows, *pays)


def _line(row: dict[str, Any], currency: str) -> str:
    lift = "" if row["lift_adjusted"] is None else f" ({row['lift_adjusted']:.1%} of the mean)"
    chance = "" if row["chance_to_see_cost"] is None else f"; an effect that pays the cost is seen with {row['chance_to_see_cost']:.0%}"
    return f"  {row['units']:>9,} units  {row['effect_adjusted']:.2f} {currency}{lift}, {row['effect']:.2f} unadjusted{chance}"


def _pays(units: PastUnits, cost: float, currency: str) -> str:
    needed = f"{units.units_for(cost):,} units, half of them treated"
    return f"An effect that pays the cost of {cost:,.2f} {currency} a treated unit needs {needed}."


def _checked(share: float, request: CampaignToMeasure, *, relied_on: bool) -> str:
    """Return the outcome of the A/A check in words."""
    head = f"A/A check: of 1,000 draws of these units without any treatment, {share:.1%} came out significant at {1 - request.level:.1%}"
    return (
        f"{head}, as they should."
        if relied_on
        else f"{head}: intervals on these amounts are not to be relied on; a few units carry too much."
    )


def _written(folder: Path, table: pl.DataFrame, facts: dict[str, Any]) -> dict[str, Path]:
    """Write the plan and its facts as one."""
    paths = {"plan": folder / "plan.parquet", "plan_facts": folder / "plan.json"}
    with drafted(folder) as draft:
        table.write_parquet(draft / paths["plan"].name)
        (draft / paths["plan_facts"].name).write_text(json_text(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        put_in_place(draft, *(path.name for path in paths.values()))
    return paths
