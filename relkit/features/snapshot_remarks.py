"""Remarks on spells that were made from customer snapshots; none if there is nothing to remark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.features.known_rows import known_rows, marked_as_test
from relkit.features.snapshot_covariates import barred, with_role
from relkit.features.snapshot_spells import stays
from relkit.features.tenure_ages import count_of
from relkit.remarks import Remark, french

if TYPE_CHECKING:
    from collections.abc import Iterator

    from relkit.features.tenure_ages import TenureCount
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
    return (*_on_stays(stays(tables, as_of), facts, tables, count_of(tables, as_of)), *_on_attributes(barred(tables)))


_ONE = {"weeks": "week", "months": "month", "years": "year"}
_UNITS = {"weeks": "semaines entières", "months": "mois entiers", "years": "années entières"}
_INTERVALS = {
    "started": ("started ones: 3 is an age between 2 and 3", "commencées : 3 est un âge entre 2 et 3"),
    "completed": ("completed ones: 3 is an age between 3 and 4", "révolues : 3 est un âge entre 3 et 4"),
    "nearest": ("rounded ones: 3 is an age between 2.5 and 3.5", "arrondies : 3 est un âge entre 2,5 et 3,5"),
}


def _on_units(counts: TenureCount, tenure: str) -> Remark:
    """Return the remark on ages that are placed within whole units."""
    one, (of, of_fr) = _ONE[counts.unit], _INTERVALS[counts.counts]
    taken, taken_fr = ("counted as", "unités") if counts.is_declared else ("taken to count", "unités supposées")
    ask = ""
    ask_fr = ""
    if not counts.is_declared:
        others = " or ".join(other for other in _INTERVALS if other != counts.counts)
        ask = f" If that is wrong, declare counts: {others} in the mapping."
        ask_fr = f" Si c’est faux, déclarez counts: {others.replace(' or ', ' ou ')} dans le fichier de correspondance."
    return Remark(
        "ages_in_whole_units",
        f"{tenure} is known in whole {counts.unit} only ({taken} {of}). The curve at the end of each {one} is that of the data; within it "
        f"ends are placed as if the risk were even, so that probabilities over less than a {one} are an interpolation.{ask}",
        f"L’ancienneté ({tenure}) n’est connue qu’en {_UNITS[counts.unit]} ({taken_fr} {of_fr}). La courbe est celle des données à "
        "la fin de chaque unité ; entre-temps, les départs sont répartis comme si le risque était constant : une "
        f"probabilité sur moins d’une unité est une interpolation.{ask_fr}",
    )


def _on_stays(found: pl.DataFrame, facts: dict[str, Any], tables: TableSet, counts: TenureCount | None) -> Iterator[Remark]:
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
        if counts is not None:
            yield _on_units(counts, str(tenure))
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
        f"{sentence}, of whom {ended:,} left. The others are scored as new customers.",
        f"{sentence_fr}, dont {french(ended)} partis. Les autres sont notés comme de nouveaux clients.",
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
