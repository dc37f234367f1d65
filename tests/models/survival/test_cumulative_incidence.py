"""Cumulative incidence: scikit-survival's stored values, lifelines where nothing ties, known truth, and every refusal."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from lifelines import AalenJohansenFitter
from survival_peers import PEERS, split

from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.models.survival.cumulative_incidence import cumulative_incidence, incidence_by_reason
from relkit.models.survival.kaplan_meier import KaplanMeier

BMT_STATUS = [2, 1, 0, 2, 2, 0, 2, 2, 0, 0, 0, 0, 2, 2, 2, 1, 1, 1, 1, 1, 2, 1, 2, 2, 1, 0, 0, 2, 2, 2, 2, 0, 0, 0, 1]
BMT_MONTHS = [13, 1, 72, 7, 8, 67, 9, 5, 70, 4, 7, 68, 1, 10, 7, 3, 4, 4, 3, 3, 22, 8, 2, 0, 0, 35, 35, 4, 14, 26, 3, 2, 8, 32, 12]
"""35 patients of Pintilie (2006), as scikit-survival 0.28.0 ships them: load_bmt; ties, between causes too, and ends at 0."""

MONTHS = [0, 3, 8, 14, 26, 72]
INCIDENCE = {
    "1": [0.02857142857142857, 0.1458128078817734, 0.23771163637868942, 0.27283898781187355, 0.27283898781187355, 0.27283898781187355],
    "2": [0.02857142857142857, 0.11527093596059114, 0.27050544355673306, 0.4110148492894695, 0.4812695521558378, 0.4812695521558378],
}
BANDS = {
    ("aalen", "1"): (
        [0.002090898356865393, 0.05221871309905593, 0.11008408906869313, 0.13313612255372795, 0.13313612255372795, 0.13313612255372795],
        [0.12890884349415663, 0.28487001844067344, 0.3924061042479583, 0.43314516686792776, 0.43314516686792776, 0.43314516686792776],
    ),
    ("aalen", "2"): (
        [0.002090898356865393, 0.03572410603079524, 0.13266604481606592, 0.23676250419764175, 0.294933560002112, 0.294933560002112],
        [0.12890884349415663, 0.24638028145466764, 0.42899905483516965, 0.5776866660274261, 0.645304622263166, 0.645304622263166],
    ),
    ("greenwood", "1"): (
        [0.002195356172185153, 0.05321616006278296, 0.11170565090109001, 0.13527004700117579, 0.13527004700117579, 0.13527004700117579],
        [0.12682272072472445, 0.28257196089376363, 0.38996482740076965, 0.4302741102198868, 0.4302741102198868, 0.4302741102198868],
    ),
    ("greenwood", "2"): (
        [0.002195356172185153, 0.03648617755749275, 0.13439625515608045, 0.23994136481781958, 0.29900732776924505, 0.29900732776924505],
        [0.12682272072472445, 0.24418961799774078, 0.426661412267004, 0.5747323383896175, 0.6421007859875572, 0.6421007859875572],
    ),
}
"""scikit-survival 0.28.0, cumulative_incidence_competing_risks(status, ftime, conf_type="log-log", var_type=Aalen | Dinse_Approx)."""


def bmt() -> tuple[list[int], list[str | None]]:
    return BMT_MONTHS, [str(cause) if cause else None for cause in BMT_STATUS]


def causes_of(seen) -> np.ndarray:
    """Return two causes in turn for the ends of a data set."""
    turn = np.where(np.arange(len(seen.duration)) % 3 == 0, "b", "a").astype(object)
    return np.where(seen.event, turn, None)


@pytest.mark.parametrize("cause", ["1", "2"])
@pytest.mark.parametrize("variance", ["aalen", "greenwood"])
def test_scikit_survival_on_bmt(variance: str, cause: str) -> None:
    found = cumulative_incidence(*bmt(), variance=variance)
    np.testing.assert_allclose(found.at(cause, MONTHS), INCIDENCE[cause], rtol=1e-12)
    np.testing.assert_allclose(found.band(cause, MONTHS), BANDS[variance, cause], rtol=1e-10)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", PEERS)
def test_lifelines_agrees_where_nothing_ties(name: str, weighted: bool) -> None:
    """Lifelines 0.30.3, AalenJohansenFitter, which moves ties apart at random: here they are apart, in the order of the rows.

    Entries fall between the ends: on the day of an end, those who enter are at risk for lifelines, and not by the convention of R.
    """
    seen = PEERS[name]
    rank = np.argsort(np.argsort(seen.duration, kind="stable"))
    days, entry = rank + 1.0, None if seen.entry is None else np.floor(rank / 2) + 0.5
    code = np.where(seen.event, np.where(np.arange(len(rank)) % 3 == 0, 2, 1), 0)
    weight = seen.counts if weighted else None
    ours = cumulative_incidence(days, causes_of(seen), entry, weight)
    for cause, number in (("a", 1), ("b", 2)):
        peer = AalenJohansenFitter()
        peer.fit(days, code, number, entry=entry, weights=weight)
        theirs = peer.cumulative_density_.iloc[:, 0].reindex(ours.days).to_numpy()
        np.testing.assert_allclose(ours.at(cause, ours.days), theirs, rtol=1e-9, atol=1e-14)
        square = peer.variance_.reindex(ours.days).to_numpy()
        known = np.isfinite(square)
        assert (ours.survival[~known] == 0).all()  # lifelines divides by 0 if nobody is left
        np.testing.assert_allclose(ours.std_error[ours.row(cause)][known] ** 2, square[known], rtol=1e-6, atol=1e-15)


@pytest.mark.parametrize("name", PEERS)
def test_shares_add_up_to_one_and_one_cause_is_kaplan_meier(name: str) -> None:
    seen = PEERS[name]
    found = cumulative_incidence(seen.duration, causes_of(seen), seen.entry)
    np.testing.assert_allclose(found.incidence.sum(axis=0) + found.survival, 1, rtol=1e-12)
    entry = np.zeros(len(seen.duration)) if seen.entry is None else seen.entry
    frame = pl.DataFrame({"duration_days": seen.duration, "event": seen.event, "entry_days": entry})
    curve = KaplanMeier().fit(frame, as_of=date(2025, 6, 30)).curve()
    single = cumulative_incidence(seen.duration, np.where(seen.event, "end", None), seen.entry)
    np.testing.assert_allclose(single.incidence[0], 1 - curve.survival, rtol=1e-10, atol=1e-14)
    left = curve.survival > 0
    np.testing.assert_allclose(single.std_error[0][left], curve.std_error[left], rtol=1e-6)


@pytest.mark.parametrize("variance", ["aalen", "greenwood"])
def test_the_sum_over_ages_written_out(variance: str) -> None:
    """Pintilie (2006), eq. 4.5, and Marubini and Valsecchi (1995), eq. 10.12, term by term, on bmt."""
    found = cumulative_incidence(*bmt(), variance=variance)
    n, d = found.at_risk.astype(float), found.ended.sum(axis=0)
    before = np.append(1.0, found.survival[:-1])
    for f, d_k, error in zip(found.incidence, found.ended, found.std_error, strict=True):
        for t in range(len(n)):
            gap, total = f[t] - f[: t + 1], 0.0
            for j in range(t + 1):
                m = n[j] - 1 if variance == "aalen" else n[j]
                both = (n[j] - d_k[j]) / (n[j] - d[j]) if variance == "aalen" else 1.0
                total += gap[j] ** 2 * d[j] / (m * (n[j] - d[j])) if d[j] else 0.0
                total -= 2 * gap[j] * before[j] * d_k[j] * both / (n[j] * m) if d[j] else 0.0
                total += before[j] ** 2 * d_k[j] * (n[j] - d_k[j]) / (n[j] ** 2 * m) if d[j] else 0.0
            assert error[t] ** 2 == pytest.approx(total, rel=1e-9)


@pytest.mark.parametrize("name", PEERS)
def test_a_weight_is_a_number_of_spells(name: str) -> None:
    seen = PEERS[name]
    entry = None if seen.entry is None else seen.repeated(seen.entry)
    weighted = cumulative_incidence(seen.duration, causes_of(seen), seen.entry, seen.counts)
    written_out = cumulative_incidence(seen.repeated(seen.duration), seen.repeated(causes_of(seen)), entry)
    np.testing.assert_allclose(weighted.incidence, written_out.incidence, rtol=1e-10)
    np.testing.assert_allclose(weighted.std_error, written_out.std_error, rtol=1e-6)


def test_spells_cut_in_two_tell_the_same() -> None:
    seen = PEERS["lung"]
    whole, (duration, event, entry, _) = cumulative_incidence(seen.duration, causes_of(seen)), split(seen, 200.0)
    later = (seen.duration > 200.0).nonzero()[0]
    cause = np.where(event, np.concatenate([causes_of(seen), causes_of(seen)[later]]), None)
    parts = cumulative_incidence(duration, cause, entry)
    for name in whole.causes:
        np.testing.assert_allclose(parts.at(name, whole.days), whole.at(name, whole.days), rtol=1e-12)
        np.testing.assert_allclose(parts.std_error_at(name, whole.days), whole.std_error_at(name, whole.days), rtol=1e-9)


def test_intervals_hold_the_truth() -> None:
    """Two exponential causes of means 100 and 250: F_k(60) = rate_k / rate (1 - exp(-60 rate)); late entry, 400 worlds of 500."""
    rates = np.array([1 / 100, 1 / 250])
    truth = rates / rates.sum() * -np.expm1(-60 * rates.sum())
    inside, first = np.zeros(2, int), []
    for seed in range(400):
        rng = np.random.default_rng(seed)
        times = rng.exponential(1 / rates, (500, 2))
        lifetime, entry = times.min(axis=1), rng.uniform(0, 30, 500) * (rng.random(500) < 0.4)
        kept = lifetime > entry
        seen = np.minimum(lifetime, 90.0)
        cause = np.where(lifetime < 90, np.array(["one", "two"], object)[times.argmin(axis=1)], None)
        found = cumulative_incidence(seen[kept], cause[kept], entry[kept])
        bounds = [found.band(name, 60) for name in ("one", "two")]
        inside += [bool(low[0] < true < high[0]) for (low, high), true in zip(bounds, truth, strict=True)]
        first.append(found.at("one", 60)[0])
    assert ((inside >= 364) & (inside <= 394)).all(), inside  # binomial 99.9 % bounds of 400 x 0.95
    assert np.mean(first) == pytest.approx(truth[0], abs=3.3 * np.std(first) / 20)


def test_causes_keep_the_order_they_are_given_in() -> None:
    found = cumulative_incidence([1, 2, 3], ["b", None, "a"], causes=("b", "none such", "a"))
    assert found.causes == ("b", "none such", "a")
    assert found.at("none such", [3]).tolist() == [0.0]
    assert [float(bound[0]) for bound in found.band("none such", [3])] == [0.0, 0.0]


def test_some_causes_alone_leave_the_others_ends() -> None:
    found = cumulative_incidence(*bmt())
    alone = found.only(("2",))
    assert alone.causes == ("2",)
    np.testing.assert_array_equal(alone.at("2", MONTHS), found.at("2", MONTHS))
    np.testing.assert_array_equal(alone.survival, found.survival)
    with pytest.raises(ParameterError, match="unknown cause '1'"):
        alone.at("1", 3)


def test_single_spell_and_everybody_ended() -> None:
    assert cumulative_incidence([5], ["left"]).at("left", [0, 5]).tolist() == [0.0, 1.0]
    found = cumulative_incidence([0, 0, 4], ["a", "b", "a"])
    assert (found.at("a", 4)[0], found.at("b", 4)[0], found.survival_at(4)[0]) == pytest.approx((2 / 3, 1 / 3, 0))
    assert np.isfinite(found.std_error).all()
    assert found.at_risk_at([0, 1, 4, 9]).tolist() == [3, 1, 1, 0]


@pytest.mark.parametrize(
    ("arguments", "settings", "error", "message"),
    [
        (([1, 2], [None, None]), {}, NotEnoughEventsError, "none of the 2 spells ended"),
        (([], []), {}, NotEnoughEventsError, "there is no spell"),
        (([np.nan, 2], ["a", None]), {}, ParameterError, "duration is missing"),
        (([1, 2], ["a", float("nan")]), {}, ParameterError, "cause has values of several kinds"),
        (([1, 2], ["a"]), {}, ParameterError, r"event has the shape \(1,\)"),
        (([1, 2], ["a", "bb"]), {"causes": ("a", "b")}, ParameterError, "unknown cause 'bb'; did you mean 'b'"),
        (([1, 2], ["a", "b"]), {"variance": "dinse"}, ParameterError, "unknown variance 'dinse'"),
        (([1, 2], ["a", "b"]), {"level": 1}, ParameterError, "level is 1"),
    ],
)
def test_refusals(arguments: tuple, settings: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        cumulative_incidence(*arguments, **settings)


def test_an_unknown_cause_and_an_age_outside_are_refused() -> None:
    found = cumulative_incidence([1, 4], ["left", None])
    with pytest.raises(ParameterError, match="did you mean 'left'"):
        found.at("lefft", 1)
    with pytest.raises(ParameterError, match="known from 0 to 4 days, and 5 lies outside"):
        found.survival_at(5)


def contracts(reasons: list[str | None], event: bool = True) -> pl.DataFrame:
    n = len(reasons)
    return pl.DataFrame(
        {
            "duration_days": [float(10 * (i + 1)) for i in range(n)] + [500.0] * 5,
            "event": [event] * n + [False] * 5,
            "end_reason": [*reasons, *[None] * 5],
        },
        schema_overrides={"end_reason": pl.String},
    )


def test_reasons_in_their_order_with_rare_ones_among_the_others_and_missing_ones_counted() -> None:
    reasons = ["move"] * 3 + ["sold"] * 12 + ["voluntary"] * 20 + ["involuntary"] * 11 + [None] * 14
    found = incidence_by_reason(contracts(reasons))
    assert found is not None
    assert found.causes == ("voluntary", "involuntary", "other", "unknown", "sold")
    ended = dict(zip(found.causes, found.ended.sum(axis=1).tolist(), strict=True))
    assert ended == {"voluntary": 20, "involuntary": 11, "other": 3, "unknown": 14, "sold": 12}


def test_contracts_seen_late_enter_late() -> None:
    late = contracts(["voluntary"] * 20).with_columns(entry_days=pl.lit(5.0))
    found = incidence_by_reason(late.vstack(late.head(1).with_columns(entry_days=pl.col("duration_days"))))
    assert found is not None
    assert found.at_risk_at([5, 6]).tolist() == [0, 25]


def test_no_reason_no_incidence() -> None:
    assert incidence_by_reason(contracts([None, None])) is None
    assert incidence_by_reason(contracts(["voluntary"]).drop("end_reason")) is None
    assert incidence_by_reason(contracts([None], event=False)) is None
