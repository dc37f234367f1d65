"""Kaplan-Meier: lifelines on its data sets, the first published example, the scoring rule, and every refusal."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from lifelines import KaplanMeierFitter, datasets
from polars.testing import assert_frame_equal
from survival_peers import PEERS

from relkit.errors import NotEnoughEventsError, ParameterError, TableError
from relkit.models.survival.kaplan_meier import FittedKaplanMeier, KaplanMeier

DAY = date(2025, 6, 30)


def waltons() -> pl.DataFrame:
    """Two groups, 163 rows: T, E, group."""
    frame = pl.from_pandas(datasets.load_waltons()).rename({"T": "duration_days", "E": "event"})
    return frame.with_columns(customer_id=pl.int_range(pl.len()).cast(pl.String))


@pytest.fixture(scope="module")
def fitted() -> FittedKaplanMeier:
    return KaplanMeier(by="group").fit(waltons(), as_of=DAY)


def test_the_example_of_kaplan_and_meier() -> None:
    """Kaplan and Meier (1958), section 1.2: deaths at .8, 3.1, 5.4, 9.2, losses at 1.0, 2.7, 7.0, 12.1.

    P(t) = 7/8, 7/8 x 4/5, 7/8 x 4/5 x 3/4, 7/8 x 4/5 x 3/4 x 1/2.
    """
    days = [0.8, 3.1, 5.4, 9.2, 1.0, 2.7, 7.0, 12.1]
    spells = pl.DataFrame({"duration_days": days, "event": [True] * 4 + [False] * 4})
    curve = KaplanMeier().fit(spells, as_of=DAY).curve()
    assert curve.at([0, 0.8, 3.1, 5.4, 9.2, 12.1]).tolist() == pytest.approx([1, 0.875, 0.7, 0.525, 0.2625, 0.2625])


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_lifelines_agrees(level: float) -> None:
    """Lifelines 0.30.3, KaplanMeierFitter(alpha=1 - level), on waltons, rossi and, with entry, the AIDS cohort."""
    rossi, aids = datasets.load_rossi(), datasets.load_multicenter_aids_cohort_study()
    cases = [
        (rossi["week"], rossi["arrest"], None),
        (waltons()["duration_days"], waltons()["event"], None),
        (aids["T"], aids["D"], aids["W"]),
    ]
    for duration, event, entry in cases:
        frame = pl.DataFrame({"duration_days": np.array(duration, float), "event": np.array(event, bool)})
        frame = frame if entry is None else frame.with_columns(entry_days=pl.Series(np.array(entry, float)))
        curve = KaplanMeier(level=level).fit(frame, as_of=DAY).curve()
        peer = KaplanMeierFitter(alpha=1 - level).fit(np.array(duration), np.array(event), entry=None if entry is None else np.array(entry))
        inside = (curve.survival > 0) & (curve.survival < 1)
        np.testing.assert_allclose(curve.survival, peer.survival_function_at_times(curve.days), rtol=1e-12)
        band = peer.confidence_interval_.loc[curve.days].to_numpy()[inside]
        np.testing.assert_allclose(np.stack([curve.lower, curve.upper], axis=1)[inside], band, rtol=1e-9)
        assert (curve.median or np.inf) == peer.median_survival_time_
        np.testing.assert_array_equal(curve.at_risk[curve.ended > 0], peer.event_table.query("observed > 0")["at_risk"])


def test_restricted_mean_is_that_of_lifelines() -> None:
    """lifelines.utils.restricted_mean_survival_time(KaplanMeierFitter, t=50) on waltons."""
    from lifelines.utils import restricted_mean_survival_time

    frame = waltons()
    curve = KaplanMeier().fit(frame, as_of=DAY).curve()
    peer = KaplanMeierFitter().fit(frame["duration_days"].to_numpy(), frame["event"].to_numpy())
    assert curve.restricted_mean(50) == pytest.approx(restricted_mean_survival_time(peer, t=50), rel=1e-9)


@pytest.mark.parametrize("name", PEERS)
def test_lifelines_agrees_with_weights(name: str) -> None:
    """Lifelines 0.30.3, KaplanMeierFitter().fit(weights=...), on eight of its data sets, two with late entry."""
    seen = PEERS[name]
    entry = np.zeros(len(seen.duration)) if seen.entry is None else seen.entry
    frame = pl.DataFrame({"duration_days": seen.duration, "event": seen.event, "entry_days": entry, "copies": seen.counts})
    curve = KaplanMeier(weight_column="copies").fit(frame, as_of=DAY).curve()
    peer = KaplanMeierFitter().fit(seen.duration, seen.event, entry=seen.entry, weights=seen.counts.astype(int))
    np.testing.assert_allclose(curve.survival, peer.survival_function_at_times(curve.days), rtol=1e-9, atol=1e-15)
    inside = (curve.survival > 0) & (curve.survival < 1)
    band = peer.confidence_interval_.loc[curve.days].to_numpy()[inside]
    np.testing.assert_allclose(np.stack([curve.lower, curve.upper], axis=1)[inside], band, rtol=1e-8)


def test_a_weight_is_a_number_of_rows() -> None:
    frame = waltons().with_columns(copies=(pl.int_range(pl.len()) % 3 + 1).cast(pl.Float64))
    written_out = frame.select(pl.all().repeat_by(pl.col("copies").cast(pl.UInt32))).explode(pl.all(), empty_as_null=False)
    weighted = KaplanMeier(by="group", weight_column="copies").fit(frame, as_of=DAY)
    plain = KaplanMeier(by="group").fit(written_out, as_of=DAY)
    assert_frame_equal(weighted.summary(), plain.summary())
    assert weighted.strata["tail_hazard"].to_list() == pytest.approx(plain.strata["tail_hazard"].to_list())
    asked = frame.with_columns(event=pl.lit(value=False)).drop("copies")
    assert_frame_equal(weighted.score(asked), plain.score(asked))


def test_fractions_leave_nobody_behind() -> None:
    """10 weights of 0.1 end one by one: their rounding error must not keep the curve above 0."""
    frame = pl.DataFrame({"duration_days": np.arange(1.0, 11.0), "event": [True] * 10, "share": [0.1] * 10})
    curve = KaplanMeier(weight_column="share").fit(frame, as_of=DAY).curve()
    np.testing.assert_allclose(curve.survival, np.arange(9, -1, -1) / 10, atol=1e-12)
    assert curve.survival[-1] == 0
    assert curve.at_risk_at([11]).tolist() == [0]


@pytest.mark.parametrize("name", ["duration_days", "group"])
def test_weights_are_a_column_of_their_own(name: str) -> None:
    with pytest.raises(ParameterError, match=f"weight_column is '{name}', which the model reads already"):
        KaplanMeier(by="group", weight_column=name)


def test_weights_of_zero_or_none_are_refused() -> None:
    for copies in ([1.0, 0.0], [1.0, None], [1.0, float("nan")]):
        frame = pl.DataFrame({"duration_days": [3.0, 4.0], "event": [True, True], "copies": copies})
        with pytest.raises(TableError, match="copies"):
            KaplanMeier(weight_column="copies").fit(frame, as_of=DAY)


def test_quantiles_of_r() -> None:
    """R survival, quantile(survfit(..., conf.type = "log-log"), c(.25, .5, .75)) of ten times, as published in a course's solutions.

    5.5 [1.5, 8.5], 8.5 [1.5, NA], 11.5 [8.5, NA].
    """
    frame = pl.DataFrame(
        {
            "duration_days": [1.5, 3.5, 4.5, 4.5, 5.5, 6.5, 8.5, 8.5, 8.5, 11.5],
            "event": [True, False, True, False, True, False, True, False, True, True],
        }
    )
    curve = KaplanMeier().fit(frame, as_of=DAY).curve()
    found = [curve.quantile(share) for share in (0.25, 0.5, 0.75)]
    assert [(q.days, q.lower, q.upper) for q in found] == [(5.5, 1.5, 8.5), (8.5, 1.5, None), (11.5, 8.5, None)]
    assert curve.median == 8.5


def test_median_intervals_of_lifelines() -> None:
    """Lifelines 0.30.3, lifelines.utils.median_survival_times of the confidence interval."""
    from lifelines.utils import median_survival_times

    for name, seen in PEERS.items():
        if seen.entry is not None:
            continue
        frame = pl.DataFrame({"duration_days": seen.duration, "event": seen.event})
        found = KaplanMeier().fit(frame, as_of=DAY).curve().quantile(0.5)
        peer = KaplanMeierFitter().fit(seen.duration, seen.event)
        low, high = median_survival_times(peer.confidence_interval_).to_numpy()[0]
        assert (found.days or np.inf, found.lower or np.inf, found.upper or np.inf) == (peer.median_survival_time_, low, high), name


def test_a_quantile_that_is_no_share_is_refused(fitted: FittedKaplanMeier) -> None:
    with pytest.raises(ParameterError, match="share is 50; it must lie between 0 and 1"):
        fitted.curve().quantile(50)


def test_summary_is_survival_at_round_ages_of_each_curve(fitted: FittedKaplanMeier) -> None:
    summary = fitted.summary()
    assert summary.columns == ["term", "estimate", "std_error", "lower", "upper"]
    terms = [f"survival_{a}d" for a in (7, 14, 30, 60)]
    assert summary["term"].to_list() == [
        *terms,
        *(f"control: {t}" for t in terms),
        *(f"miR-137: {t}" for t in terms[:3]),
        "miR-137: survival_60d",
    ]
    peer = KaplanMeierFitter().fit(waltons()["duration_days"].to_numpy(), waltons()["event"].to_numpy())
    assert summary["estimate"].to_list()[:4] == pytest.approx(peer.predict([7, 14, 30, 60]).to_list())
    survival, error = 1 - 5 / 163, np.sqrt((1 - 5 / 163) * (5 / 163) / 163)
    plain = KaplanMeier().fit(pl.DataFrame({"duration_days": [7.0] * 5 + [9.0] * 158, "event": [True] * 5 + [False] * 158}), as_of=DAY)
    assert plain.summary().row(0)[1:3] == pytest.approx((survival, error))


def test_ages_all_below_a_week_are_summed_up_at_the_last() -> None:
    found = KaplanMeier().fit(pl.DataFrame({"duration_days": [1.0, 3.0], "event": [True, False]}), as_of=DAY).summary()
    assert found["term"].to_list() == ["survival_3d"]


def test_intervals_hold_the_truth() -> None:
    """S(50) of exponential lives of mean 80, watched for up to 120 days from an entry at up to 40: 95 % intervals of 300 worlds."""
    inside = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        lifetime, entry = rng.exponential(80, 400), rng.uniform(0, 40, 400) * (rng.random(400) < 0.5)
        seen = lifetime > entry
        frame = pl.DataFrame({"duration_days": np.minimum(lifetime, 120.0), "event": lifetime < 120, "entry_days": entry}).filter(seen)
        lower, upper = KaplanMeier().fit(frame, as_of=DAY).curve().band(50)
        inside += bool(lower[0] < np.exp(-50 / 80) < upper[0])
    assert 271 <= inside <= 296  # binomial 99.9 % bounds of 300 x 0.95


def test_score_is_conditional_on_the_duration_so_far(fitted: FittedKaplanMeier) -> None:
    frame = waltons().with_columns(event=pl.lit(value=False), duration_days=pl.lit(20.0))
    score = fitted.score(frame, horizon_days=30)
    for group in ("control", "miR-137"):
        curve = fitted.curve(group)
        expected = 1 - curve.at(50)[0] / curve.at(20)[0]
        assert score.filter(frame["group"] == group)["churn_probability_30d"].unique().to_list() == pytest.approx([expected])


def test_past_the_last_age_the_last_hazard_goes_on(fitted: FittedKaplanMeier) -> None:
    last = fitted.curve("control").domain[1]
    frame = waltons().filter(pl.col("group") == "control")[:2].with_columns(event=pl.lit(value=False), duration_days=pl.Series([last, 9e4]))
    churn = fitted.score(frame, horizon_days=10)["churn_probability_10d"].to_list()
    assert churn == pytest.approx([1 - np.exp(-10 * fitted.curve("control").tail_hazard)] * 2)
    assert "Past the last observed age, 75 days, scores use the risk of leaving of the last observed stretch" in fitted.info.notes[0]


def test_unknown_null_and_small_groups_take_the_curve_of_all() -> None:
    frame = waltons().with_columns(group=pl.when(pl.int_range(pl.len()) < 6).then(pl.lit("new")).otherwise("group"))
    model = KaplanMeier(by="group").fit(frame, as_of=DAY)
    assert "Fewer than 10 ends, so scored with the curve of all: new." in model.info.notes
    asked = pl.DataFrame(
        {"customer_id": ["a", "b", "c", "d"], "duration_days": [30.0] * 4, "group": ["new", None, "never seen", "control"]}
    )
    churn = model.score(asked, horizon_days=20)["churn_probability_20d"].to_list()
    of_all, own = (1 - c.at(50)[0] / c.at(30)[0] for c in (model.curve(), model.curve("control")))
    assert churn == pytest.approx([of_all] * 3 + [own])


def test_a_group_without_ends_has_a_flat_curve() -> None:
    frame = pl.DataFrame({"duration_days": [5.0, 9.0, 8.0], "event": [True, False, False], "plan": ["a", "a", "b"]})
    assert KaplanMeier(by="plan").fit(frame, as_of=DAY).curve("b").at([0, 8]).tolist() == [1.0, 1.0]
    odd = pl.DataFrame({"duration_days": [0.0, 9.0, 8.0], "event": [True, True, False], "plan": ["a", "b", "b"]})
    assert KaplanMeier(by="plan").fit(odd, as_of=DAY).curve("a").at([0]).tolist() == [0.0]


def test_a_few_last_ends_are_not_taken_for_everyones() -> None:
    """3 left and all end at 40: those past 30 are scored by the hazard of the stretch; 12 that all end are believed."""

    def churn_of(left: int) -> float:
        days = [10.0] * 20 + [40.0] * left
        model = KaplanMeier().fit(pl.DataFrame({"duration_days": days, "event": [True] * len(days)}), as_of=DAY)
        asked = pl.DataFrame({"customer_id": ["a"], "duration_days": [30.0]})
        return float(model.score(asked, horizon_days=10)["churn_probability_10d"][0])

    assert churn_of(3) == 0.0  # within the domain nothing else ends between 30 and 40
    assert churn_of(12) == 1.0


def test_a_curve_that_falls_to_nothing_early_still_scores_the_others() -> None:
    """A single early entrant ends at age 2, before the others enter at 5: S is 0 from there on, which the notes report."""
    days = np.arange(10.0, 60.0)
    frame = pl.DataFrame({"duration_days": [2.0, *days], "event": True, "entry_days": [0.0] + [5.0] * len(days)})
    model = KaplanMeier().fit(frame, as_of=DAY)
    assert model.curve().at(30).tolist() == [0.0]
    assert "The curve falls to 0 at 2 days, where all 1 spells then at risk ended" in model.info.notes[1]
    churn = model.score(pl.DataFrame({"customer_id": ["a"], "duration_days": [30.0]}), horizon_days=10)
    assert churn["churn_probability_10d"].to_list() == pytest.approx([10 / 29])


def test_ended_spells_get_no_score(fitted: FittedKaplanMeier) -> None:
    score = fitted.score(waltons())
    assert score["churn_probability_90d"].is_null().to_list() == waltons()["event"].cast(pl.Boolean).to_list()


def test_survival_of_customers(fitted: FittedKaplanMeier) -> None:
    found = fitted.survival(waltons()[:2], [0, 30])
    curve = fitted.curve(waltons()["group"][0])
    assert found.columns == ["customer_id", "days", "survival"]
    assert found["customer_id"].to_list() == ["0", "0", "1", "1"]
    assert found["survival"].to_list()[:2] == [1.0, curve.at(30)[0]]


def test_outside_the_domain_there_is_no_number(fitted: FittedKaplanMeier) -> None:
    with pytest.raises(ParameterError, match=r"the curve is known from 0 to 75 days, and 76 lies outside\. Ask within the domain"):
        fitted.curve().at([10, 76])
    with pytest.raises(ParameterError, match="and -1 lies outside"):
        fitted.curve().band([-1])
    with pytest.raises(ParameterError, match="and nan lies outside"):
        fitted.curve().at([float("nan")])
    with pytest.raises(ParameterError, match="and 80 lies outside"):
        fitted.curve().restricted_mean(80)
    assert fitted.curve().at([]).tolist() == []
    assert fitted.curve().at_risk_at([0, 6, 7, 75, 76]).tolist() == [163, 163, 162, 1, 0]


def test_a_curve_that_stays_above_one_half_has_no_median() -> None:
    assert (
        KaplanMeier().fit(pl.DataFrame({"duration_days": [1.0, 2.0, 3.0], "event": [True, False, False]}), as_of=DAY).curve().median is None
    )


def test_an_unknown_stratum_names_the_nearest(fitted: FittedKaplanMeier) -> None:
    with pytest.raises(ParameterError, match="unknown stratum 'contol'; did you mean 'control'"):
        fitted.curve("contol")


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"event": pl.lit(value=False)}, NotEnoughEventsError, r"survival\.kaplan_meier: none of the 163 spells ended"),
        ({"duration_days": -pl.col("duration_days")}, TableError, "duration_days: 163 of 163 rows are below 0"),
        ({"duration_days": pl.lit(0.0)}, NotEnoughEventsError, "every spell ends on the day it starts"),
        ({"event": pl.lit(None, pl.Boolean)}, TableError, "event: 163 of 163 rows are null"),
    ],
)
def test_bad_input_is_refused_with_its_reason(change: dict[str, pl.Expr], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        KaplanMeier().fit(waltons().with_columns(**change), as_of=DAY)


def test_invalid_settings_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"level is 95; it must lie between 0 and 1\. Write 0.95 for 95 %"):
        KaplanMeier(level=95)
    with pytest.raises(TableError, match=r"column 'groop' is missing \(did you mean 'group'\)"):
        KaplanMeier(by="groop").fit(waltons(), as_of=DAY)
