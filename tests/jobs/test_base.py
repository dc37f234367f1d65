"""The shape of every job: parameters by name, results as one JSON object."""

from __future__ import annotations

import json
from pathlib import Path
from typing import ClassVar

import pytest
from pydantic import Field, ValidationError

from relkit.errors import ParameterError, PeriodError
from relkit.jobs.base import Job, Result


class Count(Job):
    """Counts."""

    command: ClassVar[str] = "count"

    days: int = Field(default=90, ge=1, description="Days.")


def test_parameters_are_parsed_and_frozen():
    job = Count.parse(days="30")
    assert job.days == 30
    with pytest.raises(ValidationError, match="frozen"):
        job.days = 31


def test_a_misspelt_parameter_names_the_nearest():
    with pytest.raises(ParameterError, match=r"count: unknown parameter 'day'; did you mean 'days'\? Known: days, out, programme"):
        Count.parse(day=30)


def test_an_impossible_value_is_reported_with_its_name():
    with pytest.raises(ParameterError, match=r"count: days is 0: input should be greater than or equal to 1\."):
        Count.parse(days=0)


def test_a_missing_value_is_reported_without_the_others():
    class Named(Job):
        command = "named"
        name: str
        as_of: str | None = None

    with pytest.raises(ParameterError, match=r"^named: name is missing; it is required\.$"):
        Named.parse(programme="spring")
    with pytest.raises(PeriodError, match="as_of: '30/06/2025' is neither a date nor an instant"):
        Named.parse(name="a", as_of="30/06/2025")
    assert Named.parse(name="a", as_of="2025-06-30").as_of == "2025-06-30"


def test_all_impossible_values_are_reported_at_once():
    with pytest.raises(ParameterError, match=r"programme is '\.\./x': .*; days is 'many': "):
        Count.parse(days="many", programme="../x")


def test_the_output_root_follows_the_programme_unless_given():
    assert Count().out_dir == Path("out/default")
    assert Count(programme="fr_2025").out_dir == Path("out/fr_2025")
    assert Count(out=Path("elsewhere")).out_dir == Path("elsewhere")


def test_a_bare_job_reads_nothing_and_cannot_run():
    job = Count()
    assert job.inputs() == ()
    assert job.state() == ""
    assert job.verify() is None
    with pytest.raises(NotImplementedError):
        job.run()


def test_a_result_is_one_json_object():
    result = Result(job="count", paths={"table": Path("a.parquet")}, counts={"rows": 3})
    assert json.loads(result.model_dump_json())["paths"] == {"table": "a.parquet"}
    assert result.passed
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Result(job="count", path="x")
