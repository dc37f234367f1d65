"""A measured campaign made by hand, for the tests of its folder, its ledger, its plots and its page."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from relkit.measurement.measured_campaign import MeasuredCampaign, MeasurementFacts
from relkit.measurement.result_tables import (
    BALANCE,
    DAYS,
    ESTIMATES,
    GUARDRAILS,
    MONEY,
    SEGMENTS,
    TABLES,
    WAVES,
    label_of,
    made,
    reason_of,
)
from relkit.texts import Text

LABELS = {
    "net": Text("Net margin", "Marge nette"),
    "margin": Text("Margin", "Marge"),
    "orders": Text("Orders", "Commandes"),
    "margin_promoted": Text("Margin on products offered", "Marge sur les produits offerts"),
    "margin_category": Text("Margin on the rest of their category", "Marge sur le reste de leur catégorie"),
    "margin_other": Text("Margin on everything else", "Marge sur tout le reste"),
}
FIGURES = {
    "incremental_margin": Text("Margin added", "Marge ajoutée"),
    "incremental_orders": Text("Orders added", "Commandes ajoutées"),
    "cost": Text("Cost", "Coût"),
    "net_margin": Text("Net margin", "Marge nette"),
    "net_per_1000": Text("Net margin per 1,000 treated", "Marge nette pour 1 000 traités"),
    "margin_each": Text("Margin added per treated unit", "Marge ajoutée par unité traitée"),
    "without_each": Text("Margin per unit without the campaign", "Marge par unité, sans la campagne"),
    "margin_per_cost": Text("Margin for each unit of cost", "Marge par unité de coût"),
    "cost_per_order": Text("Cost of an additional order", "Coût d’une commande supplémentaire"),
    "later_margin": Text("Margin after the response window", "Marge après la fenêtre de réponse"),
}


def facts(**changes: Any) -> MeasurementFacts:
    """Return the facts of a voucher that paid, with changes."""
    usual = MeasurementFacts(
        action_id="voucher",
        wave_id=None,
        kind="draw",
        as_of=date(2025, 6, 30),
        first_draw=date(2024, 1, 10),
        last_draw=date(2025, 1, 10),
        waves=3,
        response_window_days=28,
        post_window_days=56,
        level=0.95,
        method="adjusted",
        what=Text("Margin", "Marge"),
        currency="EUR",
        counts={
            "drawn": 6_000,
            "treated": 4_000,
            "control": 2_000,
            "treated_not_contacted": 100,
            "control_contacted": 4,
            "treated_reached": 3_900,
            "control_reached": 4,
        },
        srm_p_value=0.41,
        mismatch=False,
        balance_p_value=0.62,
        verdict="continue",
        verdict_why=Text("The net margin is above zero.", "La marge nette est positive."),
        units_needed=None,
        fingerprint="0" * 64,
        version="0.1.0",
    )
    return replace(usual, **changes)


def money_row(figure: str, window: str, value: float | None, low: float | None, high: float | None, kind: str = "money") -> dict[str, Any]:
    """Return a row of money."""
    ends = {"value": value, "low": low, "high": high}
    return {"figure": figure, **label_of(FIGURES[figure]), "kind": kind, "window": window, **ends, **reason_of(None)}


def effect(measure: str, window: str, method: str, estimate: float, half: float, kind: str = "money") -> dict[str, Any]:
    """Return a row of estimates."""
    ends = {"estimate": estimate, "low": estimate - half, "high": estimate + half, "std_error": half / 1.96, "p_value": 0.01}
    means = {"mean_treated": 20.0 + estimate, "mean_other": 20.0, "n_treated": 4_000, "n_other": 2_000}
    days = {"response": 28, "post": 84, "later": 84}[window]
    return {
        "measure": measure,
        **label_of(LABELS[measure]),
        "kind": kind,
        "window": window,
        "window_days": days,
        "method": method,
        **means,
        **ends,
    }


def voucher(**changes: Any) -> MeasuredCampaign:
    """Return a measured campaign: 2.00 of margin a head after 28 days, 1.50 after 84, at a cost of 0.50; facts may be changed."""
    money = [
        *(money_row("incremental_margin", w, v, v - h, v + h) for w, v, h in (("response", 8_000, 3_000), ("post", 6_000, 3_500))),
        *(money_row("cost", w, 2_000, None, None) for w in ("response", "post")),
        *(money_row("net_margin", w, v, v - h, v + h) for w, v, h in (("response", 6_000, 3_000), ("post", 4_000, 3_500))),
        money_row("net_per_1000", "post", 1_000, 125, 1_875),
        money_row("margin_each", "post", 1.5, 0.625, 2.375),
        money_row("without_each", "post", 20.0, None, None),
        money_row("later_margin", "later", -2_000, -3_500, -500),
        money_row("incremental_orders", "post", 240, 100, 380, "count"),
        money_row("margin_per_cost", "post", 3.0, 1.25, 4.75, "ratio"),
        money_row("cost_per_order", "post", 8.33, 5.26, 20.0),
    ]
    estimates = [
        effect(m, w, method, e, h)
        for m, w, e, h in (("net", "post", 1.0, 0.875), ("margin", "response", 2.0, 0.75), ("margin", "post", 1.5, 0.875))
        for method in ("drawn", "adjusted", "winsorised")
    ]
    estimates += [effect("margin", "later", "drawn", -0.5, 0.375)]
    estimates += [effect("margin", "post", "reached", 1.55, 0.9)]
    estimates += [
        effect(m, "post", "adjusted", e, 0.4) for m, e in (("margin_promoted", 2.4), ("margin_category", -1.0), ("margin_other", 0.1))
    ]
    tables = {
        "estimates": made(ESTIMATES, estimates),
        "money": made(MONEY, money),
        "days": made(DAYS, [_day(day) for day in range(1, 85)]),
        "segments": made(SEGMENTS, [_group("FR", 2.5, 1_500), _group("DE", 0.1, 500)]),
        "waves": made(
            WAVES,
            [
                {
                    "wave_id": f"w{k}",
                    "drawn_on": date(2024, 1, 10 + k),
                    "propensity": 2 / 3,
                    "n_treated": 1_333,
                    "n_other": 667,
                    "expected_treated": 1_333.3,
                    "p_value": 0.9,
                }
                for k in range(3)
            ],
        ),
        "balance": made(
            BALANCE,
            [
                {
                    "covariate": "pre_margin",
                    **label_of(Text("Margin", "Marge")),
                    "mean_treated": 21.0,
                    "mean_other": 20.8,
                    "difference": 0.004,
                    "p_value": 0.62,
                }
            ],
        ),
        "guardrails": made(GUARDRAILS, [_guardrail("unsubscribed", 0.002, state="held"), _guardrail("complained", 0.02, state="breached")]),
    }
    assert set(tables) == {table.name for table in TABLES}
    return MeasuredCampaign(facts=facts(**changes), tables=tables)


def _day(day: int) -> dict[str, Any]:
    estimate, half = 2.0 * min(day, 28) / 28 - 0.5 * max(day - 28, 0) / 56, 0.09 * day**0.5
    return {
        "day": day,
        "estimate": estimate,
        "low": estimate - half,
        "high": estimate + half,
        "always_low": estimate - 2 * half,
        "always_high": estimate + 2 * half,
    }


def _group(country: str, estimate: float, other: int) -> dict[str, Any]:
    name = Text("Country", "Pays")
    ends = {"mean_treated": 20 + estimate, "mean_other": 20.0, "estimate": estimate, "low": estimate - 1, "high": estimate + 1}
    tests = {"p_value": 0.01, "q_value": 0.02, "differ_p_value": 0.001, "differ_q_value": 0.002}
    groups = {
        "segment": "country",
        "segment_en": name.en,
        "segment_fr": name.fr,
        "group": country,
        "group_en": country,
        "group_fr": country,
    }
    return {**groups, **ends, **tests, "n_treated": 2 * other, "n_other": other}


def _guardrail(measure: str, estimate: float, *, state: str) -> dict[str, Any]:
    label = Text(measure.capitalize(), "Désabonnés" if measure == "unsubscribed" else "Réclamations")
    ends = {"mean_treated": 0.01 + estimate, "mean_other": 0.01, "estimate": estimate, "low": estimate - 0.001, "high": estimate + 0.001}
    return {
        "measure": measure,
        **label_of(label),
        "kind": "share",
        **ends,
        "allowed": 0.005,
        "state": state,
        "n_treated": 4_000,
        "n_other": 2_000,
    }
