"""Simulated campaigns whose effects are known: 20,000 customers with 20 standard normal features, to learn from and to judge on.

    rct      a drawn campaign, half treated; the outcome is 0 or 1, and the effect a few points of probability
    conf     treatment depends on the features; the outcome is a number
    spend    drawn; nine in ten spend nothing, and the action moves the chance to buy
    amount   drawn; the same, and the action raises the amount of some buyers as well

With features x0 to x19 and s the logistic function:

    rct      p0 = s(-1.8 + .6 x0 + .4 x1 x2); p1 = p0 + .1 s(2 x3) 1[x4 > -.5] - .03 1[x5 > 1], held within .001 and .999
    conf     e = s(.8 x0 - .6 x1), held within .05 and .95; tau = .5 + .5 tanh x2 + .3 1[x3 > 0];
             y = sin(pi x0 / 2) + .5 x1^2 + .5 x4 + w tau + N(0, 1)
    spend    chance s(-2.5 + .5 x0), treated s(-2.3 + .5 x0 + .5 1[x1 > 0]); amount exp(3 + .4 x2) LogNormal(-.32, .8)
    amount   as spend, the amount of treated buyers times exp(.3 1[x3 > 0] - .1)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]

NAMES = ("rct", "conf", "spend", "amount")
ROWS, FEATURES = 20_000, 20


@dataclass(frozen=True, eq=False)
class Campaign:
    """Units with their true effects.

    Attributes:
        X: features, shape (n, 20).
        treated: shape (n,).
        outcome: shape (n,).
        propensity: of being treated, shape (n,).
        effect: true, on the mean outcome, shape (n,).
        is_recorded: whether a learner is given the propensity.
    """

    X: Floats
    treated: NDArray[np.bool_]
    outcome: Floats
    propensity: Floats
    effect: Floats
    is_recorded: bool


def campaign(name: str, seed: int, part: int = 0, rows: int = ROWS) -> Campaign:
    """Return the units of a design.

    Args:
        name: one of `NAMES`.
        seed: of the draw.
        part: 0 to learn from, 1 to judge on: drawn apart.
        rows: their number.
    """
    rng = np.random.default_rng([seed, part])
    X = rng.normal(size=(rows, FEATURES))
    return {"rct": _rct, "conf": _conf, "spend": _spend, "amount": _amount}[name](X, rng)


def _rct(X: Floats, rng: np.random.Generator) -> Campaign:
    e, w = _halves(X, rng)
    p0 = special.expit(-1.8 + 0.6 * X[:, 0] + 0.4 * X[:, 1] * X[:, 2])
    p1 = np.clip(p0 + 0.1 * special.expit(2 * X[:, 3]) * (X[:, 4] > -0.5) - 0.03 * (X[:, 5] > 1), 0.001, 0.999)
    y = rng.random(len(X)) < np.where(w, p1, p0)
    return Campaign(X, w, y.astype(float), e, p1 - p0, is_recorded=True)


def _conf(X: Floats, rng: np.random.Generator) -> Campaign:
    e = np.clip(special.expit(0.8 * X[:, 0] - 0.6 * X[:, 1]), 0.05, 0.95)
    w = rng.random(len(X)) < e
    tau = 0.5 + 0.5 * np.tanh(X[:, 2]) + 0.3 * (X[:, 3] > 0)
    y = np.sin(np.pi * X[:, 0] / 2) + 0.5 * X[:, 1] ** 2 + 0.5 * X[:, 4] + w * tau + rng.normal(size=len(X))
    return Campaign(X, w, y, e, tau, is_recorded=False)


def _spend(X: Floats, rng: np.random.Generator, raised: Floats | float = 1.0) -> Campaign:
    e, w = _halves(X, rng)
    without = special.expit(-2.5 + 0.5 * X[:, 0])
    with_it = special.expit(-2.3 + 0.5 * X[:, 0] + 0.5 * (X[:, 1] > 0))
    amount = np.exp(3 + 0.4 * X[:, 2])
    buys = rng.random(len(X)) < np.where(w, with_it, without)
    y = buys * amount * np.where(w, raised, 1.0) * np.exp(rng.normal(-0.32, 0.8, len(X)))  # LogNormal(-.32, .8) has mean 1
    return Campaign(X, w, y, e, (with_it * raised - without) * amount, is_recorded=True)


def _amount(X: Floats, rng: np.random.Generator) -> Campaign:
    return _spend(X, rng, np.exp(0.3 * (X[:, 3] > 0) - 0.1))


def _halves(X: Floats, rng: np.random.Generator) -> tuple[Floats, NDArray[np.bool_]]:
    return np.full(len(X), 0.5), rng.random(len(X)) < 0.5


def true_qini(forecast: Floats, effect: Floats) -> float:
    """Return the Qini of a forecast by the true effects: the mean over ranks of the cumulated effect less that of a random order."""
    n, ranked = len(effect), effect[np.argsort(-forecast, kind="stable")]
    return float(np.mean(np.cumsum(ranked) / n - np.arange(1, n + 1) / n * ranked.mean()))


def figures(forecast: Floats, effect: Floats) -> dict[str, float]:
    """Return the root mean squared error over the spread of effects (a constant gives 1 or more), and the Qini over the best possible."""
    error = float(np.sqrt(np.mean((forecast - effect) ** 2)) / effect.std())
    return {"pehe": error, "qini": true_qini(forecast, effect) / true_qini(effect, effect)}
