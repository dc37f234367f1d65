"""Figures of a ranking by uplift: by hand, by their definition, without each row in turn, and against published values."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metrics.drawn_arms import arms

from relkit.errors import ParameterError
from relkit.metrics.uplift import (
    Ranking,
    aipw_scores,
    autoc,
    average_gain,
    gain_at,
    gain_curve,
    qini,
    toc_at,
    uplift_at,
)

CASE = Path(__file__).resolve().parents[1] / "golden" / "uplift" / "07_tied_scores_and_returns_in_the_ranking"
MEASURES = (qini, autoc)


def defined(score, gain, measure):
    """The sums of the definition, row by row; ties share the mean of their group."""
    order = np.argsort(-score, kind="stable")
    ranked, n = score[order], len(score)
    spread = np.array([gain[order][ranked == each].mean() for each in ranked])
    top = np.cumsum(spread) / np.arange(1, n + 1) - gain.mean()
    return float((np.arange(1, n + 1) / n * top if measure is qini else top).mean())


def drawn(n, *, ties=False, seed=0):
    rng = np.random.default_rng(seed)
    score = rng.integers(0, 7, n).astype(float) if ties else rng.random(n)
    return score, 3 * rng.standard_normal(n) + score


def case(name):
    with (CASE / name).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    columns = {key: np.array([float(row[key]) for row in rows]) for key in ("score", "y")}
    treated = np.array([row["arm"] == "treated" for row in rows])
    return columns["score"], aipw_scores(columns["y"], treated, 0.5, mu0=0.0, mu1=0.0)


@pytest.mark.parametrize("name", ["input.csv", "input_shuffled.csv"])
@pytest.mark.parametrize("times", [1, 100])
def test_tied_scores_and_returns(name, times):
    """Fractions by hand, and the average over all 96 orders of the ties: expected.json of the case."""
    score, gain = case(name)
    ranking = Ranking.of(times * score)
    found = {
        "ate": average_gain(ranking, gain).estimate,
        "gain_top_half": gain_at(ranking, gain, 0.5).estimate,
        "toc_top_half": toc_at(ranking, gain, 0.5).estimate,
        "qini": qini(ranking, gain).estimate,
        "autoc": autoc(ranking, gain).estimate,
    }
    assert found == pytest.approx(json.loads((CASE / "expected.json").read_text("utf-8"))["values"], abs=1e-9)


@pytest.mark.parametrize(
    ("action", "outcome", "expected_autoc", "expected_qini"),
    [
        ("Mens", "visit", 0.00746275, 0.00247984),
        ("Mens", "spend", 0.29629536, 0.07624133),
        ("Womens", "visit", 0.00251140, 0.00031614),
        ("Womens", "spend", 0.16406393, -0.01434655),
    ],
)
def test_values_on_hillstrom(real_data, action, outcome, expected_autoc, expected_qini):
    """RATE of Yadlowsky et al. with discrete sums as in grf, arm means as outcome models and the observed share as propensity."""
    rows = arms(real_data, action)
    gain = aipw_scores(getattr(rows, outcome), rows.treated, rows.treated.mean())
    ranking = Ranking.of(rows.history)
    assert autoc(ranking, gain).estimate == pytest.approx(expected_autoc, abs=5.1e-9)
    assert qini(ranking, gain).estimate == pytest.approx(expected_qini, abs=5.1e-9)


def test_the_standard_error_is_that_of_the_bootstrap(real_data):
    """200 bootstrap samples of the same rows gave 0.000949 (QINI) and 0.003580 (AUTOC), each within 5 % by their number."""
    rows = arms(real_data, "Mens")
    gain = aipw_scores(rows.visit, rows.treated, rows.treated.mean())
    ranking = Ranking.of(rows.history)
    assert qini(ranking, gain).std_error == pytest.approx(0.000949, rel=0.1)
    assert autoc(ranking, gain).std_error == pytest.approx(0.003580, rel=0.1)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("ties", [False, True])
def test_the_value_is_that_of_the_definition(measure, ties):
    score, gain = drawn(80, ties=ties)
    assert measure(Ranking.of(score), gain).estimate == pytest.approx(defined(score, gain, measure), abs=1e-13)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("ties", [False, True])
def test_the_influence_is_the_change_without_the_row(measure, ties):
    """The delete-one jackknife of the definition, by recomputation (Efron and Stein 1981)."""
    score, gain = drawn(50, ties=ties)
    found = measure(Ranking.of(score), gain)
    without = np.array([defined(np.delete(score, i), np.delete(gain, i), measure) for i in range(50)])
    assert found.influence == pytest.approx(49 * (without.mean() - without), abs=1e-11)
    assert found.std_error == pytest.approx(np.sqrt(49 / 50 * ((without - without.mean()) ** 2).sum()), rel=1e-10)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(-4, 4), st.integers(-50, 50)), min_size=2, max_size=40), st.randoms(use_true_random=False))
def test_neither_row_order_nor_the_scale_of_the_score_matters(rows, random):
    score, gain = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    mixed = random.sample(range(len(rows)), len(rows))
    for measure in MEASURES:
        first = measure(Ranking.of(score), gain)
        for other in (measure(Ranking.of(score[mixed]), gain[mixed]), measure(Ranking.of(np.exp(score)), gain)):
            assert other.estimate == pytest.approx(first.estimate, abs=1e-10)
            assert other.std_error == pytest.approx(first.std_error, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-50, 50)), min_size=2, max_size=30), st.integers(-1000, 1000))
def test_an_effect_common_to_all_changes_no_ranking_figure(rows, shift):
    score, gain = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    for measure in MEASURES:
        assert measure(Ranking.of(score), gain + shift).estimate == pytest.approx(measure(Ranking.of(score), gain).estimate, abs=1e-8)


def test_a_tie_group_is_the_mean_over_the_orders_of_its_rows():
    rng = np.random.default_rng(3)
    score, gain = np.repeat([3.0, 2.0, 1.0], [4, 30, 6]), rng.standard_normal(40)
    for measure in MEASURES:
        broken = [measure(Ranking.of(score + 1e-3 * rng.random(40)), gain).estimate for _ in range(1000)]
        apart = (measure(Ranking.of(score), gain).estimate - np.mean(broken)) / (np.std(broken) / np.sqrt(1000))
        assert abs(apart) < 4


@pytest.mark.parametrize("measure", MEASURES)
def test_a_constant_score_has_no_value_and_no_uncertainty(measure):
    found = measure(Ranking.of(np.full(50, 0.3)), np.arange(50.0))
    assert (found.estimate, found.std_error) == pytest.approx((0, 0), abs=1e-12)


def test_float_noise_splits_ties_by_default_and_not_with_a_tolerance():
    score, gain = np.array([0.1 + 0.2, 0.3, 0.3, 0.9]), np.array([1.0, 5.0, -2.0, 3.0])
    exact = Ranking.of([0.3, 0.3, 0.3, 0.9])
    assert len(Ranking.of(score).starts) == 3
    assert qini(Ranking.of(score, tolerance=1e-12), gain).estimate == pytest.approx(qini(exact, gain).estimate, abs=1e-15)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("ties", [False, True])
def test_equal_weights_change_nothing_and_only_their_ratios_count(measure, ties):
    score, gain = drawn(60, ties=ties)
    plain, weighted = measure(Ranking.of(score), gain), measure(Ranking.of(score, weight=np.full(60, 7.0)), gain)
    assert (weighted.estimate, weighted.std_error) == pytest.approx((plain.estimate, plain.std_error), rel=1e-10)
    weight = np.random.default_rng(5).uniform(0.5, 2, 60)
    one, other = (measure(Ranking.of(score, weight=times * weight), gain) for times in (1, 1000))
    assert (one.estimate, one.std_error) == pytest.approx((other.estimate, other.std_error), rel=1e-10)


@pytest.mark.parametrize("measure", MEASURES)
def test_a_weight_of_two_is_nearly_two_rows(measure):
    """Exactly so in the limit of many rows; the sums count ranks in rows."""
    score, gain = drawn(3000)
    weight = np.random.default_rng(6).integers(1, 3, 3000)
    doubled = measure(Ranking.of(np.repeat(score, weight)), np.repeat(gain, weight))
    weighted = measure(Ranking.of(score, weight=weight), gain)
    assert weighted.estimate == pytest.approx(doubled.estimate, abs=0.01 * weighted.std_error + 2e-3)


@pytest.mark.parametrize("measure", MEASURES)
def test_weighted_influence_predicts_a_changed_weight(measure):
    """The derivative of the figure with respect to a row's weight, by a small change of it."""
    score, gain = drawn(3000)
    weight = np.random.default_rng(7).uniform(0.5, 2, 3000)
    found = measure(Ranking.of(score, weight=weight), gain)
    for row in (3, 1500, int(np.argmax(score[:1000]))):
        nudged = weight.copy()
        nudged[row] *= 1.01
        slope = 3000 * (measure(Ranking.of(score, weight=nudged), gain).estimate - found.estimate) / 0.01
        assert slope == pytest.approx(found.influence[row], abs=0.05)


def test_a_paired_difference_is_narrower_than_two_figures_apart():
    rng = np.random.default_rng(8)
    effect = rng.standard_normal(4000)
    gain = effect + 5 * rng.standard_normal(4000)
    one, other = (qini(Ranking.of(effect + noise * rng.standard_normal(4000)), gain) for noise in (0.1, 0.3))
    apart = one.minus(other)
    assert apart.estimate == one.estimate - other.estimate
    assert apart.std_error < 0.5 * np.hypot(one.std_error, other.std_error)
    assert qini(Ranking.of(effect), gain).minus(qini(Ranking.of(2 * effect), gain)).std_error == 0


def test_the_members_of_a_household_count_as_one():
    """Every row twice in a household: the standard error is that of the single rows."""
    score, gain = drawn(400)
    single = qini(Ranking.of(score), gain)
    twice = qini(Ranking.of(np.tile(score, 2)), np.tile(gain, 2), cluster=np.tile(np.arange(400), 2))
    assert twice.estimate == pytest.approx(single.estimate, abs=1e-12)
    assert twice.std_error == pytest.approx(single.std_error, rel=0.01)


def test_effect_among_the_top():
    score, gain = np.arange(10.0), np.arange(10.0) ** 2
    ranking = Ranking.of(score)
    assert uplift_at(ranking, gain, 0.3).estimate == pytest.approx((81 + 64 + 49) / 3)
    assert gain_at(ranking, gain, 0.25).estimate == pytest.approx((81 + 64 + 49 / 2) / 10)
    assert uplift_at(ranking, gain, 1.0).estimate == pytest.approx(gain.mean())
    assert toc_at(ranking, gain, 1.0).estimate == pytest.approx(0)
    assert toc_at(ranking, gain, 1.0).std_error == pytest.approx(0, abs=1e-12)


def test_the_interval_of_the_effect_among_the_top_covers():
    """Effect on the top 30 % of a known normal effect, 400 draws: 95 % within 3.5 standard errors of a share."""
    rng, truth, covered = np.random.default_rng(9), 0.0, 0
    sample = rng.standard_normal(400_000)
    truth = float(sample[sample > np.quantile(sample, 0.7)].mean())
    for _ in range(400):
        effect = rng.standard_normal(800)
        found = uplift_at(Ranking.of(effect), effect + rng.standard_normal(800), 0.3)
        covered += found.low < truth < found.high
    assert 0.95 - 3.5 * np.sqrt(0.95 * 0.05 / 400) < covered / 400 < 0.95 + 3.5 * np.sqrt(0.95 * 0.05 / 400)


def test_the_curve_ends_at_the_average_effect_and_its_area_is_the_qini():
    """The sum of the definition takes the height at each end of a rank, so half a step of the average lies between the two."""
    score, gain = drawn(500, ties=True)
    curve = gain_curve(Ranking.of(score), gain)
    assert curve.gain[-1] == pytest.approx(gain.mean())
    assert np.trapezoid(curve.gain - curve.at_random, curve.share) == pytest.approx(qini(Ranking.of(score), gain).estimate, abs=1e-12)
    assert len(gain_curve(Ranking.of(drawn(500)[0]), gain, points=101).share) == 101


def test_mean_of_aipw_scores_is_the_difference_of_the_arms():
    y, t = np.array([3.0, 1.0, 4.0, 0.0, 2.0]), np.array([1, 0, 1, 0, 0])
    assert aipw_scores(y, t, 0.4).mean() == pytest.approx(3.5 - 1.0)


def test_good_outcome_models_narrow_the_interval_and_keep_the_value():
    rng = np.random.default_rng(10)
    base, effect, t = 5 * rng.standard_normal(20_000), rng.random(20_000), rng.random(20_000) < 0.3
    y = base + effect * t + rng.standard_normal(20_000)
    ranking = Ranking.of(effect)
    plain, adjusted = (qini(ranking, aipw_scores(y, t, 0.3, *models)) for models in ((), (base, base + effect)))
    assert adjusted.std_error < 0.4 * plain.std_error
    assert adjusted.estimate == pytest.approx(1 / 12, abs=4 * adjusted.std_error)
    assert plain.estimate == pytest.approx(1 / 12, abs=4 * plain.std_error)


def test_autoc_weighs_flat():
    """Effects uniform on (0, 1), ranked perfectly: AUTOC 1/4, QINI 1/12 (weights 1/q would give 3/8 and more with n)."""
    effect = (np.arange(100_000) + 0.5) / 100_000
    assert autoc(Ranking.of(effect), effect).estimate == pytest.approx(0.25, abs=1e-4)
    assert qini(Ranking.of(effect), effect).estimate == pytest.approx(1 / 12, abs=1e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0, 2.0], [1, 1], 0.5), "no unit is control; an effect needs both arms"),
        (([1.0, 2.0], [0, 0], 0.5), "no unit is treated"),
        (([1.0, 2.0], [1, 0], 1.0), "propensity: 2 of 2 values are not strictly between 0 and 1"),
        (([1.0, np.nan], [1, 0], 0.5), r"outcome: 1 of 2 values are not finite numbers \(first: row 1\)"),
        (([1.0, 2.0, 3.0], [1, 0], 0.5), r"outcome \(3,\), treated \(2,\)"),
        (([1.0, 2.0], [1, 2], 0.5), "treated: it has values other than 0 and 1"),
        (([1.0, 2.0], [1, 0], 0.5, [0.0]), r"mu0 \(1,\)"),
        (([1.0, 2.0], [1, 0], 0.5, 0.0, np.inf), "mu1: 2 of 2 values are not finite"),
        (([], [], 0.5), "n at least 1"),
    ],
)
def test_bad_units_are_refused(arguments, message):
    with pytest.raises(ParameterError, match=message):
        aipw_scores(*arguments)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Ranking.of([0.1, np.nan]), "Ranking: score: 1 of 2 values are not finite"),
        (lambda: Ranking.of([0.1, 0.2], tolerance=-1), "tolerance is -1"),
        (lambda: Ranking.of([0.1, 0.2], weight=[1, 0]), "1 weights are not positive"),
        (lambda: qini(Ranking.of([0.1, 0.2]), [1.0, 2.0, 3.0]), "3 values for a ranking of 2 rows"),
        (lambda: qini(Ranking.of([0.1]), [1.0]), "1 row; a ranking needs at least 2"),
        (lambda: qini(Ranking.of([0.1, 0.2]), [1.0, np.inf]), "gain: 1 of 2 values are not finite"),
        (lambda: uplift_at(Ranking.of([0.1, 0.2]), [1.0, 2.0], 0.0), "share is 0.0; it must be above 0"),
        (lambda: qini(Ranking.of([0.1, 0.2]), [1.0, 2.0], cluster=["a", "a"]), "fewer than 2 households; an interval needs more"),
        (lambda: qini(Ranking.of([0.1, 0.2]), [1.0, 2.0], cluster=["a"]), r"cluster has shape \(1,\)"),
    ],
)
def test_bad_rankings_are_refused(call, message):
    with pytest.raises(ParameterError, match=message):
        call()
