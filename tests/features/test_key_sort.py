from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from relkit.features import key_sort
from relkit.features.key_sort import radix_sort, sorted_keys


@pytest.mark.parametrize(("dtype", "bits"), [(np.uint32, 7), (np.uint32, 31), (np.uint64, 45)])
def test_both_sorts_give_the_same_order(dtype, bits, rng, monkeypatch):
    keys = rng.integers(0, 1 << bits, 500).astype(dtype)
    expected = np.sort(keys)
    assert np.array_equal(sorted_keys(keys.copy(), bits), expected)
    assert np.array_equal(radix_sort(keys.copy(), np.empty_like(keys), bits), expected)
    pytest.importorskip("numba")
    monkeypatch.setattr(key_sort, "WORTHWHILE", 0)
    found = sorted_keys(keys.copy(), bits)
    assert np.array_equal(found, expected)
    assert found.dtype == dtype


def test_a_summary_does_not_load_numba():
    code = (
        "import sys, numpy as np; from relkit.features.key_sort import sorted_keys; "
        "sorted_keys(np.zeros(1_500_000, np.uint32), 1); sys.exit('numba' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)
