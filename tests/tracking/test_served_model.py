"""The code MLflow runs, called directly."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import polars as pl
import pytest

from relkit.models import storage


@pytest.fixture
def model(tmp_path, fitted):
    from relkit.tracking.served_model import ServedModel

    storage.save(fitted, tmp_path / "fitted")
    made = ServedModel()
    made.load_context(SimpleNamespace(artifacts={"fitted": str(tmp_path / "fitted")}))
    return made


def test_polars_gives_polars(model, fitted, running):
    scores = model.predict(None, running, {"horizon_days": 30})
    assert isinstance(scores, pl.DataFrame)
    assert scores.equals(fitted.score(running, horizon_days=30))


def test_pandas_gives_pandas(model, fitted, running):
    scores = model.predict(None, running.to_pandas(), {})
    assert isinstance(scores, pd.DataFrame)
    assert pl.from_pandas(scores).equals(fitted.score(running))


def test_columns_of_a_request_give_pandas(model, fitted, running):
    scores = model.predict(None, running.to_dict(as_series=False), None)
    assert isinstance(scores, pd.DataFrame)
    assert pl.from_pandas(scores).equals(fitted.score(running))


def test_a_missing_number_of_pandas_is_a_missing_number(model, running):
    """Pandas writes a missing number as NaN; the contract must see it as missing."""
    frame = running.to_pandas()
    frame.loc[0, "monthly_amount"] = float("nan")
    with pytest.raises(ValueError, match=r"monthly_amount: 1 of .* rows are null"):
        model.predict(None, frame, {})
