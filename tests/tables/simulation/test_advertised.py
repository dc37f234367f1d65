"""The advertised company: its tables, its variants, and orders against the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from relkit.errors import ParameterError
from relkit.tables.reading import read_tables
from relkit.tables.simulation.advertised import advertised_company
from relkit.tables.simulation.advertised_settings import AdvertisedWorld, LiftTestPlan

if TYPE_CHECKING:
    from pathlib import Path

    from relkit.tables.simulation.advertised import AdvertisedCompany

PEOPLE = 1500


@pytest.fixture(scope="module")
def company() -> AdvertisedCompany:
    return advertised_company(11, people=PEOPLE)


def later(company: AdvertisedCompany) -> int:
    """Return the number of orders from day 0 on."""
    return company.tables["transactions"].filter(pl.col("occurred_at").dt.date() >= company.world.starts_on).height


def test_the_same_seed_gives_the_same_company(company: AdvertisedCompany) -> None:
    again = advertised_company(11, people=PEOPLE)
    for name, frame in company.tables.items():
        assert_frame_equal(frame, again.tables[name])
    assert_frame_equal(company.truth, again.truth)
    assert not advertised_company(12, people=PEOPLE).tables["transactions"].equals(company.tables["transactions"])


def test_orders_are_as_many_as_expected(company: AdvertisedCompany) -> None:
    """Given the touches, orders are Poisson: within four standard errors."""
    caused = float(company.truth["conversions"].to_numpy().sum())
    assert abs(company.caused - caused) < 4 * np.sqrt(caused)
    assert abs(later(company) - company.baseline - caused) < 4 * np.sqrt(company.baseline + caused)


def test_shares_and_removal(company: AdvertisedCompany) -> None:
    truth = company.truth
    assert truth["share"].sum() == pytest.approx(1.0)
    assert truth.filter(pl.col("channel").is_in(["affiliate", "direct"]))["conversions"].to_list() == [0.0, 0.0]
    caused = truth.filter(pl.col("conversions") > 0)
    assert set(caused["channel"]) == {"search", "display", "video", "email", "retargeting"}
    assert (caused["value"] / caused["conversions"]).is_between(30, 120).all()
    assert truth["cost"].sum() == pytest.approx(company.tables["touchpoints"]["cost"].sum())
    assert truth["touches"].sum() == company.tables["touchpoints"].height


def test_a_check_of_the_tables_finds_nothing(company: AdvertisedCompany, tmp_path: Path) -> None:
    report = read_tables(company.write(tmp_path / "data"), out=tmp_path)
    assert not report.refusals
    for name in ("customers", "touchpoints", "transactions", "costs"):
        found = pl.read_parquet(tmp_path / "tables" / f"{name}.parquet")
        assert found.height == company.tables[name].height


def test_sales_go_back_before_the_first_touch(company: AdvertisedCompany) -> None:
    touches, sales = (company.tables[name]["occurred_at"].dt.date() for name in ("touchpoints", "transactions"))
    assert touches.min() == company.world.starts_on
    assert touches.max() == sales.max() == company.as_of
    assert (sales < company.world.starts_on).to_numpy().mean() > 0.2


def test_a_null_world_has_no_effects_and_the_same_people(company: AdvertisedCompany) -> None:
    null = advertised_company(11, people=PEOPLE, world="null")
    assert null.truth["conversions"].sum() == null.caused == 0
    assert null.lift_truth["conversions"].to_list() == [0.0, 0.0]
    assert null.baseline == pytest.approx(company.baseline)
    assert_frame_equal(null.tables["touchpoints"], company.tables["touchpoints"])


def test_targeting_is_what_rules_take_for_an_effect() -> None:
    """Orders within a day after an affiliate click, which causes nothing, per click: many times those after display in the null world."""
    null = advertised_company(5, people=PEOPLE, world="null")
    random = advertised_company(5, people=PEOPLE, world="random")
    assert _follows(null, "affiliate") > 3 * _follows(null, "display")
    assert _follows(random, "affiliate") < 3 * _follows(random, "display")


def _follows(company: AdvertisedCompany, channel: str) -> float:
    touches = company.tables["touchpoints"].filter(channel_id=channel).select("customer_id", touched="occurred_at").sort("touched")
    orders = company.tables["transactions"].select("customer_id", "occurred_at").sort("occurred_at")
    joined = touches.join_asof(
        orders, left_on="touched", right_on="occurred_at", by="customer_id", strategy="forward", check_sortedness=False
    )
    soon = (pl.col("occurred_at") - pl.col("touched")) <= pl.duration(days=1)
    return float(joined.select(soon.fill_null(value=False).cast(pl.Float64).mean()).item())


def test_a_hidden_world_has_the_same_orders_and_half_of_the_visits(company: AdvertisedCompany) -> None:
    hidden = advertised_company(11, people=PEOPLE, world="hidden")
    shown = [each.tables["touchpoints"].filter(channel_id="direct").height for each in (hidden, company)]
    assert shown[0] == pytest.approx(shown[1] / 2, rel=0.1)
    assert_frame_equal(hidden.truth.filter(pl.col("channel") != "direct"), company.truth.filter(pl.col("channel") != "direct"))
    assert_frame_equal(hidden.tables["transactions"], company.tables["transactions"])


def test_days_can_be_fewer() -> None:
    short = advertised_company(1, people=100, days=30, lift_tests=())
    assert short.as_of == short.world.starts_on.replace(day=30)
    assert short.tables["lift_tests"].height == short.lift_truth.height == 0


def test_parameters_out_of_range_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"unknown world 'hiden'; did you mean 'hidden'"):
        advertised_company(1, people=10, world="hiden")
    with pytest.raises(ParameterError, match=r"the lift test of search has days 80 to 150, the data 30\. Choose days in the data"):
        advertised_company(1, people=10, days=30)
    with pytest.raises(ParameterError, match="unknown channel 'radio'"):
        advertised_company(1, people=10, lift_tests=(LiftTestPlan(channel="radio"),))
    with pytest.raises(ParameterError, match="would have 0 controls among 10 customers"):
        advertised_company(1, people=10, lift_tests=(LiftTestPlan(control_share=0.0),))
    with pytest.raises(ParameterError, match="days is 0"):
        AdvertisedWorld(days=0)


@pytest.mark.slow
def test_orders_are_as_many_as_expected_over_many_companies() -> None:
    """The mean over 60 companies of the orders caused less those expected, within three standard errors."""
    found = [advertised_company(seed, people=500, lift_tests=()) for seed in range(60)]
    gaps = np.array([each.caused - each.truth["conversions"].sum() for each in found])
    assert abs(gaps.mean()) < 3 * gaps.std(ddof=1) / np.sqrt(len(gaps))
    expected = np.array([each.truth["conversions"].sum() for each in found])
    assert gaps.var() == pytest.approx(expected.mean(), rel=0.5)
