"""`relkit clean`: removes what is kept between commands, which is made again when it is needed."""

from __future__ import annotations

from typing import ClassVar

from relkit.jobs.base import Job, Result
from relkit.progress import Progress, quiet


class CleanKept(Job):
    """Remove the features that are kept between commands; tables, scores, deliveries and reports stay."""

    command: ClassVar[str] = "clean"
    reads: ClassVar[str] = "tables"

    def run(self, progress: Progress = quiet) -> Result:  # noqa: ARG002  nothing to tell on the way
        """Remove the folder and say how much it held."""
        from relkit.tables.kept import FOLDER, forget

        size = forget(self.out_dir)
        said = f"Removed {self.out_dir / FOLDER}: {size / 1e6:,.1f} MB." if size else f"Nothing is kept in {self.out_dir / FOLDER}."
        return Result(job=self.command, counts={"bytes": size}, sentences=(said,))
