"""`relkit clean`: removes the features cached between commands, which are rebuilt when needed."""

from __future__ import annotations

from typing import ClassVar

from relkit.jobs.base import Job, Result
from relkit.progress import Progress, quiet


class CleanKept(Job):
    """Remove the features cached between commands; tables, scores, deliveries and reports stay."""

    command: ClassVar[str] = "clean"
    reads: ClassVar[str] = "tables"

    def run(self, progress: Progress = quiet) -> Result:  # noqa: ARG002  no progress to report
        """Remove the folder and report its size."""
        from relkit.tables.kept import FOLDER, forget

        size = forget(self.out_dir)
        sentence = f"Removed {self.out_dir / FOLDER}: {size / 1e6:,.1f} MB." if size else f"Nothing is kept in {self.out_dir / FOLDER}."
        return Result(job=self.command, counts={"bytes": size}, sentences=(sentence,))
