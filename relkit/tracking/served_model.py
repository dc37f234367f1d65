"""The code with which MLflow loads a saved model (models-from-code): copied into every logged model, so it stays small.

The signature names the columns and leaves it to the model to enforce them (`relkit.tracking.signatures`): pandas, polars
and JSON all arrive here, and the model's own contract checks the columns and names what is missing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import polars as pl
from mlflow.pyfunc.model import PythonModel

from relkit.models.base import Associates, CreditsChannels


class ServedModel(PythonModel):
    """A fitted model behind MLflow's `predict`."""

    def load_context(self, context: Any) -> None:
        """Load the fitted model from the folder that relkit saved."""
        from relkit.models import storage

        self.fitted: Any = storage.load(Path(context.artifacts["fitted"]))

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:  # noqa: ARG002  (MLflow's names)
        """Return the scores, or the credit or rules of a model that scores no customer; a polars frame for a polars frame, else pandas.

        Args:
            context: unused; MLflow gives it.
            model_input: shape (customers, columns), pandas or polars, or a dict of columns; the hint says
                pandas because MLflow knows no other frame and would warn without one.
            params: `horizon_days`.
        """
        horizon_days = (params or {}).get("horizon_days")
        if isinstance(model_input, pl.DataFrame):
            return self._given(model_input, horizon_days)
        frame = pl.from_pandas(model_input) if isinstance(model_input, pd.DataFrame) else pl.DataFrame(model_input)
        return self._given(frame, horizon_days).to_pandas()

    def _given(self, frame: pl.DataFrame, horizon_days: int | None) -> pl.DataFrame:
        found: pl.DataFrame
        if isinstance(self.fitted, CreditsChannels):
            found = self.fitted.credit()
        elif isinstance(self.fitted, Associates):
            found = self.fitted.associations()
        else:
            found = self.fitted.score(frame, horizon_days=horizon_days)
        return found


mlflow.models.set_model(ServedModel())
