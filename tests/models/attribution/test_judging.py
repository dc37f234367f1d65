from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from relkit.errors import NotEnoughEventsError
from relkit.models.attribution.judging import SHARE_MOVED, judged_shares, share_moved
from relkit.models.attribution.linear import Linear

DAY = date(2025, 6, 30)
BEFORE = pl.DataFrame({"channels": [["a"], ["b"]], "conversions": [3.0, 1.0], "value": [10.0, 30.0]})


def test_the_share_that_moves_and_does_not_decide() -> None:
    later = pl.DataFrame({"channels": [["a", "c"]], "conversions": [2.0], "value": [50.0]})
    found = judged_shares(Linear().fit(BEFORE, as_of=DAY), later)
    assert found == pytest.approx({"share_moved": 0.5, "value_moved": 0.75, "conversions_judged": 2.0})
    assert not SHARE_MOVED.decides


def test_the_same_journeys_move_nothing() -> None:
    assert judged_shares(Linear().fit(BEFORE, as_of=DAY), BEFORE)["share_moved"] == 0.0


def test_values_that_do_not_add_up_to_something_are_left_out() -> None:
    later = BEFORE.with_columns(value=pl.lit(-1.0))
    assert "value_moved" not in judged_shares(Linear().fit(BEFORE, as_of=DAY), later)


@pytest.mark.parametrize(("before", "after", "when"), [(1.0, 0.0, "after"), (0.0, 1.0, "before")])
def test_a_period_without_credit_is_refused(before: float, after: float, when: str) -> None:
    fitted = Linear().fit(BEFORE.with_columns(pl.col("conversions") * before), as_of=DAY)
    with pytest.raises(NotEnoughEventsError, match=f"attribution.linear: no conversion {when} the fit was preceded by a touch"):
        judged_shares(fitted, BEFORE.with_columns(pl.col("conversions") * after))


def test_channels_that_one_period_lacks() -> None:
    one, other = pl.DataFrame({"channel": ["a"], "share": [1.0]}), pl.DataFrame({"channel": ["b"], "share": [1.0]})
    assert share_moved(one, other) == 1.0
