"""The repeat-purchase summary of 5 million lines: relkit next to lifetimes, same lines, same process.

CPU time of the process, best of three for relkit (after one call that compiles) and one run of
lifetimes, whose time is linear in the lines. lifetimes gets its best form: integer ids, days as
datetime64[ns], no period to convert, no text to parse. relkit is measured as a fresh command runs it
(numpy alone) and as a process runs it that has loaded numba (for a model, say).
"""

from __future__ import annotations

import sys
import warnings
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from measuring import best_of_three, measured

from relkit.features.purchases import purchase_summary_of

N_LINES = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000_000
END = date(2024, 12, 31)


def simulated_lines(n: int) -> pl.DataFrame:
    """Return about five lines a customer over two years, in random order; amounts are in cents."""
    rng = np.random.default_rng(20240101)
    days = rng.integers(19_358, 19_358 + 731, n).astype(np.int32)
    return pl.DataFrame(
        {
            "customer_id": rng.integers(0, max(n // 5, 1), n),
            "day": pl.Series(days).cast(pl.Date),
            "value": np.round(rng.gamma(2.0, 20.0, n), 2),
        }
    )


def warm(lines: pl.DataFrame) -> tuple[pl.DataFrame, float, float]:
    purchase_summary_of(lines, END)
    return best_of_three(lambda: purchase_summary_of(lines, END))


def peer(lines: pl.DataFrame) -> tuple[Any, float, float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from lifetimes.utils import summary_data_from_transaction_data

        frame = lines.with_columns(pl.col("day").cast(pl.Datetime("ns"))).to_pandas()
        return measured(
            lambda: summary_data_from_transaction_data(frame, "customer_id", "day", "value", observation_period_end=np.datetime64(END))
        )


def check_agreement(ours: pl.DataFrame, theirs: Any) -> None:
    """Stop when a single customer differs; monetary values are equal but for the last bits of a sum."""
    assert ours["customer_id"].to_list() == theirs.index.to_list()
    for name, other in (("repeat_purchases", "frequency"), ("last_purchase_age_days", "recency"), ("observed_days", "T")):
        assert np.array_equal(ours[name].to_numpy(), theirs[other].to_numpy()), name
    np.testing.assert_allclose(ours["mean_repeat_value"].fill_null(0.0).to_numpy(), theirs["monetary_value"].to_numpy(), rtol=1e-12)


def main() -> None:
    lines = simulated_lines(N_LINES)
    _, plain, plain_memory = warm(lines)
    import numba

    ours, compiled, memory = warm(lines)
    theirs, slow, slow_memory = peer(lines)
    check_agreement(ours, theirs)
    print(f"repeat-purchase summary of {len(lines):,} lines, {len(ours):,} customers; CPU seconds, peak memory over the input")
    for name, seconds, peak in (
        (f"relkit, numpy {np.__version__}", plain, plain_memory),
        (f"relkit, numba {numba.__version__} loaded", compiled, memory),
        ("lifetimes 0.11.3", slow, slow_memory),
    ):
        print(f"  {name:<28} {seconds:8.3f} s {peak:8.0f} MB   {slow / seconds:6.1f}x")
    print("  x, t_x, T and monetary value agree for every customer")


if __name__ == "__main__":
    main()
