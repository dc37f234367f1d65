"""Signatures: every model names what it reads and gives, and MLflow lets pandas and polars frames reach it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from mlflow.types import DataType
from mlflow.types.schema import Array

from relkit.models import catalogue, storage
from relkit.models.base import Associates, CreditsChannels
from relkit.tracking.signatures import _type_of, signature_of

GOLDEN = sorted(path.parent for path in (Path(__file__).parents[1] / "golden").rglob("model.json"))


@pytest.mark.parametrize("folder", GOLDEN, ids=lambda folder: folder.name)
def test_every_model_says_what_it_reads_and_gives(folder: Path) -> None:
    fitted = storage.load(folder)
    signature = signature_of(fitted)
    assert [(column.name, column.required) for column in signature.inputs] == [(c.name, c.required) for c in fitted.needs.columns]
    first = "antecedent" if isinstance(fitted, Associates) else "channel" if isinstance(fitted, CreditsChannels) else "customer_id"
    assert next(column.name for column in signature.outputs) == first
    assert len(signature.outputs.inputs) > 1
    assert signature._is_signature_from_type_hint


def test_types_are_those_of_mlflow() -> None:
    types = (pl.String(), pl.Float64(), pl.Int32(), pl.Boolean(), pl.Date(), pl.List(pl.Float64()))
    assert [getattr(_type_of(dtype), "name", "") for dtype in types] == ["string", "double", "long", "boolean", "datetime", ""]
    assert _type_of(types[-1]) == Array(DataType.double)


def test_a_model_that_scores_no_customer_says_and_gives_its_credit() -> None:
    from relkit.tracking.served_model import ServedModel

    paths = pl.DataFrame({"channels": [["email"], ["search", "email"]], "conversions": [2.0, 4.0]})
    served = ServedModel()
    served.fitted = catalogue.make("attribution.linear", {}).fit(paths, as_of=date(2025, 6, 30))
    signature = signature_of(served.fitted)
    assert [column.name for column in signature.outputs] == served.fitted.credit().columns
    assert signature.params.params == []
    assert served.predict(None, paths).select("channel", "conversions").rows() == [("email", 4.0), ("search", 2.0)]
