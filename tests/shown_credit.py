"""Credit of channels made by hand, for the tests of its page: three models, three channels, one of them without a known spend."""

from __future__ import annotations

from typing import Any

import polars as pl

from relkit.reports.channel_attribution import ChannelAttribution, CreditModel

MODELS = (
    CreditModel("attribution.b", "Effect", is_incremental=True, level=0.9),
    CreditModel("attribution.c", "Last touch", level=0.9),
    CreditModel("attribution.a", "Linear", level=0.9),
)
CREDITED = {
    "attribution.a": {"search": 60.0, "social": 30.0, "direct": 10.0},
    "attribution.b": {"search": 20.0, "social": 16.0, "direct": 4.0},
    "attribution.c": {"search": 40.0, "social": 50.0, "direct": 10.0},
}
COSTS = {"search": 300.0, "social": 100.0}
HALF_WIDTH = {"search": 8.0, "social": 6.0, "direct": 1.0}
VALUE_OF_ONE = 10.0


def credit() -> pl.DataFrame:
    """Return the table of credit; the linear model has no intervals."""
    return pl.DataFrame(
        [_row(model, channel, n) for model, own in CREDITED.items() for channel, n in own.items()], infer_schema_length=None
    )


def _row(model: str, channel: str, n: float) -> dict[str, Any]:
    half = None if model == "attribution.a" else HALF_WIDTH[channel] * sum(CREDITED[model].values()) / 100
    cost = COSTS.get(channel)
    return {
        "channel": channel,
        "model": model,
        "conversions": n,
        "lower": None if half is None else n - half,
        "upper": None if half is None else n + half,
        "value": VALUE_OF_ONE * n,
        "value_lower": None if half is None else VALUE_OF_ONE * (n - half),
        "value_upper": None if half is None else VALUE_OF_ONE * (n + half),
        "share": n / sum(CREDITED[model].values()),
        "cost": cost,
        "cost_per_conversion": None if cost is None else cost / n,
        "return_on_spend": None if cost is None else VALUE_OF_ONE * n / cost,
    }


def totals() -> pl.DataFrame:
    """Return the totals: 150 conversions, 50 of them without a touch."""
    rows = [
        {"model": model, "conversions": 150.0, "value": 1500.0, "unattributed": 150.0 - sum(own.values())}
        for model, own in CREDITED.items()
    ]
    return pl.DataFrame(rows).with_columns(unattributed_value=VALUE_OF_ONE * pl.col("unattributed"))


def page(**changes: Any) -> ChannelAttribution:
    """Return the page, with changes."""
    usual: dict[str, Any] = {"models": MODELS, "credit": credit(), "totals": totals(), "lookback_days": 30.0}
    return ChannelAttribution(**usual | changes)


def of_models(*names: str) -> dict[str, Any]:
    """Return the fields of a page on some models alone."""
    kept = tuple(model for model in MODELS if model.name in names)
    return {
        "models": kept,
        "credit": credit().filter(pl.col("model").is_in(names)),
        "totals": totals().filter(pl.col("model").is_in(names)),
    }
