from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from relkit.metrics.recommendation import Bought, list_measures
from relkit.models.affinity.next_judging import Judged
from relkit.reports.next_products import TEXTS, ListTrust, NextProducts
from relkit.reports.pictures import Gallery
from relkit.reports.summary_tables import SummaryTable

DAY = date(2025, 4, 1)
MARGIN = (
    "The first recommendations should bring €70 of margin in the customers’ next baskets, with or without an action; "
    "an offer must earn its cost on top of that."
)


def offered(n: int = 40) -> pl.DataFrame:
    """Return next products of n customers: three in four get tea first, all second soap."""
    tea = [i % 4 < 3 for i in range(n)]
    first = {
        "product_id": ["a" if is_tea else "b" for is_tea in tea],
        "product": ["Tea" if is_tea else "Biscuits" for is_tea in tea],
        "probability": [0.2 if is_tea else 0.1 for is_tea in tea],
        "expected_margin": [2.0 if is_tea else 1.0 for is_tea in tea],
        "is_repeat": [i % 2 == 0 for i in range(n)],
        "reason": ["habit" if i % 2 == 0 else "popular" for i in range(n)],
    }
    second = dict.fromkeys(("product_id", "product"), "soap") | {"probability": 0.05, "expected_margin": 9.0, "is_repeat": False}
    ids = pl.Series("customer_id", [f"k{i}" for i in range(n)])
    return pl.concat(
        [
            pl.DataFrame({"customer_id": ids, "rank": [1] * n, **first}),
            pl.DataFrame({"customer_id": ids}).with_columns(
                rank=pl.lit(2, pl.Int64), **{k: pl.lit(v) for k, v in second.items()}, reason=pl.lit("category")
            ),
        ]
    )


def read(rows: pl.DataFrame | None, language: str = "en") -> NextProducts:
    return NextProducts.of(rows, groups={"a": "food"}, currency="EUR", language=language)


def test_both_languages_have_the_same_numbers() -> None:
    for key, text in TEXTS.items():
        parts = [{part.split("}")[0] for part in text[language].split("{")[1:]} for language in ("en", "fr")]
        assert parts[0] == parts[1], key


def test_the_first_products_are_counted_by_hand() -> None:
    assert read(offered()).headlines().sentences == (
        "40 customers have next products. The first is one they have bought before for 20 of them (50%), and new to 20.",
        "Tea is recommended first most often: to 30 customers (75%), with a mean probability of 20.0% of being in their next basket.",
        MARGIN,
    )
    products, reasons = read(offered()).by_product(), read(offered(), "fr").by_reason()
    assert isinstance(products, SummaryTable)
    assert isinstance(reasons, SummaryTable)
    assert products.cells() == [["Tea", "food", "30", "67%", "20.0%", "€60"], ["Biscuits", "–", "10", "0%", "10.0%", "€10"]]
    assert [row[:2] for row in reasons.cells()] == [["souvent acheté", "20"], ["acheté par beaucoup de clients", "20"]]


def test_small_groups_are_not_shown() -> None:
    table = read(offered(36)).by_product()
    assert isinstance(table, SummaryTable)
    assert table.cells()[1][2] == "< 10"
    few = offered(40).with_columns(is_repeat=pl.col("customer_id").is_in(["k0", "k1"]))
    assert not any("bought before" in line for line in read(few).headlines().sentences)


def test_margins_that_are_not_known_are_not_mentioned() -> None:
    unknown = read(offered().with_columns(expected_margin=pl.lit(None, pl.Float64)))
    assert len(unknown.headlines().sentences) == 2
    table = unknown.by_product()
    assert isinstance(table, SummaryTable)
    assert len(table.columns) == 5


def test_without_next_products_the_page_names_the_commands() -> None:
    assert read(None).headlines().sentences == (
        "No customer has a next product yet: run relkit fit affinity.next_product and relkit score.",
    )
    assert isinstance(read(None).by_product(), Gallery)
    assert isinstance(read(None).by_reason(), Gallery)


def judged(*, found: dict[str, float], n: int = 400, honest: bool = True) -> Judged:
    """Return lists that find what a share of the customers buy; the first product has that probability or, if not honest, 0.9."""
    rng = np.random.default_rng(1)
    bought = Bought(np.arange(n + 1), np.zeros(n, dtype=np.int64), np.arange(n) % 2 == 0)
    lists = {name: np.where(rng.permutation(n)[:, None] < share * n, np.arange(10), np.arange(1, 11)) for name, share in found.items()}
    measures = {name: list_measures(each, bought, k=10) for name, each in lists.items()}
    probabilities = np.full((n, 10), 0.02)
    probabilities[:, 0] = found["model"] if honest else 0.9
    probabilities[:, 1:3] = 0.0005
    return Judged(lists, measures, probabilities, bought, 20, np.full(20, 0.1))


@pytest.mark.parametrize(
    ("found", "verdict", "baseline"),
    [
        ({"model": 0.5, "personal": 0.3, "global": 0.2}, "the model earns its place", "own favourites, then best-sellers"),
        ({"model": 0.3, "personal": 0.2, "global": 0.29}, "the simple list does as well", "best-sellers"),
        ({"model": 0.2, "personal": 0.4, "global": 0.1}, "use the simple list", "own favourites, then best-sellers"),
    ],
)
def test_the_model_is_compared_with_the_better_baseline(found: dict[str, float], verdict: str, baseline: str) -> None:
    trust = ListTrust(judged(found=found), DAY, "en")
    first, second, *_ = trust.verdict().sentences
    other = 100 * max(found["personal"], found["global"])
    assert first == (
        f"On the next basket of 400 customers after 1 April 2025, which the model had not seen, its first 10 products held "
        f"{100 * found['model']:.1f}% of what was bought; the better of two simple lists ({baseline}) held {other:.1f}%."
    )
    difference = 100 * found["model"] - other
    assert second.startswith(f"The difference of {difference:.1f} points".replace("-", "−"))
    assert second.endswith(f"{verdict}.")


def test_table_and_pictures_have_every_method() -> None:
    trust = ListTrust(judged(found={"model": 0.5, "personal": 0.3, "global": 0.2}), DAY, "fr")
    table = trust.by_method()
    assert isinstance(table, SummaryTable)
    assert [row[1].replace("\u00a0", " ") for row in table.cells()] == ["50,0 %", "30,0 %", "20,0 %"]
    assert len(trust.recall().pictures) == len(trust.calibration().pictures) == 1
    assert trust.recall().pictures[0].png()[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    ("honest", "start"), [(True, "The probabilities may be believed"), (False, "The probabilities rank products but are not")]
)
def test_probabilities_are_believed_only_if_they_came_true(honest: bool, start: str) -> None:
    data = judged(found={"model": 0.5, "personal": 0.3, "global": 0.2}, honest=honest)
    assert ListTrust(data, DAY, "en").verdict().sentences[-1].startswith(start)


def test_without_a_holdout_the_page_states_it() -> None:
    trust = ListTrust(None, None, "en")
    assert trust.verdict().sentences == (TEXTS["untested"]["en"],)
    assert all(getattr(trust, part)()._repr_html_() == "<p></p>" for part in ("recall", "by_method", "calibration"))
