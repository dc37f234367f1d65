"""Plots of customer value: fit of purchase and spend models, probability of being active, concentration of value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from relkit.plots.style import (
    ACTUAL,
    INK,
    MODEL,
    MUTED,
    PALE,
    axes_of,
    figure_of,
    house_style,
    money,
    money_axis,
    number,
    number_axis,
    percent,
    percent_axis,
)
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from relkit.metrics.purchases import FrequencyCalibration
    from relkit.metrics.ranking import DecileLift, LorenzCurve
    from relkit.metrics.risk_sets import Counts, Floats
    from relkit.models.lifetime_value.diagnostics import AliveSurface, FrequencyHistogram, PurchaseTracking, SpendDistribution

_FREQUENCY = (
    Text("Repeat purchases, seen and expected", "Réachats constatés et attendus"),
    Text("Repeat purchases", "Nombre de réachats"),
    Text("Customers", "Clients"),
    Text("seen", "constatés"),
    Text("expected by the model", "attendus par le modèle"),
)
_CUMULATED = (
    Text("Repeat purchases since the start", "Réachats depuis le début"),
    Text("", ""),
    Text("Repeat purchases, cumulated", "Réachats cumulés"),
    Text("seen", "constatés"),
    Text("expected", "attendus"),
    Text("the model had seen\nup to here", "le modèle a vu\njusqu’ici"),
)
_WEEKLY = (
    Text("Repeat purchases, week by week", "Réachats, semaine par semaine"),
    Text("", ""),
    Text("Repeat purchases in {days} days", "Réachats en {days} jours"),
    Text("seen", "constatés"),
    Text("expected", "attendus"),
    Text("the model had seen\nup to here", "le modèle a vu\njusqu’ici"),
)
_CONDITIONAL = (
    Text("What customers went on to buy", "Ce que les clients ont acheté ensuite"),
    Text("Repeat purchases before the holdout", "Réachats avant la période de test"),
    Text("Purchases in the holdout, mean", "Achats en période de test, moyenne"),
    Text("seen", "constatés"),
    Text("expected", "attendus"),
    Text("customers", "clients"),
)
_ALIVE = (
    Text("Who is probably still a customer", "Qui est sans doute encore client"),
    Text("Days since the last purchase", "Jours depuis le dernier achat"),
    Text("Repeat purchases", "Nombre de réachats"),
    Text("Probability of being active", "Probabilité d’être actif"),
)
_SPEND = (
    Text("Mean order value, seen and expected", "Panier moyen constaté et attendu"),
    Text("Mean value of a customer’s repeat orders", "Valeur moyenne des réachats d’un client"),
    Text("Share of customers", "Part des clients"),
    Text("seen", "constaté"),
    Text("expected by the model", "attendu par le modèle"),
    Text("{share} above {value} not shown", "{share} au-delà de {value} non montrés"),
)
_DECILES = (
    Text("Forecast against what happened, by decile", "La prévision face au constat, par décile"),
    Text("Decile of the forecast (1 = highest)", "Décile de la prévision (1 = le plus élevé)"),
    Text("Mean per customer", "Moyenne par client"),
    Text("seen", "constaté"),
    Text("forecast", "prévu"),
)
_CONCENTRATION = (
    Text("How much the best forecasts hold", "Ce que pèsent les meilleures prévisions"),
    Text("Share of customers, best forecast first", "Part des clients, meilleures prévisions d’abord"),
    Text("equal for all", "égal pour tous"),
    Text("of the customers", "des clients"),
)
_HELD = {
    "value": Text("of the value", "de la valeur"),
    "purchases": Text("of the purchases", "des achats"),
}
_VALUE = (
    Text("Expected value by decile of customers", "Valeur attendue par décile de clients"),
    Text("Decile of customers (1 = highest)", "Décile de clients (1 = le plus élevé)"),
    Text("Mean per customer", "Moyenne par client"),
    Text("on the bars: share of all value", "sur les barres : part de toute la valeur"),
)


@house_style()
def plot_frequency_histogram(histogram: FrequencyHistogram, ax: Axes | None = None, *, language: str = "en") -> Axes:
    """Draw customers by number of repeat purchases, observed and expected."""
    title, x_label, y_label, seen, expected = in_language(_FREQUENCY, language)
    ax = axes_of(ax)
    _pairs(ax, histogram.actual, histogram.expected, histogram.labels, seen, expected)
    ax.set(title=title, xlabel=x_label, ylabel=y_label)
    number_axis(ax.yaxis, language, whole=True)
    return ax


def _pairs(ax: Axes, actual: Floats | Counts, expected: Floats, labels: Sequence[str], seen: str, model: str) -> None:
    """Draw bars of observed values next to bars of the model's."""
    at = np.arange(len(labels))
    ax.bar(at - 0.2, actual, 0.38, color=ACTUAL, label=seen, linewidth=0)
    ax.bar(at + 0.2, expected, 0.38, color=MODEL, label=model, linewidth=0)
    ax.set_xticks(at, labels)
    ax.legend(loc="upper right")


@house_style()
def plot_cumulative_purchases(tracking: PurchaseTracking, ax: Axes | None = None, *, language: str = "en") -> Axes:
    """Draw cumulative repeat purchases over time, observed and expected, with the end of the calibration."""
    return _track(
        tracking, np.cumsum(tracking.actual), np.cumsum(tracking.expected), axes_of(ax), in_language(_CUMULATED, language), language
    )


@house_style()
def plot_purchases_over_time(tracking: PurchaseTracking, ax: Axes | None = None, *, language: str = "en") -> Axes:
    """Draw repeat purchases of each week, observed and expected, with the end of the calibration."""
    return _track(tracking, tracking.actual, tracking.expected, axes_of(ax), in_language(_WEEKLY, language), language)


def _track(tracking: PurchaseTracking, actual: Floats | Counts, expected: Floats, ax: Axes, texts: tuple[str, ...], language: str) -> Axes:
    from matplotlib import dates

    title, x_label, y_label, seen, model, edge = texts
    ends = np.array(tracking.ends, dtype="datetime64[D]")
    ax.plot(ends, actual, color=ACTUAL, linewidth=2, label=seen)
    ax.plot(ends, expected, color=MODEL, linewidth=2, linestyle="--", label=model)
    ax.set(title=title, xlabel=x_label, ylabel=y_label.format(days=tracking.days), ylim=(0, 1.15 * max(actual.max(), expected.max(), 1)))
    if tracking.calibration < tracking.ends[-1]:
        day = np.datetime64(tracking.calibration)
        ax.axvline(day, color=MUTED, linewidth=1)  # type: ignore[arg-type]
        at_edge: Any = (day, 1)
        low = ax.get_xaxis_transform()
        ax.annotate(edge, at_edge, (-5, -4), low, textcoords="offset points", ha="right", va="top", color=MUTED, fontsize=9)
    ax.xaxis.set_major_locator(dates.AutoDateLocator(minticks=4, maxticks=9))  # type: ignore[no-untyped-call]
    form = Text("%Y-%m", "%m/%Y")[language]
    ax.xaxis.set_major_formatter(dates.DateFormatter(form))  # type: ignore[no-untyped-call]
    number_axis(ax.yaxis, language)
    ax.legend(loc="lower right")
    return ax


@house_style()
def plot_purchases_by_frequency(calibration: FrequencyCalibration, ax: Axes | None = None, *, language: str = "en") -> Axes:
    """Draw mean purchases in the holdout by repeat purchases before it, observed and expected, with customers per group."""
    title, x_label, y_label, seen, expected, customers = in_language(_CONDITIONAL, language)
    ax = axes_of(ax)
    at = np.arange(len(calibration.frequency))
    ax.plot(at, calibration.actual, color=ACTUAL, linewidth=2, marker="o", label=seen)
    ax.plot(at, calibration.predicted, color=MODEL, linewidth=2, linestyle="--", marker="s", label=expected)
    labels = [f"{name}\n{number(n, language)}" for name, n in zip(calibration.labels, calibration.customers, strict=True)]
    ax.set_xticks(at, labels)
    ax.annotate(customers, (0, 0), (-14, -20), "axes fraction", textcoords="offset points", ha="right", va="top", fontsize=9, color=MUTED)
    ax.set(title=title, xlabel=x_label, ylabel=y_label, ylim=(0, None))
    number_axis(ax.yaxis, language)
    ax.legend(loc="upper left")
    return ax


@house_style()
def plot_alive_surface(surface: AliveSurface, ax: Axes | None = None, *, language: str = "en") -> Axes:
    """Draw the probability of being active by repeat purchases and days since the last one."""
    title, x_label, y_label, legend = in_language(_ALIVE, language)
    ax = axes_of(ax)
    half = (surface.days_since_last[1] - surface.days_since_last[0]) / 2
    extent = (-half, surface.days_since_last[-1] + half, surface.repeat_purchases[0] - 0.5, surface.repeat_purchases[-1] + 0.5)
    image = ax.imshow(surface.p_alive, origin="lower", aspect="auto", extent=extent, cmap="viridis", vmin=0, vmax=1)
    lines = ax.contour(surface.days_since_last, surface.repeat_purchases, surface.p_alive, [0.25, 0.5, 0.75], colors="white", linewidths=1)
    ax.clabel(lines, fmt=lambda level: percent(level, language), fontsize=9)
    bar = figure_of(ax).colorbar(image, ax=ax, label=legend)
    bar.outline.set_visible(False)
    percent_axis(bar.ax.yaxis, language)
    ax.set(title=title, xlabel=x_label, ylabel=y_label)
    ax.grid(visible=False)
    number_axis(ax.xaxis, language)
    number_axis(ax.yaxis, language, whole=True)
    return ax


@house_style()
def plot_spend_distribution(spend: SpendDistribution, ax: Axes | None = None, *, currency: str = "EUR", language: str = "en") -> Axes:
    """Draw the distribution of mean order values, observed and expected."""
    title, x_label, y_label, seen, expected, beyond = in_language(_SPEND, language)
    ax = axes_of(ax)
    ax.stairs(spend.actual, spend.edges, fill=True, color=ACTUAL, alpha=0.35, label=seen)
    ax.stairs(spend.expected, spend.edges, color=MODEL, linewidth=2, label=expected)
    ax.set(title=title, xlabel=x_label, ylabel=y_label, xlim=(0, spend.edges[-1]), ylim=(0, None))
    money_axis(ax.xaxis, currency, language)
    percent_axis(ax.yaxis, language)
    ax.legend(loc="upper right")
    note = beyond.format(share=percent(spend.beyond, language, 1), value=money(float(spend.edges[-1]), currency, language))
    ax.text(0.99, 0.78, note, transform=ax.transAxes, ha="right", va="top", color=MUTED, fontsize=9)
    return ax


@house_style()
def plot_decile_calibration(
    deciles: DecileLift, ax: Axes | None = None, *, unit: str = "", currency: str | None = None, language: str = "en"
) -> Axes:
    """Draw mean forecast and mean outcome by decile of the forecast.

    Args:
        deciles: forecast as `score`, outcome as `actual`.
        ax: where to draw; a new figure by default.
        unit: of the values, in the reader's language: "orders in 90 days".
        currency: ISO code if the values are money.
        language: en or fr.
    """
    title, x_label, y_label, seen, forecast = in_language(_DECILES, language)
    ax = axes_of(ax)
    _pairs(ax, deciles.actual, deciles.score, [str(d) for d in deciles.decile], seen, forecast)
    ax.set(title=title, xlabel=x_label, ylabel=f"{y_label}, {unit}" if unit else y_label)
    _value_axis(ax, currency, language)
    return ax


@house_style()
def plot_concentration(
    curve: LorenzCurve, ax: Axes | None = None, *, of: Literal["value", "purchases"] = "value", top: float = 0.2, language: str = "en"
) -> Axes:
    """Draw the share of value against the share of customers, best forecasts first, and the value of the top share.

    Args:
        curve: cumulative shares.
        ax: where to draw; a new figure by default.
        of: what is shared.
        top: share of customers that is highlighted.
        language: en or fr.
    """
    title, x_label, equal, customers = in_language(_CONCENTRATION, language)
    held = _HELD[of][language]
    ax = axes_of(ax, width=6, height=5.2)
    ax.fill_between(curve.customer_share, curve.customer_share, curve.value_share, color=ACTUAL, alpha=0.1, linewidth=0)
    ax.plot(curve.customer_share, curve.value_share, color=ACTUAL, linewidth=2)
    ax.plot([0, 1], [0, 1], color=MUTED, linestyle="--", linewidth=1.2)
    ax.annotate(equal, (0.7, 0.7), (6, -6), textcoords="offset points", va="top", color=MUTED, fontsize=9)
    there = float(np.interp(top, curve.customer_share, curve.value_share))
    ax.plot([top, top, 0], [0, there, there], color=MODEL, linewidth=1)
    ax.scatter([top], [there], color=MODEL, s=40, zorder=3)
    text = f"{percent(there, language)} {held}\n{percent(top, language)} {customers}"
    ax.annotate(text, (top, there), (10, -4), textcoords="offset points", va="top", color=INK, fontsize=9.5)
    share = Text("Share", "Part")[language]
    ax.set(title=title, xlabel=x_label, ylabel=f"{share} {held}", xlim=(0, 1), ylim=(0, 1.02))
    percent_axis(ax.xaxis, language)
    percent_axis(ax.yaxis, language)
    return ax


@house_style()
def plot_value_deciles(
    deciles: DecileLift, ax: Axes | None = None, *, currency: str | None = None, unit: str = "", language: str = "en"
) -> Axes:
    """Draw the mean expected value of each decile of customers, with its share of all value.

    Args:
        deciles: expected value as `score`.
        ax: where to draw; a new figure by default.
        unit: of the values, in the reader's language.
        currency: ISO code if the values are money.
        language: en or fr.
    """
    title, x_label, y_label, share = in_language(_VALUE, language)
    ax = axes_of(ax)
    at = np.arange(len(deciles.decile))
    bars = ax.bar(at, deciles.score, 0.75, color=[ACTUAL if d <= 2 else PALE for d in deciles.decile], linewidth=0)
    total = float(deciles.score @ deciles.customers)
    for bar, mean, n in zip(bars, deciles.score, deciles.customers, strict=True):
        text = percent(float(mean) * int(n) / total, language) if total > 0 else ""
        ax.annotate(
            text, (bar.get_x() + bar.get_width() / 2, float(mean)), (0, 3), textcoords="offset points", ha="center", color=INK, fontsize=9
        )
    ax.set_xticks(at, [str(d) for d in deciles.decile])
    ax.set(title=title, xlabel=x_label, ylabel=f"{y_label}, {unit}" if unit else y_label)
    ax.margins(y=0.12)
    ax.annotate(share, (0.99, 0.97), xycoords="axes fraction", ha="right", va="top", color=MUTED, fontsize=9)
    _value_axis(ax, currency, language)
    return ax


def _value_axis(ax: Axes, currency: str | None, language: str) -> None:
    if currency is None:
        number_axis(ax.yaxis, language)
    else:
        money_axis(ax.yaxis, currency, language)
