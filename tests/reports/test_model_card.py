from __future__ import annotations

from relkit.reports.model_card import model_card

MODELS = {
    "p_alive": {
        "model": "lifetime_value.bg_nbd",
        "version": "3",
        "trained_as_of": "2025-06-30",
        "metrics": {"lifetime_value.bg_nbd": {"name": "mae_repeat_purchases", "value": 0.99274, "holdout": "2024-12-31 to 2025-06-30"}},
    },
    "future_margin_24m": {
        "model": "lifetime_value.bg_nbd+lifetime_value.gamma_gamma",
        "version": "3+1",
        "trained_as_of": "2025-06-30",
        "metrics": {},
    },
    "churn_probability_90d": {"model": "survival.cox", "version": "2", "trained_as_of": "2025-06-30"},
}


def test_each_model_of_the_family_has_a_line() -> None:
    cells = model_card({"p_alive": MODELS["p_alive"]}, "lifetime_value", language="en").cells()
    days = "31 December 2024 to 30 June 2025"
    assert cells == [["lifetime_value.bg_nbd", "3", "30 June 2025", "mean error of repeat purchases", "0.993", days]]


def test_a_score_of_two_models_names_both() -> None:
    cells = model_card({"future_margin_24m": MODELS["future_margin_24m"]}, "lifetime_value", language="fr").cells()
    assert [row[:2] for row in cells] == [["lifetime_value.bg_nbd", "3"], ["lifetime_value.gamma_gamma", "1"]]


def test_other_families_are_left_out_and_what_was_not_judged_is_blank() -> None:
    assert model_card(MODELS, "survival", language="fr").cells() == [["survival.cox", "2", "30 juin 2025", "", "–", "–"]]
    assert model_card({}, "survival", language="en").cells() == []


def test_a_judged_line_is_kept_when_a_score_without_metrics_names_the_model_too() -> None:
    for models in (MODELS, dict(reversed(MODELS.items()))):
        first = model_card(models, "lifetime_value", language="en").cells()[0]
        assert first[3] == "mean error of repeat purchases"


def test_drawn_customers_are_described_in_the_reader_s_language() -> None:
    drawn = "30% of the customers of 2020-01-01, drawn at random (seed 7), over their first 1883 days"
    metrics = {"survival.cox": {"name": "brier_score", "value": 0.1, "holdout": drawn}}
    models = {"churn_probability_90d": MODELS["churn_probability_90d"] | {"metrics": metrics}}
    spans = {language: model_card(models, "survival", language=language).cells()[0][-1] for language in ("en", "fr")}
    assert spans["en"] == "30% of the customers, drawn at random: their first 1,883 days"
    assert spans["fr"].replace("\u202f", " ").replace("\u00a0", " ") == "30 % des clients, tirés au hasard : leurs 1 883 premiers jours"


def test_units_drawn_are_described_in_the_reader_s_language() -> None:
    holdouts = {
        "later": "units drawn from 2025-01-02 on, as of 2025-06-30, 29% of all (seed 7), over 84 days",
        "some": "units drawn at random, as of 2025-06-30, 30% of all (seed 7), over 84 days",
    }
    spans = {
        (name, language): model_card(
            {"p_alive": MODELS["p_alive"] | {"metrics": {"lifetime_value.bg_nbd": {"name": "x", "value": 0.1, "holdout": holdout}}}},
            "lifetime_value",
            language=language,
        ).cells()[0][-1]
        for name, holdout in holdouts.items()
        for language in ("en", "fr")
    }
    plain = {key: text.replace("\u202f", " ").replace("\u00a0", " ") for key, text in spans.items()}
    assert plain["later", "en"] == "29% of the units, drawn from 2 January 2025 on"
    assert plain["later", "fr"] == "29 % des unités, tirées à partir du 2 janvier 2025"
    assert plain["some", "fr"] == "30 % des unités, tirées au hasard"
