"""Small campaigns with known effects, for the tests of learners."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

AS_OF = date(2025, 6, 30)


def campaign(
    seed: int = 0, n: int = 2000, *, slope: float = 2.0, share: float = 0.5, actions: int = 1, spend: bool = False
) -> pl.DataFrame:
    """Return units drawn for actions, with their true effect as `effect`: 1 plus `slope` for each customer with `likes`."""
    rng = np.random.default_rng(seed)
    likes, age = rng.random(n) < 0.5, rng.integers(20, 80, n).astype(float)
    frames = []
    for action in range(actions):
        treated = rng.random(n) < share
        effect = 1 + slope * likes * (1 + action)
        outcome = age / 20 + treated * effect + rng.normal(size=n)
        if spend:
            bought = rng.random(n) < 0.1 + 0.1 * treated * likes
            outcome, effect = bought * np.exp(rng.normal(3, 0.5, n)), 0.1 * likes * np.exp(3.125)
        frames.append(
            pl.DataFrame(
                {
                    "customer_id": [f"c{i:05d}" for i in range(n)],
                    "action_id": [f"a{action}"] * n,
                    "treated": treated,
                    "propensity": np.full(n, share),
                    "outcome": outcome,
                    "likes": likes,
                    "age": age,
                    "city": rng.choice(["Lyon", "Lille", "Nice"], n).tolist(),
                    "effect": effect,
                }
            )
        )
    return pl.concat(frames)


FEATURES = ("likes", "age", "city")
