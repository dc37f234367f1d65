"""What all models share: the fingerprint of what they read, and when a challenger is not worse."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from relkit.models.base import HoldoutMetric, fingerprint

FRAME = pl.DataFrame(
    {
        "name": ["x", None, "é"],
        "value": [1.0, None, 3.0],
        "flag": [True, None, False],
        "day": [date(2020, 1, 1), None, None],
        "count": [1, 2, None],
    }
)


def test_a_fingerprint_is_the_same_wherever_it_is_taken() -> None:
    """The digest of the first version; a change of it would make every stored one useless."""
    assert fingerprint(FRAME) == "55f9607eb8c6eda8e98e29a0715bfa410bef16c3cb0af3948a81aa5c026741dc"
    assert fingerprint(pl.concat([FRAME[:1], FRAME[1:]], rechunk=False)) == fingerprint(FRAME)


@pytest.mark.parametrize(
    "change",
    [
        pl.col("value") + 1e-12,
        pl.col("value").fill_null(0.0),
        pl.col("flag").fill_null(value=False),
        pl.col("flag").not_(),
        pl.col("day").fill_null(date(1970, 1, 1)),
        pl.col("count").shift(1),
        pl.col("count").cast(pl.Int32),
        pl.col("name").fill_null(""),
        pl.col("name").reverse(),
    ],
    ids=str,
)
def test_a_fingerprint_sees_every_change(change: pl.Expr) -> None:
    assert fingerprint(FRAME.with_columns(change)) != fingerprint(FRAME)
    assert fingerprint(FRAME.rename({"name": "label"})) != fingerprint(FRAME)


def test_a_challenger_may_equal_the_champion() -> None:
    lower, higher = (HoldoutMetric(name="m", direction=d) for d in ("lower", "higher"))
    assert [lower.not_worse(c, 1.0) for c in (0.9, 1.0, 1.1)] == [True, True, False]
    assert [higher.not_worse(c, 1.0) for c in (0.9, 1.0, 1.1)] == [False, True, True]
