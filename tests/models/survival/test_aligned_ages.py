from __future__ import annotations

import polars as pl

from relkit.models.survival.aligned_ages import with_one_age


def test_columns_that_cannot_be_compared_stay_for_the_contract_to_refuse() -> None:
    frame = pl.DataFrame({"duration_days": ["long", "0.3"], "entry_days": [None, 0.1 + 0.2]})
    assert with_one_age(frame, "duration_days", "entry_days", "absent").equals(frame)
    nulls = pl.DataFrame({"duration_days": [0.3, None], "entry_days": [0.1 + 0.2, None]})
    assert with_one_age(nulls, "duration_days", "entry_days").rows() == [(0.3, 0.3), (None, None)]
