"""Every number of every headline and key figure, in both languages, recomputed from the delivered file.

The sentences are read back from the HTML and matched with the texts they were made from; see `recomputed_sentences`, where a new
sentence needs its recomputation.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from datetime import date
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from made_once import entered, inside
from recomputed_campaigns import CampaignFacts
from recomputed_credit import CreditFacts
from recomputed_sentences import RECOMPUTED, Counted, Facts
from shown_sentences import shown_sentences

from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from made_once import MadeOnce

MAPPINGS = Path(__file__).resolve().parents[2] / "pipelines" / "mappings"
MODULES = (
    *("customer_value", "value_study", "value_segments", "value_totals", "past_totals", "cohort_forecasts"),
    *("order_chances", "contactability"),
    *("churn_risk", "retention_calls", "churn_segment_texts"),
    *("product_pairs", "category_shopping", "next_products", "product_propensities"),
    *("channel_attribution_texts", "channel_experiments", "channel_journeys", "channel_robustness", "channel_scenario"),
    "campaign_uplift_texts",
)
NUMBER = {
    "en": re.compile(r"[−-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|[−-]?\d+(?:\.\d+)?"),
    "fr": re.compile(r"[−-]?\d{1,3}(?:\u202f\d{3})+(?:,\d+)?|[−-]?\d+(?:,\d+)?"),
}
FIGURES = re.compile(r"\w+\.(k_\w+|of_forecast|range|range_usual|held|payback|at_once)")
"""Texts of key figures; all others are sentences."""
DAY = "2025-06-30"
EXPERIMENTS = pl.DataFrame(
    {
        "lift_test_id": ["t1", "t2"],
        "channel_id": ["email", "leaflet"],
        "starts_on": [date(2025, 3, 1), date(2025, 5, 5)],
        "ends_on": [date(2025, 3, 28), date(2025, 6, 1)],
        "incremental_conversions": [1.0, 8.0],
        "low": [0.2, -10.0],
        "high": [1.8, 26.0],
        "level": [0.9, 0.9],
        "method": ["customers drawn", "regions drawn"],
    }
)
"""Experiments on two channels: what the rules credit is outside the first interval and inside the second."""
USUAL = {"contact_cost": 1, "offer_cost": 10}
CHEAP = {"contact_cost": 1, "offer_cost": 2}


def numbers(text: str, language: str) -> list[tuple[float, float]]:
    """Return the numbers of a text, a percentage as a share, each with half a unit of its last digit.

    French numbers have narrow spaces and a comma; 12,5 % is 0.125.
    """
    found = []
    text = re.sub(r"−([€$£])", r"\1−", text)  # the sign of an English amount stands before its currency
    for match in NUMBER[language].finditer(text):
        plain = match[0].replace("−", "-")
        plain = plain.replace(",", "") if language == "en" else plain.replace("\u202f", "").replace(",", ".")
        half = 0.5 * 10.0 ** -len(plain.partition(".")[2])
        scale = 0.01 if re.match(r"\u00a0?%", text[match.end() :]) else 1.0
        found.append((scale * float(plain), scale * half))
    return found


def templates(language: str) -> dict[str, str]:
    """Return the texts of sentences and figures by module and key; composed sentences as they are composed."""
    found = {}
    for module in MODULES:
        texts = in_language(import_module(f"relkit.reports.{module}").TEXTS, language)
        found |= {f"{module}.{key}": text for key, text in texts.items() if not key.startswith("c_")}
    calls = {key.partition(".")[2]: text for key, text in found.items() if key.startswith("retention_calls.")}
    for key in ("assumed", "declared"):
        found[f"retention_calls.{key}"] = f"{calls[key]} {calls['measure']}".replace("{terms}", calls["terms"])
    found["retention_calls.barred"] = f"{calls['barred']} {calls['barred_paying']}"
    found["retention_calls.declared"] = found["retention_calls.declared"].replace(" " + calls["measure"], "{usual} " + calls["measure"])
    return found


@cache
def patterns(language: str) -> list[tuple[str, list[str], re.Pattern[str]]]:
    """Return key, placeholders and pattern of each text, those with the most words of their own first."""
    found = []
    for key, template in sorted(templates(language).items(), key=lambda item: -len(re.sub(r"\{\w+\}", "", item[1]))):
        parts = re.split(r"\{(\w+)\}", template)
        found.append((key, parts[1::2], re.compile("".join(re.escape(part) if i % 2 == 0 else "(.*?)" for i, part in enumerate(parts)))))
    return found


def match(text: str, language: str) -> tuple[str, dict[str, str]]:
    """Return the key of the text behind a sentence, and the values of its placeholders; a tab separates a figure and its label."""
    figure, _, label = text.rpartition("\t")
    for key, names, pattern in patterns(language):
        if bool(figure) == bool(FIGURES.fullmatch(key)) and (found := pattern.fullmatch(label)):
            return key, dict(zip(names, found.groups(), strict=True)) | ({"figure": figure} if figure else {})
    raise AssertionError(f"no text of {', '.join(MODULES)} gives {text!r}")


def problems(text: str, language: str, facts: Any) -> list[str]:
    """Return the parts of a sentence that disagree with the facts, including each number without a recomputation."""
    key, values = match(text, language)
    if key not in RECOMPUTED:
        return [f"{key} has no recomputation: {text!r}"]
    expected = RECOMPUTED[key](facts, values)
    return [
        f"{key}: {name} shows {shown!r}, the file says {expected.get(name)!r}, in {text!r}"
        for name, shown in values.items()
        if not agrees(shown, expected.get(name, ()), language)
    ]


def agrees(shown: str, expected: Any, language: str) -> bool:
    """Return whether the numbers of a text are as expected, to their last digit; expected texts, one or one per language, must be equal."""
    if isinstance(expected, str):
        return shown == expected
    if isinstance(expected, tuple) and expected and isinstance(expected[0], str):
        return shown == expected[language == "fr"]
    if isinstance(expected, Counted):
        return counts_people(shown, expected, language)
    wanted = expected if isinstance(expected, tuple) else (expected,)
    found = numbers(shown, language)
    if "<" in shown:
        return len(found) == len(wanted) == 1 and wanted[0] < found[0][0]
    return len(found) == len(wanted) and all(
        abs(number - want) <= half * (1 + 1e-9) for (number, half), want in zip(found, wanted, strict=True)
    )


def counts_people(shown: str, expected: Counted, language: str) -> bool:
    """Return whether a list of people states exactly what it must of each group: its number, that it is small, or neither."""
    parts, wanted = shown.split(", "), expected.written()
    under = Text("fewer than 10", "moins de 10")[language]
    return len(parts) == len(wanted) and all(
        words[language == "fr"] in part
        and (under in part if n == "under" else under not in part and numbers(part, language) == ([] if n == "some" else [(n, 0.5)]))
        for part, (n, words) in zip(parts, wanted, strict=True)
    )


def disagreements(name: str, language: str, facts: Any, **parameters: Any) -> list[str]:
    sentences, figures = shown_sentences(name, language=language, out=str(facts.out), programme=facts.programme, **parameters)
    assert len(sentences) >= 3
    assert len(set(sentences)) == len(sentences)
    assert len(figures) >= 3
    shown = [*sentences, *(f"{value}\t{label}" for value, label in figures)]
    return [problem for text in shown for problem in problems(text, language, facts)]


@pytest.fixture(scope="module")
def declared(reported: Path, made_once: MadeOnce) -> Path:
    """Return a copy of the reported company, scored again with an offer at the cost that the literature assumes."""

    def make(folder: Path) -> None:
        from relkit.jobs.deliver_files import DeliverFiles
        from relkit.jobs.score_customers import ScoreCustomers

        shutil.copytree(reported, folder, dirs_exist_ok=True)
        shutil.rmtree(folder / "out" / "default" / "deliveries")
        with inside(folder):
            ScoreCustomers.parse(offer=USUAL).run()
            DeliverFiles.parse(workbook=False).run()

    return made_once("declared", make)


def facts_of(place: Path, declared: Path) -> Facts:
    offered = pl.read_parquet(declared / "out" / "default" / "deliveries" / "default" / DAY / "customers_scored.parquet")
    return Facts(place / "out" / "default", DAY, offered=offered)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("name", ["segment_customer_value", "segment_churn_risk", "segment_product_affinity"])
def test_on_the_simulated_company(name: str, language: str, reported: Path, declared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(reported)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr("relkit.reports.pictures.Picture.png", lambda _: b"")  # pictures have tests of their own
    assert disagreements(name, language, facts_of(reported, declared)) == []


@pytest.mark.parametrize(
    ("budget", "language"),
    [
        *((None, language) for language in ("en", "fr")),
        *(pytest.param(budget, language, marks=pytest.mark.slow) for budget in (40.0, 100_000.0, 0.5) for language in ("en", "fr")),
    ],
)
def test_with_a_declared_offer(
    budget: float | None, language: str, declared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = within_budget(declared, budget, tmp_path / "place")
    monkeypatch.chdir(folder)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr("relkit.reports.pictures.Picture.png", lambda _: b"")  # pictures have tests of their own
    facts = replace(facts_of(folder, folder), budget=budget, offer_cost=USUAL["offer_cost"] if budget is None else CHEAP["offer_cost"])
    assert disagreements("segment_churn_risk", language, facts) == []


def within_budget(declared: Path, budget: float | None, folder: Path) -> Path:
    """Return a copy of the company, scored again with a cheaper offer and a budget; without a budget, unchanged."""
    from relkit.jobs.deliver_files import DeliverFiles
    from relkit.jobs.score_customers import ScoreCustomers

    if budget is None:
        return declared
    shutil.copytree(declared, folder)
    shutil.rmtree(folder / "out" / "default" / "deliveries")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        ScoreCustomers.parse(offer=CHEAP | {"budget": budget}).run()
        DeliverFiles.parse(workbook=False).run()
    return folder


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> CampaignFacts:
    """Return a shop with a campaign in two waves, after `relkit check`."""
    from campaign_shop import write_shop

    from relkit.jobs.check_tables import CheckTables

    folder = tmp_path_factory.mktemp("campaign")
    data, out = write_shop(folder / "data"), folder / "out" / "default"
    assert CheckTables.parse(data=data, out=out).run().passed
    return CampaignFacts(data=data, out=out)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_on_a_campaign(language: str, campaign: CampaignFacts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relkit.reports.pictures.Picture.png", lambda _: b"")  # pictures have tests of their own
    assert disagreements("measure_campaign_uplift", language, campaign, campaign=campaign.action) == []


@pytest.fixture(scope="module")
def credited(made_once: MadeOnce, empty_store: Path) -> CreditFacts:
    """Return a shop whose channels were credited by three rules, with two experiments and a budget scenario."""
    import credited_company

    def make(folder: Path) -> None:
        with entered(folder, empty_store) as patch:
            patch.setattr("relkit.families.bindings.diagnostic_figures", lambda *_, **__: {})
            _credit_channels(folder / "out" / "default")

    folder = made_once("credited_page", make)
    budget = json.loads((folder / "budget.json").read_text())
    return CreditFacts(folder / "out" / "default", str(credited_company.LAST), budget=budget)


def _credit_channels(out: Path) -> None:
    """Write the shop, credit its channels, plan a budget; budget.json in the working directory has the details of the plan."""
    import credited_company
    import modelled_company

    from relkit.jobs.build_features import BuildFeatures
    from relkit.jobs.fit_model import FitModel
    from relkit.jobs.plan_budget import PlanBudget
    from relkit.jobs.score_customers import ScoreCustomers

    days = {"first_day": credited_company.FIRST, "last_day": credited_company.LAST}
    modelled_company.write_company(out, credited_company.credited_company() | {"lift_tests": EXPERIMENTS}, **days)
    rules = FitModel.parse(model="attribution.all", settings={"models": "linear,first_touch,last_touch"})
    for job in (rules, BuildFeatures.parse(), ScoreCustomers.parse()):
        assert job.run().skipped is None, job
    Path("budget.json").write_text(json.dumps(PlanBudget.parse().run().model_dump(mode="json")["details"]))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_on_credit_of_channels(language: str, credited: CreditFacts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(credited.out.parents[1])
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr("relkit.reports.pictures.Picture.png", lambda _: b"")  # pictures have tests of their own
    assert disagreements("measure_channel_attribution", language, credited) == []


@pytest.mark.slow
@pytest.mark.notebook
def test_credit_of_channels_becomes_a_page_without_customers(
    credited: CreditFacts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from relkit.jobs.write_report import WriteReport
    from relkit.reports.site import loads_from_outside

    for name in ("mlruns", "out"):
        shutil.copytree(credited.out.parents[1] / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    result = WriteReport.parse(notebook="measure_channel_attribution", language="fr").run()
    html = result.paths["page"].read_text(encoding="utf-8")
    assert loads_from_outside(html) == []
    assert html.count("data:image/png;base64,") == 7  # every picture but that of transitions, which no rule keeps
    assert html.count("À décider") == 5
    assert all(text in html for text in ("Ce qu’apporte chaque canal", "Dernier contact", "attribution.linear", "Scénario par semaine"))
    assert not [customer for customer in credited.table("transactions")["customer_id"].unique() if re.search(rf"\b{customer}\b", html)]


@pytest.fixture(scope="module")
def online_retail(real_data: Path, tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> Path:
    """Return a working directory where every job but the reports has run on Online Retail."""
    from relkit.jobs.build_features import BuildFeatures
    from relkit.jobs.check_tables import CheckTables
    from relkit.jobs.deliver_files import DeliverFiles
    from relkit.jobs.fit_model import FitModel
    from relkit.jobs.score_customers import ScoreCustomers

    folder = tmp_path_factory.mktemp("online_retail")
    (folder / "mlruns").mkdir()
    shutil.copy(empty_store, folder / "mlruns" / "mlflow.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.setattr("relkit.families.bindings.diagnostic_figures", lambda *_, **__: {})
        fits = [FitModel.parse(model=f"lifetime_value.{name}") for name in ("bg_nbd", "gamma_gamma")]
        check = CheckTables.parse(data=real_data, mapping=MAPPINGS / "online_retail.yaml")
        for job in (check, BuildFeatures.parse(), *fits, ScoreCustomers.parse(), DeliverFiles.parse(workbook=False)):
            assert job.run().skipped is None, job
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "fr"])
def test_on_online_retail(language: str, online_retail: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(online_retail)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    facts = Facts(online_retail / "out" / "default", "2011-12-09")
    assert disagreements("segment_customer_value", language, facts) == []


def test_a_number_that_is_off_or_unaccounted_for_is_found(reported: Path, declared: Path) -> None:
    facts = facts_of(reported, declared)
    n = facts.unforecast["prospects"]
    right = f"{n} people have neither a purchase nor a running contract on record, and so no forecast."
    assert problems(right, "en", facts) == []
    assert len(problems(right.replace(str(n), str(n + 1)), "en", facts)) == 1
    (unknown,) = problems(
        "Some curves cross: which segment lasts longer depends on the age. Tests of early and of late ages stand below.", "en", facts
    )
    assert unknown.startswith("churn_segment_texts.crossing has no recomputation")
    with pytest.raises(AssertionError, match="no text of"):
        problems("12 people are new.", "en", facts)


def test_french_and_english_numbers_are_read() -> None:
    assert numbers("1\u202f234,5\u00a0€ et 12,5\u00a0%", "fr") == [(1234.5, 0.05), (pytest.approx(0.125), pytest.approx(0.0005))]
    assert numbers("€1,234.50 of −3, and 8%", "en") == [(1234.5, 0.005), (-3.0, 0.5), (pytest.approx(0.08), pytest.approx(0.005))]
