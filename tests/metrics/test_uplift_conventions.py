"""Qini, AUUC and relatives against scikit-uplift 0.5.1, causalml 0.18.0 and pylift.

Values of the two libraries on constructed units were stored by tests/golden/metrics/uplift_libraries.py; those on the Hillstrom data
(visit, the e-mail against none, rows in the order of the file) and the small vectors are theirs too, as noted.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from metrics.drawn_arms import arms
from metrics.ranked_units import CASES

from relkit.errors import ParameterError
from relkit.metrics.uplift import Ranking, aipw_scores, qini
from relkit.metrics.uplift_conventions import (
    RankedArms,
    causalml_auuc,
    causalml_qini,
    percentile_table,
    perfect_qini_curve,
    perfect_uplift_curve,
    pylift_scores,
    qini_curve,
    radcliffe_area,
    scikit_uplift_at_k,
    scikit_uplift_auc,
    scikit_uplift_qini,
    uplift_curve,
    weighted_average_uplift,
)

STORED = json.loads((Path(__file__).parents[1] / "golden" / "metrics" / "uplift_libraries.json").read_text(encoding="utf-8"))
TO_TEN_DIGITS = {"rel": 0, "abs": 1e-10}
AS_PRINTED = {"rel": 0, "abs": 5.1e-11}
"""Half of the last digit of ten decimals."""

FIGURES = {
    "qini_auc": scikit_uplift_qini,
    "qini_auc_no_negative": lambda ranked: scikit_uplift_qini(ranked, negative_effect=False),
    "uplift_auc": scikit_uplift_auc,
    "at_k_overall": scikit_uplift_at_k,
    "at_k_by_group": lambda ranked: scikit_uplift_at_k(ranked, strategy="by_group"),
    "weighted_average": weighted_average_uplift,
    "weighted_average_by_group": lambda ranked: weighted_average_uplift(ranked, bins=7, strategy="by_group"),
}
OF_CAUSALML = {
    "qini": causalml_qini,
    "qini_raw": lambda ranked: causalml_qini(ranked, normalise=False),
    "auuc": causalml_auuc,
    "auuc_raw": lambda ranked: causalml_auuc(ranked, normalise=False),
}
CURVES = {
    "qini_curve": qini_curve,
    "uplift_curve": uplift_curve,
    "perfect_qini_curve": perfect_qini_curve,
    "perfect_uplift_curve": perfect_uplift_curve,
}


def ranked(name):
    units = CASES[name]
    return RankedArms.of(units.outcome, units.treated, units.score)


def small(y, u, t):
    return RankedArms.of(y, t, u)


def test_the_values_are_those_of_the_versions_named_here():
    assert {name: STORED["made_by"][name] for name in ("scikit-uplift", "causalml")} == {"scikit-uplift": "0.5.1", "causalml": "0.18.0"}
    assert set(STORED["cases"]) == set(CASES)
    assert all(len(np.unique(units.score)) == len(units.score) for units in CASES.values())


@pytest.mark.parametrize("name", CASES)
def test_causalml(name):
    found = {figure: of(ranked(name)) for figure, of in OF_CAUSALML.items()}
    assert found == pytest.approx(STORED["cases"][name]["causalml"], **TO_TEN_DIGITS)


@pytest.mark.parametrize("name", [name for name, units in CASES.items() if units.is_binary])
def test_scikit_uplift(name):
    stored = STORED["cases"][name]["scikit_uplift"]
    assert {figure: of(ranked(name)) for figure, of in FIGURES.items()} == pytest.approx(
        {figure: stored[figure] for figure in FIGURES}, **TO_TEN_DIGITS
    )
    for curve, of in CURVES.items():
        found = of(ranked(name))
        for mine, theirs in zip((found.rows, found.height), stored[curve], strict=True):
            assert [*mine[::25], mine[-1]] == pytest.approx(theirs, **TO_TEN_DIGITS), curve


@pytest.mark.parametrize("name", [name for name, units in CASES.items() if units.is_binary])
def test_percentiles_of_scikit_uplift(name):
    stored, found = STORED["cases"][name]["scikit_uplift"]["percentiles"], percentile_table(ranked(name), bins=7)
    named = {"response_rate_treatment": "mean_treatment", "response_rate_control": "mean_control"}
    for column, values in stored.items():
        assert getattr(found, named.get(column, column)) == pytest.approx(values, **TO_TEN_DIGITS), column


@pytest.mark.parametrize(
    ("action", "score", "expected"),
    [
        ("Mens", "history", (0.0184334013, 0.0667167748, 0.0095784238, 0.0894789833, 0.0894654394, 0.0765940281, 0.001228560097)),
        ("Mens", "untied", (0.0183806688, 0.0665259180, 0.0095443107, 0.0894789833, 0.0894654394, 0.0765940281, 0.001225045554)),
        ("Mens", "-recency", (0.0118489254, 0.0428853079, 0.0063811672, 0.0858618633, 0.0857101830, 0.0767953563, 0.000789714105)),
        ("Womens", "history", (0.0026215141, 0.0142591091, 0.0010476346, 0.0479423891, 0.0484066736, 0.0449932383, 0.000157891198)),
        ("Womens", "untied", (0.0030298609, 0.0164802154, 0.0012402817, 0.0479423891, 0.0484066736, 0.0449932383, 0.000182485522)),
        ("Womens", "-recency", (-0.0045197693, -0.0245842220, -0.0019703901, 0.0447465018, 0.0444961421, 0.0453319277, -0.000272221234)),
    ],
)
def test_scikit_uplift_on_hillstrom(real_data, action, score, expected):
    """scikit-uplift 0.5.1, and the area over N^2: Qini with and without negative effects, AUC, at 30 % overall and by group, average."""
    rows = arms(real_data, action)
    by = -rows.recency if score == "-recency" else getattr(rows, score)
    ranking = RankedArms.of(rows.visit, rows.treated, by)
    found = [
        scikit_uplift_qini(ranking),
        scikit_uplift_qini(ranking, negative_effect=False),
        scikit_uplift_auc(ranking),
        scikit_uplift_at_k(ranking, 0.3),
        scikit_uplift_at_k(ranking, 0.3, strategy="by_group"),
        weighted_average_uplift(ranking),
        radcliffe_area(ranking),
    ]
    assert found[:6] == pytest.approx(expected[:6], **AS_PRINTED)
    assert found[6] == pytest.approx(expected[6], rel=0, abs=5.1e-13)


@pytest.mark.parametrize(
    ("action", "normalised", "raw", "auuc"),
    [("Mens", 0.0319883807, 52.201641, 0.5322182433), ("Womens", 0.0080532027, 7.790672, 0.5071285763)],
)
def test_causalml_on_hillstrom(real_data, action, normalised, raw, auuc):
    """Causalml 0.18.0 on a score without ties; with ties its value depends on the order of the rows."""
    rows = arms(real_data, action)
    ranking = RankedArms.of(rows.visit, rows.treated, rows.untied)
    assert (causalml_qini(ranking), causalml_auuc(ranking)) == pytest.approx((normalised, auuc), **AS_PRINTED)
    assert causalml_qini(ranking, normalise=False) == pytest.approx(raw, abs=5.1e-7)


@pytest.mark.parametrize(
    ("y", "u", "t", "auc", "qini_auc"),
    [
        ([0, 1], [0.1, 0.3], [1, 0], 0, 1),
        ([1, 0], [0.1, 0.3], [0, 1], 1, 1),
        ([0, 1, 2], [0.1, 0.3, 0.9], [0, 1, 0], -4 / 3, -0.5),
        ([0, 1, 2], [0.1, 0.3, 0.9], [1, 0, 1], 4 / 3, 0.75),
    ],
)
def test_vectors_of_scikit_uplift(y, u, t, auc, qini_auc):
    """tests/test_metrics.py of scikit-uplift; the last two, with outcomes other than 0 and 1, are of before it refused them."""
    assert scikit_uplift_auc(small(y, u, t)) == pytest.approx(auc)
    assert scikit_uplift_qini(small(y, u, t)) == pytest.approx(qini_auc)


def test_curves_of_a_constant_score_by_scikit_uplift():
    """tests/test_metrics.py of scikit-uplift."""
    tied = small([0, 1, 0], [1, 1, 1], [0, 1, 1])
    expected = {
        uplift_curve: ([0, 3], [0, 1.5]),
        perfect_uplift_curve: ([0, 1, 2, 3], [0, 1, 2, 1.5]),
        qini_curve: ([0, 3], [0, 1]),
        perfect_qini_curve: ([0, 1, 3], [0, 1, 1]),
    }
    for curve, (rows, height) in expected.items():
        assert (curve(tied).rows.tolist(), curve(tied).height.tolist()) == (rows, height)
    table = percentile_table(tied, bins=1)
    found = (table.n_treatment, table.n_control, table.mean_treatment, table.mean_control, table.uplift)
    assert [float(column[0]) for column in found] == [2, 1, 0.5, 0, 0.5]
    assert [float(column[0]) for column in (table.std_treatment, table.std_control, table.std_uplift)] == pytest.approx(
        [0.353553, 0, 0.353553], abs=1e-6
    )
    assert weighted_average_uplift(tied, bins=1) == 0.5


def test_vectors_of_pylift():
    """tests/eval_test.py of pylift."""
    found = pylift_scores([1, 1, 1, 0, 0], [1, 1, 0, 1, 0], [1, 0.9, 0.8, 0.5, 0.6], [0.75, 0.5, 0.75, 0.75, 0.5])
    assert (found.qini, found.adjusted_qini, found.cumulative_gain) == pytest.approx((0.18601190, 0.21279762, 0.11737351), abs=5.1e-9)
    assert (found.practical_maximum, found.maximum) == pytest.approx((0.24943311, 0.39527530), abs=5.1e-9)
    simple = pylift_scores([1, 0, 0, 1], [1, 0, 1, 0], [1, 0.5, 0.25, 0], [0.5] * 4)
    assert (simple.cumulative_gain, simple.qini, simple.adjusted_qini) == pytest.approx((0.28125, 0.375, 0.375), abs=1e-12)


def test_identity_between_scikit_uplift_and_causalml(real_data):
    """Exact but for the ranks above which an arm is absent, where the two differ."""
    rows = arms(real_data, "Mens")
    by = RankedArms.of(rows.visit, rows.treated, rows.untied)
    n, r = by.n, float(qini_curve(by).height[-1])
    assert r / n == pytest.approx(0.038296, abs=5e-7)
    assert scikit_uplift_qini(by, negative_effect=False) == pytest.approx(2 * (n + 1) / n * causalml_qini(by) / (1 - r / n), rel=1e-6)


def test_radcliffe_area_tends_to_the_share_treated_times_the_qini():
    rng = np.random.default_rng(0)
    score, t = rng.random(400_000), (rng.random(400_000) < 0.3).astype(float)
    y = 1 + score * t
    own = qini(Ranking.of(score), aipw_scores(y, t, 0.3)).estimate
    assert radcliffe_area(RankedArms.of(y, t, score)) == pytest.approx(0.3 * own, rel=0.02)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: small([0, 1], [0.1, 0.2], [1, 1]), "both 0 and 1 must occur"),
        (lambda: small([0, np.nan], [0.1, 0.2], [1, 0]), "outcome: 1 of 2 values are not finite"),
        (lambda: scikit_uplift_qini(small([0, 0], [0.1, 0.2], [1, 0])), "no order of these rows is better"),
        (lambda: scikit_uplift_at_k(small([0, 1], [0.1, 0.2], [1, 0]), 1.0), "share is 1.0"),
        (lambda: scikit_uplift_at_k(small([0, 1, 1], [0.1, 0.2, 0.3], [1, 0, 1]), 0.4), "an arm is absent from the top 40%"),
        (lambda: percentile_table(small([0, 1], [0.1, 0.2], [1, 0]), bins=2), "below the number of rows, 2"),
        (lambda: causalml_qini(small([1, 0, 0, 1], [4, 3, 2, 1], [1, 0, 1, 0])), "a ratio to it has no meaning"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ParameterError, match=message):
        call()
