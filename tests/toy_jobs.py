"""Three small jobs that stand in for the real ones in the tests of running jobs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from relkit.errors import FitError, ParameterError, PeriodError, TableError
from relkit.jobs import CommandSpec
from relkit.jobs.base import Job, Result
from relkit.progress import Progress, quiet


class Panic(BaseException):
    """Stands in for the panic of a compiled library, which is no Exception."""


class Check(Job):
    """Copies a number."""

    command: ClassVar[str] = "check"

    data: Path = Field(description="A file with a number.")
    as_of: str | None = Field(default=None, description="A date.")

    def inputs(self) -> tuple[Path, ...]:
        return (self.data,)

    def run(self, progress: Progress = quiet) -> Result:
        if self.data.suffix == ".odd":
            sentences = ("Read it.", "It is odd.")
            return Result(job="check", passed=False, sentences=sentences, details={"refusals": sentences[1:]}, warnings=("It is a toy.",))
        if not self.data.exists():
            raise TableError("there is no such file.", where=str(self.data))
        progress("copying", 0.5)
        target = self.out_dir / "number.txt"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(self.data.read_text())
        return Result(
            job="check", counts={"copies": 1}, paths={"number": target}, sentences=("Copied a number.",), warnings=("It is a toy.",)
        )


class Double(Job):
    """Doubles the number, or not."""

    command: ClassVar[str] = "double"

    times: int = Field(default=2, gt=0, description="Factor.")
    mode: str = Field(default="work", description="What to do: work, skip, refuse, fail, crash, bug, panic, denied, period or invalid.")
    settings: dict[str, Any] = Field(default_factory=dict, description="Anything by name.")

    def verify(self) -> None:
        if self.mode == "invalid":
            raise ParameterError("mode is invalid.", where="mode")

    def inputs(self) -> tuple[Path, ...]:
        return (self.out_dir / "number.txt",)

    def run(self, progress: Progress = quiet) -> Result:
        progress("doubling")
        if self.mode == "skip":
            return Result(job="double", skipped="There is nothing to double.")
        if self.mode == "refuse":
            return Result(job="double", passed=False, sentences=("The number is odd.",))
        if self.mode == "fail":
            raise FitError("it does not fit.", where="double")
        if self.mode == "bug":
            raise ZeroDivisionError("division by zero\nat a place")
        if self.mode == "panic":
            raise Panic("out-of-range date")
        if self.mode == "denied":
            raise PermissionError(13, "Permission denied", str(self.out_dir))
        if self.mode == "period":
            raise PeriodError("nothing is known then.", where="as_of")
        if self.mode == "crash":
            raise OSError("no space left")
        target = self.out_dir / "doubled.txt"
        target.write_text(str(int((self.out_dir / "number.txt").read_text()) * self.times))
        print("noise of a library")  # noqa: T201
        return Result(job="double", paths={"doubled": target}, parameters={"times": self.times, "share": 0.25}, log_likelihood=-1.5)


COMMANDS = {
    "check": CommandSpec(__name__, "Check", "Copy a number.", ("data",)),
    "double": CommandSpec(__name__, "Double", "Double the number."),
    "double twice": CommandSpec(__name__, "Double", "Double it again.", ("times",)),
    "run": CommandSpec("relkit.running", "RunPipeline", "Run a pipeline.", ("pipeline",)),
}
