"""Cases of parameters: values of every kind for the fields of every job, by `--set` and by flags."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from fuzz.documents import text_of
from fuzz.oracle import faults
from fuzz.prepared import at_a_shop, in_a_shop
from fuzz.run import run
from relkit.jobs import COMMANDS
from relkit.running import NO_STEPS, job_class

if TYPE_CHECKING:
    from pathlib import Path

    from relkit.jobs.base import Job

WORDS = (
    *("", " ", "0", "1", "-1", "1e400", "-1e400", "nan", "inf", "-inf", "1e-400", "0.5", "1.5", "9" * 23, "9" * 5000, "1_000", "0x10", "٣"),
    *(
        "10000000",
        "1000000000",
        "2147483648",
        "9223372036854775808",
        "true",
        "no",
        "None",
        "null",
        "[]",
        "{}",
        "[1",
        '{"a": 1}',
        "a,b",
        ",",
        "=",
    ),
    *(
        "2024-01-31",
        "2024-13-45",
        "9999-12-31",
        "0001-01-01",
        "0001-01-01T00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2024-01-31T10:00:00+99:99",
    ),
    *("2024-W05-3", "20240131", "2024-01-31 10:00", "31/01/2024", "-2024-01-01", "99999-01-01", "2024-01-31T24:00", "today", "2024-02-30"),
    *(
        "\x00",
        "\x1b[2J",
        "😀",
        "é",
        "../..",
        "/",
        "/dev/null",
        "/dev/full",
        "/nowhere/at/all",
        "~",
        "a" * 5000,
        "a" * 300,
        "%s",
        "{x}",
        "\n",
        "\u2028",
    ),
    *(
        "en",
        "fr",
        "lifetime_value.bg_nbd",
        "survival.cox",
        "lifetime_value.auto",
        "os.system",
        "sqlite:////nowhere/x.db",
        "postgresql://u:p@h/d",
    ),
)
"""Values that a person may type, or a script that went wrong."""


KEPT = ("out", "programme")
"""Fields that say where results go, which stays a folder of the case."""


def _jobs() -> dict[str, type[Job]]:
    return {name: job_class(name) for name in COMMANDS if name not in NO_STEPS}


def case(seed: int, folder: Path) -> list[str]:
    """Run one command with strange parameters; return the faults."""
    rng = Random(f"settings {seed}")
    words = _pipeline(folder, rng) if rng.random() < 0.6 else _flags(folder, rng)
    return list(faults(run(words, folder / "out")))


def _pipeline(folder: Path, rng: Random) -> list[str]:
    """Return `relkit run` of a pipeline with one to four values set."""
    jobs = _jobs()
    cheap = rng.random() < 0.4
    names = ["check", "features"] if cheap else [name for name in jobs if " " not in name]
    steps = [{name: _needed(name)} if _needed(name) else name for name in names]
    (folder / "pipeline.yaml").write_text(text_of({"name": "trial", "steps": steps}), "utf-8")
    data = at_a_shop(folder)
    words = ["run", str(folder / "pipeline.yaml"), "--data", str(data if cheap else folder / "nowhere"), "--out", str(folder / "out")]
    for _ in range(rng.randint(1, 4)):
        name = rng.choice(names)
        field = rng.choice([f for f in (*jobs[name].model_fields, "nothing", "") if f not in KEPT])
        words += ["--set", f"{name}.{field}={rng.choice(WORDS)}" if rng.random() < 0.9 else rng.choice(WORDS)]
    return words


def _needed(name: str) -> dict[str, str]:
    usual = {"model": "lifetime_value.bg_nbd", "notebook": "segment_churn_risk", "product": "p1", "version": "1", "action": "a1"}
    fields = job_class(name).model_fields
    return {field: usual[field] for field in fields if field in usual and fields[field].is_required()}


CHEAP = ("check", "features", "rank", "similar", "rules", "budget", "clean", "measure", "deliver", "score")
"""Commands that end soon at a shop of sixty lines; the others are set in pipelines."""


def _flags(folder: Path, rng: Random) -> list[str]:
    """Return a command with one or two flags set, on a shop that has tables and features."""
    name = rng.choice(CHEAP)
    job, spec = job_class(name), COMMANDS[name]
    out = in_a_shop(folder)
    words = [name]
    words += [_positional(name, field, folder, rng) for field in spec.positional]
    words += ["--out", str(out)]
    free = [f for f in job.model_fields if f not in {*KEPT, *spec.positional}]
    for field in rng.sample(free, k=min(len(free), rng.randint(1, 2))):
        flag = (job.model_fields[field].alias or field).replace("_", "-")
        words += [f"--{flag}", rng.choice(WORDS)]
    return words


def _positional(name: str, field: str, folder: Path, rng: Random) -> str:
    if field == "data" and rng.random() < 0.8:
        return str(at_a_shop(folder))
    return rng.choice([_needed(name).get(field, "x"), *WORDS])
