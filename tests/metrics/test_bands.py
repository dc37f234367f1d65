"""Bounds of a survival curve against lifelines 0.30.3."""

from __future__ import annotations

import numpy as np

from relkit.metrics.bands import log_log_band


def test_bands_are_those_of_lifelines_and_defined_at_both_ends() -> None:
    """Lifelines' KaplanMeierFitter, confidence_interval_ (exponential Greenwood), rossi at weeks 10 and 50."""
    from lifelines import KaplanMeierFitter
    from lifelines.datasets import load_rossi

    from relkit.metrics.risk_sets import product_limit, risk_sets

    rossi = load_rossi()
    sets = risk_sets(rossi["week"].to_numpy(float), rossi["arrest"].to_numpy() == 1)
    lower, upper = log_log_band(*product_limit(sets), 0.9)
    theirs = KaplanMeierFitter(alpha=0.1).fit(rossi["week"], rossi["arrest"]).confidence_interval_.loc[sets.days].to_numpy()
    np.testing.assert_allclose(np.stack([lower, upper], axis=1), theirs, rtol=1e-10)
    low, high = log_log_band(np.array([1.0, 0.5, 0.0]), np.array([0.0, 0.1, np.inf]), 0.95)
    assert low[[0, 2]].tolist() == [1.0, 0.0]
    assert high.tolist() == [1.0, high[1], high[1]]
    assert log_log_band(np.array([0.0]), np.array([np.inf]), 0.95)[1].tolist() == [1.0]
