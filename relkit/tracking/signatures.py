"""The signature of a served model: its inputs, outputs and parameters.

MLflow enforces a signature on pandas frames, dictionaries and arrays and refuses every other frame before the model is reached
("Expected input to be DataFrame"), polars frames among them. Signatures that come from type hints are not enforced there: MLflow leaves
that to the model. relkit's models check what they read against their own contract and name what is missing, so theirs are marked as
such, a key that MLflow writes into MLmodel and reads back. The columns show in the MLflow page, and polars, pandas and JSON all arrive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.models.base import Associates, CreditsChannels, CustomerScorer
from relkit.units import HORIZON_DAYS

if TYPE_CHECKING:
    from mlflow.models import ModelSignature

    from relkit.models.base import Fitted


def signature_of(fitted: Fitted) -> ModelSignature:
    """Return the signature of a fitted model, left to the model to enforce.

    Inputs are the columns of its contract, the dispensable ones marked as optional; outputs are those at the usual horizon.
    """
    from mlflow.models import ModelSignature
    from mlflow.types.schema import ColSpec, ParamSchema, ParamSpec, Schema

    needs = fitted.needs.columns
    inputs = Schema([ColSpec(_type_of(column.dtype), column.name, required=column.required) for column in needs])
    signature = ModelSignature(
        inputs=inputs,
        outputs=Schema([ColSpec(_type_of(dtype), name) for name, dtype in _given(fitted).items()]),
        params=ParamSchema([ParamSpec("horizon_days", "long", HORIZON_DAYS)] if isinstance(fitted, CustomerScorer) else []),
    )
    signature._is_signature_from_type_hint = True  # noqa: SLF001  the key of MLmodel has no public setter
    return signature


def _given(fitted: Fitted) -> dict[str, pl.DataType]:
    """Return the columns that a model returns: those of credit, of rules, or of scores, from scoring no customer."""
    if isinstance(fitted, CreditsChannels):
        return dict(fitted.credit().schema)
    if isinstance(fitted, Associates):
        return dict(fitted.associations().schema)
    nobody = pl.DataFrame(schema={column.name: column.dtype for column in fitted.needs.columns})
    scores: pl.DataFrame = fitted.score(nobody, horizon_days=HORIZON_DAYS)  # type: ignore[attr-defined]  # every other model of the catalogue scores
    return dict(scores.schema)


def _type_of(dtype: Any) -> Any:
    """Return the MLflow type of a polars type."""
    from mlflow.types import DataType
    from mlflow.types.schema import Array

    if isinstance(dtype, pl.List):
        return Array(_type_of(dtype.inner))
    if dtype == pl.Boolean:
        return DataType.boolean
    if dtype.is_float():
        return DataType.double
    if dtype.is_integer():
        return DataType.long
    return DataType.datetime if dtype.is_temporal() else DataType.string
