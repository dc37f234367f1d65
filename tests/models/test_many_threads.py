"""A large matrix is inverted by every processor, whatever the command gives to small ones."""

from __future__ import annotations

import os

import numpy as np

from relkit.models.many_threads import MANY_THREADS_ROWS, many_threads


def test_a_large_matrix_has_every_processor() -> None:
    from threadpoolctl import threadpool_info, threadpool_limits

    def threads() -> set[int]:
        return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}

    np.linalg.inv(np.eye(2))  # loads the library
    with threadpool_limits(1, user_api="blas"):
        with many_threads(MANY_THREADS_ROWS - 1):
            assert threads() == {1}
        with many_threads(MANY_THREADS_ROWS):
            assert threads() == {os.cpu_count()}
        assert threads() == {1}
