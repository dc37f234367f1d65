from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from relkit.models.affinity.rules import Rules
from relkit.remarks import Remark
from relkit.reports.pictures import Gallery
from relkit.reports.product_pairs import DRIFTED, TEXTS, ProductPairs
from relkit.reports.summary_tables import SummaryTable

NAMES = {"a": "Tea", "b": "Biscuits", "c": "Soap", "d": "Honey"}
GROUPS = {"a": "food", "b": "food", "c": "home", "d": "food"}
BASKETS = [["a", "b"]] * 40 + [["a", "c"]] * 10 + [["b"]] * 20 + [["c"]] * 90 + [["a"]] * 15 + [["d", "a", "b"]] * 25
"""Tea and biscuits go together, soap goes with neither."""


@dataclass(frozen=True)
class Learnt:
    """Rules fitted to the baskets, with other changes."""

    fitted: Any
    changes: pl.DataFrame
    settings: Any = field(default_factory=lambda: SimpleNamespace(significance=0.05, by="", period_days=90))
    remarks: tuple[Remark, ...] = ()

    @property
    def info(self) -> Any:
        return replace(self.fitted.info, remarks=(*self.fitted.info.remarks, *self.remarks))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.fitted, name)


@pytest.fixture(scope="module")
def fitted() -> Any:
    receipts = pl.DataFrame({"products": BASKETS})
    return Rules(min_count=2).fit(receipts, as_of=date(2025, 6, 30))


def read(fitted: Any, language: str = "en", **more: Any) -> ProductPairs:
    return ProductPairs.of(fitted, names=NAMES, groups=GROUPS, language=language, **more)


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def test_both_languages_have_the_same_numbers() -> None:
    for text in TEXTS.values():
        assert text.en
        assert text.fr
        parts = [sorted(part.split("}")[0] for part in text[language].split("{")[1:]) for language in ("en", "fr")]
        assert parts[0] == parts[1]


def test_the_headline_is_the_bundle_with_the_most_baskets_beyond_chance(fitted: Any) -> None:
    """Tea is in 90 and biscuits in 85 of 200 baskets, 65 have both: 38.25 are expected, 27 more than that (rounded) are found."""
    first, second, *_ = read(fitted).headlines().sentences
    assert first.startswith("Tea and Biscuits are the strongest bundle: 65 baskets contain both, 1.70 times as many")
    assert "That is 27 baskets more than chance would give." in first
    together, apart = read(fitted).together, read(fitted).apart
    assert f"{len(together)} are bought together more often than chance explains, {len(apart)} less often" in second
    assert plain(read(fitted, "fr").headlines().sentences[0]).startswith("Tea et Biscuits forment l’association la plus forte : 65 paniers")


def test_bundles_and_pairs_that_avoid_each_other_have_their_counts(fitted: Any) -> None:
    bundles, avoiding = read(fitted).bundles(), read(fitted).avoiding()
    assert isinstance(bundles, SummaryTable)
    assert isinstance(avoiding, SummaryTable)
    assert bundles.cells()[0][:5] == ["Tea", "Biscuits", "65", "72%", "76%"]
    assert avoiding.cells()[0][:3] == ["Tea", "Soap", "10"]


def test_pairs_in_few_baskets_are_not_named() -> None:
    few = Rules(min_count=2).fit(pl.DataFrame({"products": [["a", "b"]] * 9 + [["c"]] * 200}), as_of=date(2025, 6, 30))
    assert few.pairs["count"].to_list() == [9]
    assert read(few).together.is_empty()
    assert read(few).headlines().sentences == (
        "No pair of products is bought together more often than chance explains, among the 1 pairs compared.",
    )
    for shown in (read(few).bundles(), read(few).network()):
        assert isinstance(shown, Gallery)
        assert shown.pictures == ()


def test_the_surest_rules_are_those_of_highest_confidence(fitted: Any) -> None:
    """Biscuits bring tea in 65 of 85 baskets, honey tea and biscuits in 25 of 25."""
    surest = read(fitted).surest_rules()
    assert isinstance(surest, SummaryTable)
    rows = [row[:4] for row in surest.cells()]
    assert ["Honey", "Tea", "25", "100%"] in rows[:2]
    assert ["Biscuits", "Tea", "65", "76%"] in rows
    assert [float(row[3].rstrip("%")) for row in rows] == sorted((float(row[3].rstrip("%")) for row in rows), reverse=True)


def test_larger_rules_are_those_that_add_to_their_parts(fitted: Any) -> None:
    wide = read(fitted).larger_rules()
    assert isinstance(wide, SummaryTable)
    rows = [(row[0], row[1]) for row in wide.cells()]
    assert all(" + " in left for left, _ in rows)
    listed = fitted.rules.filter(
        pl.col("antecedent").list.len() > 1, pl.col("q_value") <= 0.05, pl.col("lift") > 1, ~pl.col("is_redundant")
    )
    assert len(rows) == len(listed) > 0
    assert isinstance(read(replace(fitted, rules=fitted.rules.clear())).larger_rules(), Gallery)


CHANGES = pl.DataFrame(
    {
        "product_a": ["a", "a"],
        "product_b": ["b", "c"],
        "count_after": [30, 50],
        "lift_before": [2.0, 1.5],
        "lift_after": [1.2, 1.6],
        "lift_ratio": [0.6, 1.07],
        "lift_ratio_lower": [0.5, 0.9],
        "lift_ratio_upper": [0.7, 1.3],
        "has_drifted": [True, False],
    }
)


def test_changed_pairs_come_first_with_a_verdict(fitted: Any) -> None:
    pairs = read(Learnt(fitted, CHANGES))
    assert pairs.headlines().sentences[-1] == (
        "Of 2 pairs followed, 1 changed in lift from the 90 days before to the last 90 days by more than chance explains."
    )
    table = pairs.changes_table()
    assert isinstance(table, SummaryTable)
    assert [(row[0], row[1], row[-1]) for row in table.cells()] == [("Tea", "Biscuits", "weaker"), ("Tea", "Soap", "within chance")]
    assert len(pairs.changes().pictures) == 1
    assert table.notes == (
        "The interval is that of each pair alone; the verdict allows for 2 pairs being compared at once, so it asks for more.",
    )
    same = read(Learnt(fitted, CHANGES.with_columns(has_drifted=False)))
    assert same.headlines().sentences[-1].startswith("None of the 2 pairs followed has changed its lift")
    assert same.changes().pictures == ()


def test_without_two_periods_the_page_states_it(fitted: Any) -> None:
    assert fitted.changes.is_empty()
    assert read(fitted).changes().otherwise == "There are not two full periods of baskets to compare."


def test_without_a_pair_to_follow_the_page_does_not_blame_the_periods(fitted: Any) -> None:
    chance = replace(fitted, rules=fitted.rules.with_columns(q_value=pl.lit(0.9)))
    assert read(chance).changes().otherwise == "No pair is followed: none is bought together more often than by chance."


def test_remarks_on_the_tables_come_first(fitted: Any) -> None:
    remark = Remark("no_baskets", "Some are none.", "Certains n’en sont pas.")
    assert read(fitted, remarks=(remark,)).basis().remarks == (remark, *fitted.info.remarks)


def test_without_rules_the_page_names_the_command() -> None:
    nothing = read(None)
    assert nothing.headlines().sentences == ("No association rules have been learnt yet: run relkit fit affinity.rules.",)
    for part in (
        "key_figures",
        "network",
        "matrix",
        "scatter",
        "surest_rules",
        "bundles",
        "avoiding",
        "larger_rules",
        "changes",
        "changes_table",
    ):
        assert getattr(nothing, part)()._repr_html_() == "<p></p>"


def test_of_rules_by_segment_the_largest_segment_is_shown() -> None:
    receipts = pl.DataFrame({"products": BASKETS, "channel_id": ["web"] * 120 + ["store"] * 80})
    split = Rules(min_count=2, by="channel_id").fit(receipts, as_of=date(2025, 6, 30))
    pairs = read(split).pairs
    assert pairs is not None
    assert pairs["baskets"].unique().to_list() == [120]


def test_the_remark_on_changes_with_its_ids_is_left_to_the_section_on_changes(fitted: Any) -> None:
    """The remark of a fit names products by id: the page names the pairs in a table."""
    remark = Remark(DRIFTED, "Lifts that changed: 1 of 2 pairs (a with b).", "Lifts qui ont changé : 1 paire sur 2 (a avec b).")
    assert read(Learnt(fitted, CHANGES, remarks=(remark,))).basis().remarks == tuple(
        each for each in fitted.info.remarks if each.code != DRIFTED
    )
