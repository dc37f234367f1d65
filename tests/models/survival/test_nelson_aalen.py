"""Nelson-Aalen: lifelines on its data sets, with weights and late entry; spells cut in two; recovery; refusals."""

from __future__ import annotations

import numpy as np
import pytest
from lifelines import NelsonAalenFitter
from survival_peers import PEERS, split

from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.models.survival.nelson_aalen import nelson_aalen


@pytest.mark.parametrize("ties", ["together", "one by one"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", PEERS)
def test_lifelines_agrees(name: str, ties: str, weighted: bool) -> None:
    """Lifelines 0.30.3, NelsonAalenFitter(alpha=0.1, nelson_aalen_smoothing=one by one), entry and integer weights."""
    seen = PEERS[name]
    weight = seen.counts if weighted else None
    ours = nelson_aalen(seen.duration, seen.event, seen.entry, weight, ties=ties, level=0.9)
    peer = NelsonAalenFitter(alpha=0.1, nelson_aalen_smoothing=ties == "one by one")
    peer.fit(seen.duration, seen.event, entry=seen.entry, weights=None if weight is None else weight.astype(int))
    np.testing.assert_allclose(ours.hazard, peer.cumulative_hazard_at_times(ours.days), rtol=1e-9)
    started = ours.hazard > 0
    band = peer.confidence_interval_.loc[ours.days].to_numpy()[started]
    np.testing.assert_allclose(np.stack([ours.lower, ours.upper], axis=1)[started], band, rtol=1e-8)


@pytest.mark.parametrize("name", PEERS)
def test_a_weight_is_a_number_of_spells(name: str) -> None:
    seen = PEERS[name]
    entry = None if seen.entry is None else seen.repeated(seen.entry)
    for ties in ("together", "one by one"):
        weighted = nelson_aalen(seen.duration, seen.event, seen.entry, seen.counts, ties=ties)
        written_out = nelson_aalen(seen.repeated(seen.duration), seen.repeated(seen.event), entry, ties=ties)
        np.testing.assert_allclose(weighted.hazard, written_out.hazard, rtol=1e-9)
        np.testing.assert_allclose(weighted.std_error, written_out.std_error, rtol=1e-8)
        np.testing.assert_allclose(weighted.at_risk, written_out.at_risk)


def test_spells_cut_in_two_tell_the_same() -> None:
    seen = PEERS["lung"]
    whole, (duration, event, entry, _) = nelson_aalen(seen.duration, seen.event), split(seen, 200.0)
    parts = nelson_aalen(duration, event, entry)
    np.testing.assert_allclose(parts.at(whole.days), whole.hazard, rtol=1e-12)
    np.testing.assert_allclose(parts.std_error_at(whole.days), whole.std_error, rtol=1e-12)


def test_by_hand() -> None:
    """5 spells: 2 end at 3, one is censored at 3, 2 end at 7: H = 2/5 then 2/5 + 2/2, or 1/5 + 1/4 then + 1/2 + 1."""
    spells = [3, 3, 3, 7, 7], [1, 1, 0, 1, 1]
    assert nelson_aalen(*spells).at([0, 2.9, 3, 7]).tolist() == pytest.approx([0, 0, 0.4, 1.4])
    assert nelson_aalen(*spells, ties="one by one").at([3, 7]).tolist() == pytest.approx([0.45, 1.95])
    assert nelson_aalen(*spells).std_error_at([3, 7]).tolist() == pytest.approx([np.sqrt(2 * 3 / 125)] * 2)
    assert nelson_aalen(*spells, ties="one by one").std_error_at([3]).tolist() == pytest.approx([np.sqrt(1 / 25 + 1 / 16)])
    assert nelson_aalen(*spells).band([1]) == (0.0, 0.0)


def test_intervals_hold_the_truth() -> None:
    """H(50) of exponential lives of mean 80 is 0.625; entry at up to 40, watched to 120: 95 % intervals of 400 worlds."""
    inside = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        lifetime, entry = rng.exponential(80, 400), rng.uniform(0, 40, 400) * (rng.random(400) < 0.5)
        kept = lifetime > entry
        found = nelson_aalen(np.minimum(lifetime, 120.0)[kept], (lifetime < 120)[kept], entry[kept])
        lower, upper = found.band(50)
        inside += bool(lower[0] < 0.625 < upper[0])
    assert 364 <= inside <= 394  # binomial 99.9 % bounds of 400 x 0.95


def test_what_the_curve_does_not_know_is_refused() -> None:
    found = nelson_aalen([1, 4], [1, 0])
    with pytest.raises(ParameterError, match="known from 0 to 4 days, and 5 lies outside"):
        found.at(5)
    with pytest.raises(ParameterError, match="nan lies outside"):
        found.band([float("nan")])


def test_a_single_spell_and_ends_on_the_first_day() -> None:
    assert nelson_aalen([5], [1]).at(5).tolist() == [1.0]
    assert nelson_aalen([0, 0, 3], [1, 0, 1]).at([0, 3]).tolist() == pytest.approx([1 / 3, 4 / 3])


@pytest.mark.parametrize(
    ("spells", "error", "message"),
    [
        (([], []), NotEnoughEventsError, "there is no spell"),
        (([3, 4], [0, 0]), NotEnoughEventsError, "none of the 2 spells ended"),
        (([3, np.nan], [1, 0]), ParameterError, "duration is missing or infinite for 1 of 2 spells"),
        (([3, np.inf], [1, 0]), ParameterError, "duration is missing or infinite for 1 of 2 spells"),
        (([3, -1], [1, 0]), ParameterError, "duration is below 0 for 1 of 2 spells"),
        (([3, 4], [1, 2]), ParameterError, "event has values other than 0 and 1"),
        (([3, 4], [1, None]), ParameterError, "event is missing or infinite"),
        (([3, 4], [1]), ParameterError, r"event has the shape \(1,\); the shape \(2,\) is needed"),
        (([[3, 4]], [1]), ParameterError, "one dimension is needed"),
        ((["three", "4"], [1, 1]), ParameterError, "duration is not a column of numbers"),
        (([3, 4], [1, 1], [0, 4]), ParameterError, "entry is not below duration for 1 of 2 spells"),
        (([3, 4], [1, 1], None, [1, 0]), ParameterError, "weight is 0 for 1 of 2 spells"),
        (([3, 4], [1, 1], None, [1, -2]), ParameterError, "weight is below 0"),
    ],
)
def test_faulty_spells_are_refused(spells: tuple, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        nelson_aalen(*spells)


def test_unknown_settings_are_refused() -> None:
    with pytest.raises(ParameterError, match="unknown ties 'exact'"):
        nelson_aalen([3], [1], ties="exact")
    with pytest.raises(ParameterError, match="level is 95"):
        nelson_aalen([3], [1], level=95)
