from __future__ import annotations

import shutil
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import polars as pl
import pytest
from tampered_models import CHANGES, saved_again, saved_folders, tampered_models

from relkit.errors import StorageError
from relkit.models import catalogue, storage
from relkit.models.field_domains import COUNT, DOMAINS, SHAPES, domain_of, lengths_that_differ, problem

if TYPE_CHECKING:
    from pathlib import Path


def records(cls: Any, known: set[Any]) -> set[Any]:
    """Return the dataclasses of which a fitted model is made, its settings left out: these refuse values themselves."""
    if cls in known or getattr(cls, "fit", None):
        return known
    known.add(cls)
    for hint in storage._hints(cls).values():
        stack = [hint]
        while stack:
            one = stack.pop()
            stack += [part for part in get_args(one) if not isinstance(part, str)]
            if is_dataclass(one):
                records(one, known)
    return known


def test_every_number_of_every_model_has_a_domain() -> None:
    found: set[Any] = set()
    for name in catalogue.names():
        records(catalogue.fitted_class(name), found)
    bare = {
        f"{cls.__name__}.{f.name}"
        for cls in found
        for f in fields(cls)
        if any(word in str(storage._hints(cls)[f.name]) for word in ("float", "int", "ndarray"))
        and "relkit." not in str(storage._hints(cls)[f.name])
        and domain_of(cls.__name__, f.name) is None
    }
    assert bare == set()
    names = {f.name for cls in found for f in fields(cls)}
    assert {name.rpartition(".")[2] for name in DOMAINS} <= names
    assert set(SHAPES) <= {cls.__name__ for cls in found}


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("alpha", 0.0, "alpha is 0, not above 0"),
        ("alpha", float("nan"), "alpha is not a number"),
        ("concordance", 1.5, "concordance is 1.5, above 1"),
        ("losses", {"a": 1.0, "b": -1.0}, "losses is -1, below 0"),
        ("knots", (1.0, float("inf")), "knots is infinite"),
        ("covariance", np.full((2, 2), np.nan), ""),
        ("means", np.zeros(0), ""),
        ("subject", "text", ""),
        ("baseline", pl.DataFrame({"days": [1.0]}), "baseline has no column at_risk, ended, cumulative_hazard"),
    ],
)
def test_a_value_out_of_its_domain(name: str, value: Any, fault: str) -> None:
    assert problem("FittedCox", name, value) == fault


def test_a_column_out_of_its_domain() -> None:
    counts = pl.DataFrame({"days": [1.0, 2.0], "at_risk": [2.0, -1.0], "ended": [1, 0], "censored": [0, 0]})
    assert problem("FittedKaplanMeier", "counts", counts) == "counts.at_risk is -1, below 0"
    text = counts.with_columns(pl.lit("two").alias("at_risk"))
    assert problem("FittedKaplanMeier", "counts", text) == "counts.at_risk contains String, expected numbers"
    assert COUNT.fault(np.array([], dtype=float)) == ""


def test_lengths_that_disagree() -> None:
    hazard = {"coefficients": np.zeros(2), "means": np.zeros(2), "intercepts": np.zeros(3), "firsts": np.zeros(3), "stayed": np.zeros(3)}
    whole = {**hazard, "ended": np.zeros(3), "covariance": np.zeros((5, 5))}
    assert lengths_that_differ("FittedDiscreteHazard", whole) == ""
    assert "covariance has the shape (5, 4)" in lengths_that_differ("FittedDiscreteHazard", {**whole, "covariance": np.zeros((5, 4))})
    assert "means has the shape (3), expected (p), where p is 2" in lengths_that_differ(
        "FittedDiscreteHazard", {**whole, "means": np.zeros(3)}
    )


def refused(model: str, folder: Path, change: str) -> None:
    """Load a tampered model and check that it is refused by name."""
    with pytest.raises(StorageError) as raised:  # the model and its change are in the path of the folder
        storage.load(folder)
    message = str(raised.value)
    assert any(name in message for name in (model, "model.json", "limited")), f"{change}: {message}"
    assert len(message) < 1000, f"{change}: {message}"


@pytest.mark.parametrize("each", [1, pytest.param(12, marks=pytest.mark.slow)])
def test_saved_models_of_the_catalogue_that_were_tampered_with_are_refused(each: int, tmp_path: Path) -> None:
    """Every model, by changes drawn among all: none loads, breaks down or allocates."""
    for tampered in tampered_models(saved_folders(), tmp_path, seed=1, number=each * len(saved_folders())):
        refused(tampered.model, tampered.folder, tampered.change)


@pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_a_number_times_100_is_refused_in_models_that_have_numbers_of_their_own(step: int, tmp_path: Path) -> None:
    changed_number, rng = CHANGES[0], np.random.default_rng(2)
    for folder in saved_folders()[::step]:
        copy = saved_again(folder, tmp_path / folder.parent.name)
        if done := changed_number(copy, rng):
            refused(folder.parent.name, copy, done)
        shutil.rmtree(copy)


@pytest.mark.parametrize("change", CHANGES[1:], ids=lambda change: change.__name__)
def test_every_change_is_refused_in_one_model(change: Any, tmp_path: Path) -> None:
    folder = next(path for path in saved_folders() if path.parent.name == "survival.cox_time_varying")
    for place in range(3):
        copy = shutil.copytree(folder, tmp_path / f"copy_{place}")
        done = change(copy, np.random.default_rng(place))
        assert done
        refused("survival.cox_time_varying", copy, done)
