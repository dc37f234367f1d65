"""`relkit measure`: from raw files to the money, the published cases, and a clear answer where nothing can be measured."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from campaign_shop import write_shop

from relkit import cli
from relkit.errors import GateError, ParameterError, TableError
from relkit.jobs.campaign_material import CampaignMaterial
from relkit.jobs.check_tables import CheckTables
from relkit.jobs.measure_campaign import MeasureCampaign
from relkit.jobs.written_measurement import folder_of
from relkit.measurement.measured_campaign import MeasuredCampaign
from relkit.measurement.results_ledger import read_ledger

CASES = Path(__file__).parents[1] / "golden" / "campaigns"
DRAWN = datetime(2024, 3, 1, 8, tzinfo=UTC)
MAPPING = "company:\n  currency: EUR\n  business_zone: UTC\n  history_starts_on: 2024-01-01\n"


def right(name: str) -> dict[str, Any]:
    return dict(json.loads((CASES / name / "expected.json").read_text(encoding="utf-8"))["values"])


def check(folder: Path, frames: dict[str, pl.DataFrame]) -> Path:
    """Write frames as raw files, check them, and return the output root."""
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        frame.write_csv(data / f"{name}.csv", datetime_format="%Y-%m-%dT%H:%M:%SZ")
    (data / "mapping.yaml").write_text(MAPPING)
    assert CheckTables.parse(data=data, out=folder / "out", max_quarantine_share=1.0).run().passed
    return folder / "out"


def assignments(arms: dict[str, str], *, propensity: float = 0.5, wave: str = "w1", drawn_at: datetime = DRAWN) -> pl.DataFrame:
    frame = pl.DataFrame({"unit_id": list(arms), "customer_id": list(arms), "arm": list(arms.values())})
    return frame.with_columns(wave_id=pl.lit(wave), action_id=pl.lit("voucher"), propensity=propensity, drawn_at=pl.lit(drawn_at))


def sales(rows: list[tuple[str, float, float]]) -> pl.DataFrame:
    """Return sales of (customer, days after the draw, amount)."""
    return pl.DataFrame(
        {
            "transaction_line_id": [f"T{k}" for k in range(len(rows))],
            "transaction_id": [f"T{k}" for k in range(len(rows))],
            "customer_id": [row[0] for row in rows],
            "occurred_at": [DRAWN + timedelta(days=row[1]) for row in rows],
            "net_amount": [row[2] for row in rows],
        }
    )


def arms(n: int, treated: int) -> dict[str, str]:
    return {f"c{k:04d}": "treated" if k < treated else "control" for k in range(n)}


def a_year_later(units: dict[str, str]) -> pl.DataFrame:
    """Return a sale of each unit in the first week, and one a year later so that everything is mature."""
    last = next(iter(units))
    return sales([*((unit, 5.0, 10.0 + k % 7) for k, unit in enumerate(units)), (last, 300.0, 1.0)])


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the output root of a shop with a campaign in two waves, after `relkit check`."""
    folder = tmp_path_factory.mktemp("shop")
    assert CheckTables.parse(data=write_shop(folder / "data", customers=500), out=folder / "out").run().passed
    return folder / "out"


@pytest.fixture(scope="module")
def undrawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the shop without its assignments: letters to those who happened to be chosen."""
    folder = tmp_path_factory.mktemp("undrawn")
    data = write_shop(folder / "data", customers=500)
    (data / "assignments.csv").unlink()
    assert CheckTables.parse(data=data, out=folder / "out").run().passed
    return folder / "out"


class TestPublishedCases:
    def test_15_as_drawn_not_as_sent(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Read through the command line: 65/7 less 65/8, whoever got the message."""
        folder = CASES / "15_as_drawn_not_as_sent"
        files = {name: pl.read_csv(folder / f"{name}.csv", try_parse_dates=True) for name in ("assignments", "contacts")}
        amounts = (
            pl.read_csv(folder / "revenue.csv").with_columns(occurred_at=pl.lit("2027-03-05T12:00:00Z")).with_row_index("transaction_id")
        )
        lines = amounts.with_columns(transaction_line_id="transaction_id").rename({"revenue": "net_amount"})
        out = check(tmp_path, {**files, "transactions": lines})
        argv = ["measure", "voucher", "--wave", "w1", "--as-of", "2027-12-31", "--out", str(out), "--json"]
        assert cli.run(argv) == 0
        result, expected = json.loads(capsys.readouterr().out), right("15_as_drawn_not_as_sent")
        found = next(
            row for row in result["details"]["estimates"] if (row["measure"], row["method"], row["window"]) == ("revenue", "drawn", "post")
        )
        assert found["estimate"] == pytest.approx(expected["effect"], abs=1e-9)
        assert (found["mean_treated"], found["mean_other"]) == pytest.approx((expected["mean_treated"], expected["mean_control"]), abs=1e-9)
        counts = {
            name: result["counts"][name] for name in ("treated", "control", "in_both_arms", "control_contacted", "treated_not_contacted")
        }
        assert counts == {"treated": 7, "control": 8, "in_both_arms": 1, "control_contacted": 1, "treated_not_contacted": 1}
        assert result["metrics"]["incremental_margin"] == pytest.approx(7 * expected["effect"], abs=1e-9)

    def test_13_sales_pulled_forward(self, tmp_path: Path) -> None:
        """Weeks one and two claim 15 a head; over all six weeks 2.50 is left, and what came between is named."""
        weeks = pl.read_csv(CASES / "13_sales_pulled_forward" / "input.csv")
        units = dict(weeks.select("unit_id", "arm").unique().sort("unit_id").iter_rows())
        rows = [(unit, 7.0 * week - 6, float(amount)) for unit, week, amount in weeks.select("unit_id", "week", "revenue").iter_rows()]
        lines = sales([*rows, (rows[0][0], 300.0, 1.0)])
        out = check(tmp_path, {"assignments": assignments(units), "transactions": lines})
        MeasureCampaign.parse(out=out, action="voucher", response_window_days=14, post_window_days=28).run()
        measured, expected = MeasuredCampaign.read(folder_of(out, "voucher", None)), right("13_sales_pulled_forward")
        for window, name in (("response", "first_two_weeks"), ("later", "weeks_three_to_six"), ("post", "whole_window")):
            found = measured.estimate("revenue", window)
            assert (found["estimate"], found["std_error"]) == pytest.approx((expected[name]["difference"], expected[name]["se"]), abs=1e-9)
        page = CampaignMaterial.read(out=out).uplift("voucher", response_window_days=14, post_window_days=28)
        assert any("was pulled forward: after day 14" in line for line in page.headlines().sentences)


class TestTheJob:
    def test_without_an_action_the_draws_are_listed(self, shop: Path) -> None:
        result = MeasureCampaign.parse(out=shop).run()
        assert result.counts == {"actions": 1, "waves": 2}
        assert "wine_voucher: 2 waves from 2024-01-11 to 2024-05-03" in result.sentences[1]
        assert result.sentences[1].endswith("2 can be measured")
        early = MeasureCampaign.parse(out=shop, as_of="2024-06-30").run()
        assert early.sentences[1].endswith("1 can be measured, the next on 2024-07-26")
        assert MeasureCampaign.parse(out=shop, as_of="2023-12-31").run().sentences == ("Nobody was drawn for anything by 2023-12-31.",)

    def test_a_measurement_is_written_and_its_row_of_the_ledger_replaced(self, shop: Path) -> None:
        result = MeasureCampaign.parse(out=shop, action="wine_voucher").run()
        assert result.passed
        assert all(path.exists() for path in result.paths.values())
        MeasureCampaign.parse(out=shop, action="wine_voucher", wave="w1").run()
        MeasureCampaign.parse(out=shop, action="wine_voucher").run()
        ledger = read_ledger(shop)
        assert ledger is not None
        assert ledger.select("action_id", "wave_id").rows() == [("wine_voucher", "w1"), ("wine_voucher", None)]
        whole = ledger.row(1, named=True)
        assert whole["net_margin"] == pytest.approx(result.metrics["net_margin"])
        assert whole["verdict"] == result.details["verdict"]
        assert (shop / "measurements" / "wine_voucher").is_dir()

    def test_the_amounts_per_unit_and_the_bills_add_up(self, shop: Path) -> None:
        """Treated and control were not all contacted; the cost is that of the treated, less that of controls written to by mistake."""
        found = MeasureCampaign.parse(out=shop, action="wine_voucher", adjusted=False).run()
        money, treated = found.metrics, found.counts["treated"]
        assert money["margin_each"] * treated == pytest.approx(money["incremental_margin"])  # type: ignore[operator]
        assert money["incremental_margin"] - money["cost"] == pytest.approx(money["net_margin"])  # type: ignore[operator]
        assert money["net_margin"] / money["cost"] == pytest.approx(money["roi"])  # type: ignore[operator]
        assert found.details["method"] == "drawn"

    def test_the_kept_measurement_is_shown_and_made_again_for_other_windows(self, shop: Path) -> None:
        company = CampaignMaterial.read(out=shop)
        first = company.uplift()
        kept = folder_of(shop, "wine_voucher", None) / "measurement.json"
        stamp = kept.stat().st_mtime_ns
        assert company.uplift("wine_voucher").first_sentence() == first.first_sentence()
        assert kept.stat().st_mtime_ns == stamp
        assert company.uplift("wine_voucher", post_window_days=14).measured.facts.days == {"response": 28, "post": 42}
        assert kept.stat().st_mtime_ns != stamp

    def test_segments_and_margins_are_those_asked_for(self, shop: Path) -> None:
        found = MeasureCampaign.parse(out=shop, action="wine_voucher", segment=("country",), margins={"unsubscribed": 0.5}).run()
        assert {row["segment"] for row in found.details["segments"]} == {"country"}
        assert {row["group_fr"] for row in found.details["segments"]} == {"FR", "BE"}
        assert found.details["guardrails"][0]["allowed"] == 0.5

    def test_a_narrower_level_is_taken(self, shop: Path) -> None:
        wide, narrow = (MeasureCampaign.parse(out=shop, action="wine_voucher", alpha=alpha).run().metrics for alpha in (0.05, 0.3))
        assert narrow["net_margin_low"] > wide["net_margin_low"]  # type: ignore[operator]
        assert narrow["net_margin"] == wide["net_margin"]

    def test_the_daily_curve_ends_at_the_effect_as_drawn(self, shop: Path) -> None:
        MeasureCampaign.parse(out=shop, action="wine_voucher").run()
        measured = MeasuredCampaign.read(folder_of(shop, "wine_voucher", None))
        last, drawn = measured.table("days").row(-1, named=True), measured.estimate("margin")
        assert last["day"] == 84
        assert last["estimate"] == pytest.approx(drawn["estimate"])
        assert last["high"] - last["low"] == pytest.approx(drawn["high"] - drawn["low"], rel=0.01)
        assert last["always_low"] < last["low"]


class TestNoAnswer:
    def test_an_unknown_action_wave_segment_or_guardrail_is_named_with_the_nearest(self, shop: Path) -> None:
        with pytest.raises(ParameterError, match="unknown action 'wine_vouchr'; did you mean 'wine_voucher'"):
            MeasureCampaign.parse(out=shop, action="wine_vouchr").run()
        with pytest.raises(ParameterError, match=r"unknown wave 'w3'.*Known: w1, w2"):
            MeasureCampaign.parse(out=shop, action="wine_voucher", wave="w3").run()
        with pytest.raises(ParameterError, match="unknown segment 'contry'; did you mean 'country'"):
            MeasureCampaign.parse(out=shop, action="wine_voucher", segment=("contry",)).run()
        with pytest.raises(ParameterError, match="unknown guardrail 'unsubscribe'; did you mean 'unsubscribed'"):
            MeasureCampaign.parse(out=shop, action="wine_voucher", margins={"unsubscribe": 0.1}).run()

    def test_parameters_that_contradict_each_other_are_refused(self, shop: Path) -> None:
        with pytest.raises(ParameterError, match="both plan and comparison are given"):
            MeasureCampaign.parse(out=shop, action="wine_voucher", plan=True, comparison=True).run()
        with pytest.raises(ParameterError, match="no action is named"):
            MeasureCampaign.parse(out=shop, wave="w1").run()
        with pytest.raises(ParameterError, match=r"alpha is 2: input should be less than 0\.5"):
            MeasureCampaign.parse(out=shop, alpha=2)

    def test_a_company_without_assignments_is_told_how_to_draw(self, tmp_path: Path) -> None:
        out = check(tmp_path, {"transactions": a_year_later(arms(4, 2))})
        for action in (None, "voucher"):
            with pytest.raises(TableError, match=r"no table of assignments, so nobody is known to be treated or control. Draw at random"):
                MeasureCampaign.parse(out=out, action=action).run()

    def test_what_is_not_mature_is_measured_later(self, shop: Path) -> None:
        with pytest.raises(GateError, match=r"nothing is mature as of 2024-02-01.*are known on 2024-04-04. Measure it then") as error:
            MeasureCampaign.parse(out=shop, action="wine_voucher", as_of="2024-02-01").run()
        assert error.value.exit_code == 1

    @pytest.mark.parametrize(
        ("treated", "propensity", "message"),
        [
            (40, 0.5, "voucher: no unit is control: nothing can be compared. Check that assignments have rows with arm = control"),
            (0, 0.5, "voucher: no unit is treated: nothing can be compared"),
            (40, 1.0, "voucher: no unit is left to compare. 40 units were drawn with certainty .*keep back a share at random next time"),
        ],
    )
    def test_an_empty_arm_is_no_comparison(self, tmp_path: Path, treated: int, propensity: float, message: str) -> None:
        units = arms(40, treated)
        out = check(tmp_path, {"assignments": assignments(units, propensity=propensity), "transactions": a_year_later(units)})
        with pytest.raises(GateError, match=message):
            MeasureCampaign.parse(out=out, action="voucher").run()

    @pytest.mark.parametrize(("treated", "propensity", "passed"), [(905, 0.9, True), (905, 0.5, False), (500, 0.5, True)])
    def test_sizes_are_checked_against_the_planned_shares(self, tmp_path: Path, treated: int, propensity: float, *, passed: bool) -> None:
        units = arms(1000, treated)
        out = check(tmp_path, {"assignments": assignments(units, propensity=propensity), "transactions": a_year_later(units)})
        result = MeasureCampaign.parse(out=out, action="voucher").run()
        assert result.passed == passed == (not result.details["mismatch"])
        assert cli.exit_code(result) == (0 if passed else 1)
        assert ("cannot be known" in result.sentences[0]) != passed

    @pytest.mark.parametrize(("n", "treated"), [(2, 1), (3, 1)])
    def test_an_arm_of_one_unit_has_no_interval_and_says_so(self, tmp_path: Path, n: int, treated: int) -> None:
        units = arms(n, treated)
        out = check(tmp_path, {"assignments": assignments(units), "transactions": a_year_later(units)})
        result = MeasureCampaign.parse(out=out, action="voucher").run()
        assert "An arm of one unit has no variance" in result.sentences[0]
        assert result.details["verdict"] == "not_measurable"
        assert result.metrics["net_margin"] is not None
        assert CampaignMaterial.read(out=out, language="fr").uplift("voucher").money().pictures

    def test_units_that_all_did_the_same_are_shown_without_a_test(self, tmp_path: Path) -> None:
        units = arms(40, 20)
        same = sales([*((unit, 5.0, 10.0) for unit in units), ("c0000", 300.0, 1.0)])
        out = check(tmp_path, {"assignments": assignments(units), "transactions": same})
        result = MeasureCampaign.parse(out=out, action="voucher").run()
        assert "all units have the same value" in result.sentences[0]
        assert result.metrics["net_margin"] == 0

    def test_duplicated_customers_count_once_and_are_reported(self, tmp_path: Path) -> None:
        units = arms(40, 20)
        twice = assignments(units).vstack(assignments({"c0000": "treated"}).with_columns(unit_id=pl.lit("again")))
        out = check(tmp_path, {"assignments": twice, "transactions": a_year_later(units)})
        result = MeasureCampaign.parse(out=out, action="voucher").run()
        assert (result.counts["treated"], result.counts["repeated"]) == (20, 1)
        assert any("repeat a customer" in warning for warning in result.warnings)

    def test_sales_before_the_draw_are_no_outcome(self, tmp_path: Path) -> None:
        units = arms(40, 20)
        before = [(unit, -0.001, 1_000.0) for unit, arm in units.items() if arm == "treated"]
        lines = pl.concat([a_year_later(units), sales(before).with_columns(transaction_line_id=pl.format("B{}", pl.int_range(pl.len())))])
        out = check(tmp_path, {"assignments": assignments(units), "transactions": lines})
        result = MeasureCampaign.parse(out=out, action="voucher", adjusted=False).run()
        drawn = next(
            row for row in result.details["estimates"] if (row["measure"], row["window"], row["method"]) == ("revenue", "post", "drawn")
        )
        assert abs(drawn["estimate"]) < 2


def test_folders_of_ids_with_another_meaning_are_escaped() -> None:
    root = Path("out")
    names = {folder_of(root, action, wave).as_posix() for action in ("..", "a/b", ".x") for wave in (None, "all", "comparison-all", "")}
    assert len(names) == 12
    assert all(len(Path(name).parts) == 4 and ".." not in Path(name).parts for name in names)


def test_two_measurements_at_once_keep_both_rows(shop: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    jobs = [MeasureCampaign.parse(out=shop, action="wine_voucher", post_window_days=days) for days in (7, 21, 35)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda job: job.run(), jobs))
    ledger = read_ledger(shop)
    assert ledger is not None
    assert {7, 21, 35} <= set(ledger["post_window_days"])


class TestThePlan:
    def test_past_units_of_the_action_show_what_a_wave_detects(self, shop: Path) -> None:
        result = MeasureCampaign.parse(out=shop, action="wine_voucher", plan=True).run()
        assert result.passed
        assert "units drawn for wine_voucher before" in result.sentences[0]
        assert {"plan", "plan_facts"} == set(result.paths)
        rows = result.details["plan"]
        effects = [row["effect_adjusted"] for row in rows if row["treated_share"] == 0.5]
        assert effects == sorted(effects, reverse=True)
        assert any("An effect that pays the cost of" in line for line in result.sentences)
        assert result.sentences[-1].startswith("A/A check: of 1,000 draws")

    def test_without_a_draw_all_customers_of_a_year_are_the_past(self, shop: Path) -> None:
        for action in (None, "new_idea"):
            result = MeasureCampaign.parse(out=shop, action=action, plan=True).run()
            assert "customers with an order in the year before 2024-07-21" in result.sentences[0]
            assert result.details["cost_per_unit"] is None

    def test_a_company_without_sales_cannot_plan(self, tmp_path: Path) -> None:
        people = pl.DataFrame({"customer_id": ["c0000"], "as_of": ["2024-01-01"]})
        out = check(tmp_path, {"assignments": assignments(arms(4, 2)), "customer_snapshots": people})
        with pytest.raises(TableError, match="a plan needs transactions"):
            MeasureCampaign.parse(out=out, plan=True).run()


class TestTheComparison:
    def test_it_says_first_that_nobody_was_drawn_and_never_speaks_of_a_control(self, undrawn: Path) -> None:
        result = MeasureCampaign.parse(out=undrawn, action="wine_voucher", comparison=True).run()
        assert result.sentences[0].startswith(
            "Nobody was drawn at random for the campaign wine_voucher: this is a comparison, not a proof."
        )
        assert "control" not in " ".join((*result.sentences, *result.warnings)).lower()
        ledger = read_ledger(undrawn)
        assert ledger is not None
        found = ledger.row(0, named=True)
        assert (found["kind"], found["verdict"], found["control"]) == ("comparison", "not_measurable", None)
        assert found["not_contacted"] == result.counts["not_contacted"]
        page = CampaignMaterial.read(out=undrawn, language="fr").compared("wine_voucher")
        shown = " ".join((*page.headlines().sentences, page.robustness()._repr_html_(), page.balance()._repr_html_()))
        assert "témoin" not in shown.lower()

    def test_the_letters_that_were_planted_are_found(self, undrawn: Path) -> None:
        """A third of the letters brings wine at about 12 of margin each; who got one was chance, so that the comparison comes near."""
        MeasureCampaign.parse(out=undrawn, action="wine_voucher", comparison=True).run()
        measured = MeasuredCampaign.read(folder_of(undrawn, "wine_voucher", None, kind="comparison"))
        found = measured.estimate("margin", "post", "adjusted")
        assert found["low"] < 0.35 * 12.0 < found["high"]

    def test_an_action_that_was_drawn_for_is_measured_instead(self, shop: Path) -> None:
        with pytest.raises(ParameterError, match=r"wine_voucher was drawn for at random. Measure it: relkit measure wine_voucher"):
            MeasureCampaign.parse(out=shop, action="wine_voucher", comparison=True).run()

    def test_a_campaign_must_be_named(self, undrawn: Path) -> None:
        with pytest.raises(ParameterError, match=r"no campaign is named. Contacted for: wine_voucher"):
            CampaignMaterial.read(out=undrawn).compared()


MAPPINGS = Path(__file__).resolve().parents[2] / "pipelines" / "mappings"


@pytest.mark.slow
def test_hillstroms_e_mails_through_the_product(real_data: Path, tmp_path: Path) -> None:
    """Welch's differences of the raw file: means, standard errors and t intervals computed apart with numpy and scipy."""
    out = tmp_path / "out"
    assert CheckTables.parse(data=real_data, mapping=MAPPINGS / "hillstrom.yaml", out=out).run().passed
    right = {
        "mens_email": {
            "visit": (0.0765895637, 0.0033858878),
            "conversion": (0.0068050065, 0.0009208728),
            "spend": (0.7698271559, 0.1452465602),
        },
        "womens_email": {
            "visit": (0.0452331066, 0.0032344621),
            "conversion": (0.0031110575, 0.0008226771),
            "spend": (0.4244122159, 0.1303328585),
        },
    }
    for action, measures in right.items():
        result = MeasureCampaign.parse(out=out, action=action).run()
        measured = MeasuredCampaign.read(folder_of(out, action, None))
        for measure, (effect, error) in measures.items():
            found = measured.estimate(measure)
            assert (found["estimate"], found["std_error"]) == pytest.approx((effect, error), abs=1e-9)
        assert result.metrics["incremental_margin"] == pytest.approx(result.counts["treated"] * measures["spend"][0], abs=1e-4)
        assert result.passed
    men = MeasuredCampaign.read(folder_of(out, "mens_email", None)).estimate("spend")
    assert (men["low"], men["high"]) == pytest.approx((0.48513973, 1.05451458), abs=1e-8)


@pytest.mark.slow
def test_planted_pull_forward_and_cannibalisation_are_named(tmp_path: Path) -> None:
    """In the hard world, one leaflet only pulls orders forward and another moves sales from cheese to wine; neither adds anything."""
    from relkit.tables.simulation import SimulationSettings, simulate_company

    company = simulate_company(SimulationSettings(customers=20_000, world="hard"), tmp_path / "company")
    out = tmp_path / "out"
    assert CheckTables.parse(data=company.data, out=out).run().passed
    early = MeasureCampaign.parse(out=out, action="early_bird").run()
    assert any("was pulled forward" in line for line in early.sentences)
    assert early.metrics["incremental_margin_response_low"] > 0  # type: ignore[operator]
    assert early.metrics["incremental_margin_low"] < 0 < early.metrics["incremental_margin_high"]  # type: ignore[operator]
    assert early.details["verdict"] in {"stop", "retest", "not_measurable"}
    wine = MeasureCampaign.parse(out=out, action="wine_offer").run()
    assert any("took sales from its own category" in line for line in wine.sentences)
    assert wine.details["verdict"] != "continue"
