"""Parts common to all models: the fingerprint of the columns read, and the comparison of a challenger."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest

from relkit.models import storage
from relkit.models.base import HoldoutMetric, edge_of, fingerprint, fit_as_of
from relkit.models.survival.kaplan_meier import KaplanMeier
from relkit.periods import AsOf

if TYPE_CHECKING:
    from pathlib import Path

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
    """The digest of the first version; changing it would make every stored one useless."""
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
def test_a_fingerprint_detects_every_change(change: pl.Expr) -> None:
    assert fingerprint(FRAME.with_columns(change)) != fingerprint(FRAME)
    assert fingerprint(FRAME.rename({"name": "label"})) != fingerprint(FRAME)


@pytest.mark.parametrize("nested", [False, True], ids=["values", "lists"])
def test_a_fingerprint_of_categories_is_that_of_their_texts(nested: bool) -> None:
    """Categories are coded in the order in which a process met them, enumerated values in that of the type."""
    values = pl.Series("c", ["b", None, "a", "b"])
    kinds = [pl.Enum(["a", "b"]), pl.Enum(["never", "b", "a"]), pl.Categorical]
    frames = [(values.cast(kind).implode() if nested else values.cast(kind)).to_frame() for kind in kinds]
    assert len({fingerprint(frame) for frame in frames}) == 1
    others = [values.reverse(), values.fill_null("a"), values.replace("b", "c"), values[:3], values.rename("d")]
    for other in others:
        changed = other.cast(pl.Categorical)
        assert fingerprint((changed.implode() if nested else changed).to_frame()) != fingerprint(frames[0])


def test_a_challenger_may_equal_the_champion() -> None:
    lower, higher = (HoldoutMetric(name="m", direction=d) for d in ("lower", "higher"))
    assert [lower.not_worse(c, 1.0) for c in (0.9, 1.0, 1.1)] == [True, True, False]
    assert [higher.not_worse(c, 1.0) for c in (0.9, 1.0, 1.1)] == [False, True, True]


def test_a_fit_keeps_the_instant_it_was_made_as_of(tmp_path: Path) -> None:
    """Within the day its cutoff is the instant; the saved model keeps it."""
    morning = AsOf.parse("2025-06-30T09:00", zone="Europe/Paris")
    spells = pl.DataFrame({"duration_days": [1.0, 2.0, 3.0], "event": [True, True, False]})
    fitted = fit_as_of(KaplanMeier(), spells, morning)
    assert (fitted.info.as_of, fitted.info.cutoff) == (date(2025, 6, 30), morning.cutoff)
    assert edge_of(fitted.info, "Europe/Paris") == morning != AsOf.end_of(date(2025, 6, 30), zone="Europe/Paris")
    storage.save(fitted, tmp_path / "model")
    assert storage.load(tmp_path / "model").info == fitted.info


def test_a_fit_that_keeps_its_day_only_was_made_as_of_its_end() -> None:
    spells = pl.DataFrame({"duration_days": [1.0, 2.0, 3.0], "event": [True, True, False]})
    info = KaplanMeier().fit(spells, as_of=date(2025, 6, 30)).info
    assert info.cutoff is None
    assert edge_of(info, "Europe/Paris") == AsOf.end_of(date(2025, 6, 30), zone="Europe/Paris")
