"""Trees of few rows are grown by one thread."""

from __future__ import annotations

from relkit.models.few_threads import ONE_THREAD_ROWS, few_threads


def test_few_rows_are_grown_by_one_thread() -> None:
    from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: F401 loads the library whose threads are limited
    from threadpoolctl import threadpool_info

    def threads() -> set[int]:
        return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "openmp"}

    before = threads()
    assert before
    with few_threads(ONE_THREAD_ROWS - 1):
        assert threads() == {1}
    with few_threads(ONE_THREAD_ROWS):
        assert threads() == before
