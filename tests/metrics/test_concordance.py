"""Concordance against its definition pair by pair, and lifelines 0.30.3."""

from __future__ import annotations

import numpy as np
import pytest

from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.metrics.censoring import InView
from relkit.metrics.concordance import Concordance, concordance, uno_concordance


def drawn(seed: int, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return spells with many ties in age and in risk."""
    rng = np.random.default_rng(seed)
    duration = rng.integers(1, 30, n).astype(float)
    entry = np.minimum(rng.integers(0, 12, n) * (rng.random(n) < 0.5), duration - 1).astype(float)
    return duration, rng.random(n) < 0.6, rng.integers(0, 10, n).astype(float), entry


def by_pairs(duration: np.ndarray, event: np.ndarray, risk: np.ndarray, entry: np.ndarray) -> Concordance:
    """Return the counts over every pair, by the definition."""
    i, j = np.meshgrid(np.arange(len(duration)), np.arange(len(duration)), indexing="ij")
    outlives = (duration[j] > duration[i]) | ((duration[j] == duration[i]) & ~event[j])
    pairs = event[i] & outlives & ((entry[j] < duration[i]) | (entry[j] == 0))
    first, other = risk[i], risk[j]
    return Concordance(int((pairs & (first > other)).sum()), int((pairs & (first < other)).sum()), int((pairs & (first == other)).sum()))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("n", [4, 60, 700])
def test_concordance_counts_every_pair_once(seed: int, n: int) -> None:
    duration, event, risk, entry = drawn(seed, n)
    event[0] = True
    duration[1], entry[1] = 40.0, 0.0  # one outlives all, so that a pair exists
    assert concordance(duration, event, risk) == by_pairs(duration, event, risk, np.zeros(n))
    assert concordance(duration, event, risk, entry) == by_pairs(duration, event, risk, entry)


def test_concordance_is_that_of_lifelines() -> None:
    """lifelines.utils.concordance_index(duration, -risk, event) on rossi and on the drawn spells."""
    from lifelines.datasets import load_rossi
    from lifelines.utils import concordance_index

    rossi = load_rossi()
    week, arrest, prio = rossi["week"].to_numpy(float), rossi["arrest"].to_numpy() == 1, rossi["prio"].to_numpy(float)
    assert concordance(week, arrest, prio).index == concordance_index(week, -prio, arrest)
    duration, event, risk, _ = drawn(11, 3000)
    assert concordance(duration, event, risk).index == concordance_index(duration, -risk, event)


def test_concordance_is_exact_where_pairs_exceed_32_bits() -> None:
    n = 100_000
    age = np.arange(1.0, n + 1)
    assert concordance(age, np.ones(n, bool), -age) == Concordance(n * (n - 1) // 2, 0, 0)


def test_spells_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(NotEnoughEventsError, match="no two spells are comparable: nobody outlives an event"):
        concordance(np.array([2.0, 2.0]), np.array([True, True]), np.array([1.0, 2.0]))


@pytest.mark.parametrize("seed", range(3))
def test_a_row_of_weight_three_is_three_rows(seed: int) -> None:
    duration, event, risk, entry = drawn(seed, 300)
    times = np.random.default_rng(seed).integers(0, 4, 300)
    spread = [np.repeat(a, times) for a in (duration, event, risk, entry)]
    for late in (None, entry):
        whole = concordance(*spread[:3], None if late is None else spread[3])
        found = concordance(duration, event, risk, late, times.astype(float))
        assert (found.concordant, found.discordant, found.tied) == (whole.concordant, whole.discordant, whole.tied)
    found = uno_concordance(duration, event, risk, tau=20.0, weight=times.astype(float))
    whole = uno_concordance(*spread[:3], tau=20.0)
    assert found.index == pytest.approx(whole.index, rel=1e-12)
    assert found.pairs == pytest.approx(whole.pairs, rel=1e-12)


@pytest.mark.parametrize("ties", ["before", "after"])
def test_pairs_of_uno_are_weighted_by_their_event(ties: str) -> None:
    """By the definition, pair by pair: Uno et al. (2011), eq. 6."""
    duration, event, risk, _ = drawn(5, 400)
    in_view = InView.of(duration, event, ties=ties)  # type: ignore[arg-type]
    i, j = np.meshgrid(np.arange(400), np.arange(400), indexing="ij")
    pairs = event[i] & ((duration[j] > duration[i]) | ((duration[j] == duration[i]) & ~event[j])) & (duration[i] < 25)
    each = np.divide(1.0, in_view.at(np.minimum(duration, 25.0)) ** 2)[i] * pairs
    found = uno_concordance(duration, event, risk, tau=25.0, in_view=in_view)
    assert found.concordant == pytest.approx(each[risk[i] > risk[j]].sum(), rel=1e-12)
    assert found.discordant == pytest.approx(each[risk[i] < risk[j]].sum(), rel=1e-12)
    assert found.tied == pytest.approx(each[risk[i] == risk[j]].sum(), rel=1e-12)


def test_uno_does_not_depend_on_the_censoring_and_harrell_does() -> None:
    """The same lives in whole months, all observed or censored early: pairs that end by month 12."""
    rng = np.random.default_rng(8)
    n = 200_000
    risk = rng.normal(size=n)
    lived = np.ceil(rng.weibull(np.where(risk > 0, 3.0, 0.8)) * 10)
    lost = np.ceil(rng.exponential(8.0, n))
    whole = uno_concordance(lived, np.ones(n, bool), risk, tau=12.0).index
    seen = np.minimum(lived, lost), lived <= lost, risk
    assert uno_concordance(*seen, tau=12.0).index == pytest.approx(whole, abs=0.004)
    assert abs(concordance(*seen).index - whole) > 0.01


def test_weights_below_zero_are_refused() -> None:
    with pytest.raises(ParameterError, match="weight: a weight is negative or not a number"):
        concordance(np.array([1.0, 2.0]), np.array([True, False]), np.array([1.0, 2.0]), weight=np.array([1.0, -1.0]))


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_risk_that_is_not_a_number_is_refused(sign: float) -> None:
    with pytest.raises(ParameterError, match="risk: a risk is not a number"):
        concordance(np.array([1.0, 2.0]), np.array([True, False]), np.array([np.copysign(np.nan, sign), 1.0]))


def test_risks_that_differ_in_their_last_bit_are_not_tied() -> None:
    risk = np.nextafter(np.full(1000, -0.3), -(np.arange(1000) % 2.0))  # two values, next but one to each other
    duration = np.arange(1.0, 1001.0)
    found = concordance(duration, np.ones(1000, bool), risk)
    assert found == by_pairs(duration, np.ones(1000, bool), risk, np.zeros(1000))
    assert found.discordant == 499 * 500 / 2


def test_an_event_with_nobody_left_uncensored_is_refused() -> None:
    early = InView.of(np.array([1.0, 2.0]), np.array([True, False]))
    with pytest.raises(NotEnoughEventsError, match="nobody is observed at 3 days; the last was at 2"):
        uno_concordance(np.array([3.0, 4.0]), np.array([True, False]), np.array([1.0, 2.0]), in_view=early)


def test_spells_and_risks_are_left_as_they_were() -> None:
    arrays = (*drawn(3, 50), np.arange(50.0))
    before = [a.copy() for a in arrays]
    concordance(*arrays)
    uno_concordance(*arrays[:3], tau=20.0)
    assert all(np.array_equal(a, b) for a, b in zip(arrays, before, strict=True))
