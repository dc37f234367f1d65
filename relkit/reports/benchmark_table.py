"""Table of a benchmark, as JSON: that of this machine if there is one, else the one published with the code."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from relkit.errors import TableError
from relkit.workplace import workplace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from relkit.texts import Text

FOLDER = Path("out") / "benchmarks"
DOCS = Path(__file__).resolve().parents[2] / "docs"


@dataclass(frozen=True, kw_only=True)
class BenchmarkTable:
    """The places of a table, and its format.

    Attributes:
        name: of the file.
        command: that makes it.
        is_known: whether a table read has the format that the caller knows.

    Examples:
        >>> BenchmarkTable(name="telco_churn.json", command="make bench", is_known=bool).own_run.as_posix()
        'out/benchmarks/telco_churn.json'
    """

    name: str
    command: str
    is_known: Callable[[Any], Any]

    @property
    def own_run(self) -> Path:
        """The file that the benchmark writes, below the working directory."""
        return FOLDER / self.name

    @property
    def published(self) -> Path:
        """The file that comes with the code."""
        return DOCS / self.name

    def read(self, table: str | None) -> dict[str, Any] | None:
        """Return the table; None if there is no file.

        Args:
            table: the file; None for that of this machine, or the published one.

        Raises:
            TableError: the file is not such a table.
        """
        places = (workplace() / self.own_run, self.published) if table is None else (Path(table),)
        path = next((path for path in places if path.is_file()), None)
        return None if path is None else self._checked(path)

    def _checked(self, path: Path) -> dict[str, Any]:
        remedy = f"Run {self.command} to make one."
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            known = self.is_known(found)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise TableError("this is not a table of a benchmark.", where=str(path), remedy=remedy) from error
        if not known:
            raise TableError("this table has another format.", where=str(path), remedy=remedy)
        return dict(found)


@dataclass(frozen=True, eq=False, kw_only=True)
class BenchmarkStudy:
    """Base of the studies: the table of a benchmark, in the words of one language.

    Attributes:
        found: as the benchmark wrote it; None if it has not been run.
        language: en or fr.
    """

    source: ClassVar[BenchmarkTable]
    texts: ClassVar[Mapping[str, Text]]

    found: Mapping[str, Any] | None
    language: str

    @classmethod
    def read(cls, table: str | None, *, language: str) -> Self:
        """Read the table of a benchmark.

        Args:
            table: the file; None for that of this machine, or the published one.
            language: en or fr.

        Raises:
            TableError: the file is not such a table.
        """
        return cls(found=cls.source.read(table), language=language)

    def _say(self, key: str, **values: str) -> str:
        return self.texts[key][self.language].format(**values)
