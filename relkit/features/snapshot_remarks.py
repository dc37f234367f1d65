"""Remarks on spells that were made from customer snapshots; none if there is nothing to remark."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.features.known_rows import known_rows, marked_as_test
from relkit.features.snapshot_covariates import barred, with_role
from relkit.features.snapshot_spells import DAYS, stays
from relkit.remarks import Remark, french

if TYPE_CHECKING:
    from collections.abc import Iterator

    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet


def remarks(tables: TableSet, as_of: AsOf) -> tuple[Remark, ...]:
    """Return the remarks on the basis of the spells as of a cutoff, and on the customers left out."""
    rows = known_rows(tables, "customer_snapshots", as_of, "customer_id", "as_of")
    rows = rows.filter(~pl.col("customer_id").is_in(marked_as_test(tables).implode()))
    known = rows.select(
        days=pl.col("as_of").n_unique(), last=pl.col("as_of").max(), customers=pl.col("customer_id").n_unique(), rows=pl.len()
    )
    facts = known.collect(engine="streaming").row(0, named=True)
    if not facts["rows"]:
        return ()
    return (*_on_stays(stays(tables, as_of), facts, tables), *_on_attributes(barred(tables)))


def on_coarse_tenure(tables: TableSet, ages: pl.Series, horizon_days: int) -> Remark | None:
    """Return a remark on the part of a horizon that a stepped curve misses if ages are in whole units; None if at most a twentieth.

    With a tenure in whole months all events lie at ages a month apart, and 90 days ahead reach two of them, not three.

    Args:
        tables: they give the unit of the tenure.
        ages: of those who are scored, in days.
        horizon_days: how far ahead events are predicted.
    """
    tenure = with_role(tables, "tenure")
    if tenure is None or ages.is_empty():
        return None
    unit = tables.facts.attributes[tenure]["unit"]
    days = DAYS[unit]
    units = ages / days
    steps = int(horizon_days / days + 1e-9)
    if (units - units[0] - (units - units[0]).round()).abs().max() > 1e-6 or steps * days >= 0.95 * horizon_days:
        return None
    again = ceil((steps + 1) * days)
    reached, reached_fr = (f"{steps} of these ages", f"que {steps} de ces âges") if steps else ("none of these ages", "aucun de ces âges")
    low, low_fr = ("too low", "trop basses") if steps else ("0 but past the last age seen", "nulles, sauf au-delà du dernier âge vu")
    return Remark(
        "coarse_tenure",
        f"{tenure} is given in whole {unit}, so the curve falls at ages one of them apart: {horizon_days} days ahead reach {reached}, and "
        f"churn probabilities are {low}. Score with --horizon-days {again}.",
        f"L’ancienneté ({tenure}) n’est connue qu’en {_UNITS[unit]} : à {horizon_days} jours, la courbe n’atteint {reached_fr} "
        f"et les probabilités de départ sont {low_fr}. Calculez les scores avec --horizon-days {again}.",
    )


_UNITS = {"days": "jours entiers", "weeks": "semaines entières", "months": "mois entiers", "years": "années entières"}


def _on_stays(found: pl.DataFrame, facts: dict[str, Any], tables: TableSet) -> Iterator[Remark]:
    tenure, ended = with_role(tables, "tenure"), with_role(tables, "ended")
    lost = facts["customers"] - found["customer_id"].n_unique()
    if lost:
        yield Remark(
            "no_tenure_and_end",
            f"{_customers(lost)} left out: no snapshot says both {tenure} and {ended}.",
            f"{_clients(lost)} de côté : aucun relevé ne dit à la fois {tenure} et {ended}.",
        )
    if facts["days"] == 1:
        yield Remark(
            "one_snapshot",
            f"There is one snapshot, of {facts['last']}: every customer counts from the first day of its {tenure}. "
            "If those who left long ago are not in it, lives look longer than they are.",
            f"Il n’y a qu’un relevé, du {facts['last']:%d/%m/%Y} : chaque client compte depuis le premier jour de son ancienneté. "
            "Si ceux qui sont partis il y a longtemps n’y figurent pas, les durées paraissent plus longues qu’elles ne sont.",
        )
        yield from _on_no_tenure(found.filter(pl.col("duration_days") == 0), str(tenure))
        return
    unseen = int(found["first_ended"].sum())
    if unseen:
        yield Remark(
            "gone_when_first_seen",
            f"{_customers(unseen)} had left when first seen: nobody watched it happen, and nothing is learnt from it.",
            f"{_clients(unseen)} déjà partis au premier relevé : personne n’a vu leur départ, qui n’apprend rien.",
        )
    gone = found.filter(~pl.col("event") & ~pl.col("is_in_view"))
    again = found.filter(pl.col("contract_id") != pl.col("customer_id")).select("customer_id").unique()
    silent = gone.group_by("customer_id").agg(pl.col("last_on").max()).join(again, on="customer_id", how="anti")
    if len(silent):
        yield Remark(
            "missing_from_snapshot",
            f"Missing from the snapshot of {facts['last']}, though none says that they left: {_customers(len(silent))}, "
            "who count up to the last one they are in, and have no score.",
            f"Absents du relevé du {facts['last']:%d/%m/%Y} sans qu’aucun dise leur départ : {_clients(len(silent))}, qui comptent "
            "jusqu’au dernier relevé où ils figurent, et n’ont pas de score.",
        )
    if len(again):
        yield Remark(
            "came_back",
            f"Came back, or had their {tenure} fall: {_customers(len(again))}, of whom each stay counts by itself.",
            f"Revenus, ou dont l’ancienneté a baissé : {_clients(len(again))}, dont chaque passage compte à part.",
        )


def _on_no_tenure(found: pl.DataFrame, tenure: str) -> Iterator[Remark]:
    if found.is_empty():
        return
    ended = int(found["event"].sum())
    sentence = f"Not at risk for a day, so that nothing is learnt from them: {_customers(len(found))} with a {tenure} of 0"
    sentence_fr = f"Exposés moins d’un jour, donc sans rien apprendre : {_clients(len(found))} avec une ancienneté de 0"
    if not ended:
        yield Remark(
            "no_tenure_yet",
            f"{sentence}. They are scored as new customers.",
            f"{sentence_fr}. Ils sont notés comme de nouveaux clients.",
        )
        return
    yield Remark(
        "no_tenure_and_left",
        f"{sentence}, of whom {ended:,} left. The others are scored as new customers. "
        f"Where {tenure} counts completed units, add half a unit to it in the mapping.",
        f"{sentence_fr}, dont {french(ended)} partis. Les autres sont notés comme de nouveaux clients. "
        f"Si {tenure} compte des unités révolues, ajoutez-y une demi-unité dans le fichier de correspondance.",
    )


def _on_attributes(names: tuple[str, ...]) -> Iterator[Remark]:
    if names:
        yield Remark(
            "barred_from_models",
            f"Never a covariate: {', '.join(names)}, personal data whose purpose does not say profiling.",
            f"Jamais utilisés par les modèles : {', '.join(names)}, données personnelles dont la finalité n’autorise pas le profilage.",
        )


def _customers(count: int) -> str:
    return f"{count:,} customer{'' if count == 1 else 's'}"


def _clients(count: int) -> str:
    return f"{french(count)} client{'s' if count > 1 else ''}"
