"""`relkit report NOTEBOOK`: runs a parameterised notebook and writes it as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from relkit.commands import command
from relkit.errors import ParameterError, RelkitError
from relkit.jobs.base import Job, Result
from relkit.progress import Progress, quiet
from relkit.texts import Text, in_language
from relkit.workplace import workplace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from relkit.periods import AsOf
    from relkit.reports.engine import Notebook
    from relkit.reports.failed_report import FailedReport, Failure
    from relkit.reports.site import Page
    from relkit.tables.table_set import TableSet

PAGE = {
    "programme": Text("Programme", "Programme"),
    "as_of": Text("Facts known up to", "Faits connus jusqu’au"),
    "made": Text(
        "Made with relkit {version} from the notebook {notebook}. Tables: {tables}.",
        "Produit par relkit {version} à partir du notebook {notebook}. Tables : {tables}.",
    ),
    "study": Text(
        "Made with relkit {version} from the notebook {notebook}.", "Produit par relkit {version} à partir du notebook {notebook}."
    ),
}
LANGUAGE = Text("English", "French")
ABSENT = {
    "tables": "the data have no {name} table",
    "features": "there is no features/{day}/{name}.parquet: its tables are absent, or {command} has not been run",
    "scores": "there is no score {name} as of {day}: no model gives it, or {command} has not been run",
}


def _as_word(value: Any) -> Any:
    """Return yes or no for the true or false that YAML makes of them."""
    return {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value


class WriteReport(Job):
    """Run a notebook with checked parameters, and write it as one self-contained HTML page."""

    command: ClassVar[str] = "report"
    reads: ClassVar[str] = "scores"

    notebook: str = Field(description="Name of a notebook in notebooks/, or the path of one.")
    as_of: str | None = Field(
        default=None, description="Day of the features and scores to show. Default: the last business day in the data."
    )
    language: Literal["en", "fr"] = Field(default="en", description="Language of the page.")
    parameters: dict[str, Any] = Field(default_factory=dict, description="Further parameters of the notebook, by name.")

    keep_failed: Annotated[Literal["yes", "no"], BeforeValidator(_as_word)] = Field(
        default="yes", description="Keep the part that ran of a report that fails, without tables, in reports/failed."
    )

    def inputs(self) -> tuple[Path, ...]:
        """Return the notebook and the outputs of earlier jobs; for a study, the notebook and the outputs of benchmarks."""
        from relkit.reports.engine import find_notebook

        if not self._notebook().is_of_a_day:
            return (find_notebook(self.notebook), workplace() / "out" / "benchmarks")
        folders = ("features", "scores") if self.as_of is None else (f"features/{self.as_of}", f"scores/{self.as_of}")
        newest = self.out_dir / "deliveries" / self.programme / "LATEST"
        return (
            find_notebook(self.notebook),
            self.out_dir / "tables" / "facts.json",
            *(self.out_dir / folder for folder in folders),
            *(() if self._notebook().shows_scores else (self.out_dir / "measurements",)),
            newest,
        )

    def verify(self) -> None:
        """Refuse a notebook that does not exist, and parameters that are unknown to it or of the wrong type."""
        from relkit.reports.engine import check_parameters

        notebook = self._notebook()
        if self.as_of is not None and not notebook.is_of_a_day:
            raise ParameterError(f"{notebook.name} is of no day.", where="as_of", remedy="Leave --as-of out.")
        for name in self.parameters:
            if name in type(self).model_fields:
                raise ParameterError(
                    f"{name} is a parameter of the job.", where="parameters", remedy=f"Give it as --{name.replace('_', '-')}."
                )
        check_parameters(notebook, self._given(notebook, self.as_of))

    def run(self, progress: Progress = quiet) -> Result:
        """Check, run in a kernel, write the page."""
        from relkit.tables.table_set import TableSet

        self.verify()
        notebook = self._notebook()
        if not notebook.is_of_a_day:
            return self._study(notebook, progress)
        tables = TableSet.open(self.out_dir / "tables")
        as_of = tables.as_of(self.as_of)
        built = self._built(as_of, progress) if notebook.shows_scores else ()
        if absent := self._absent(notebook, tables, as_of):
            return Result(job=self.command, skipped=f"{notebook.name}: {absent}.", sentences=built, details={"as_of": str(as_of)})
        folder = self.out_dir / "reports" / str(as_of)
        page = self._write(notebook, self._given(notebook, str(as_of)), folder, self._page(notebook, tables, as_of), progress)
        sentence = f"Wrote {notebook.name} as of {as_of}, in {LANGUAGE[self.language]}: {page}."
        details = {"as_of": str(as_of), "notebook": notebook.name, "language": self.language}
        return Result(
            job=self.command, paths={"page": page}, counts={"bytes": page.stat().st_size}, sentences=(*built, sentence), details=details
        )

    @classmethod
    def let_go(cls) -> None:
        """End the process from which kernels start."""
        from relkit.reports.kernels import close

        close()

    def _built(self, as_of: AsOf, progress: Progress) -> tuple[str, ...]:
        """Build the missing features and scores of a requested day; return sentences on what was built and what is lacking.

        Scores are made with the versions in use on that day: a model that learnt from later days would flatter the page.
        """
        from relkit.jobs.build_features import BuildFeatures
        from relkit.jobs.score_customers import ScoreCustomers

        if self.as_of is None:
            return ()
        common = {"programme": self.programme, "out": self.out_dir, "as_of": self.as_of}
        sentences: list[str] = []
        if not (self.out_dir / "features" / str(as_of) / "customers.parquet").is_file():
            BuildFeatures.parse(**common).run(progress)
            sentences.append(f"Built the features as of {as_of}.")
        scored = self.out_dir / "scores" / str(as_of)
        if not any((scored / name).is_file() for name in ("scores.parquet", "channel_credit.parquet")):
            sentences += self._scored(ScoreCustomers.parse(**common, hindsight=False), as_of, progress)
        return tuple(sentences)

    def _scored(self, job: Job, as_of: AsOf, progress: Progress) -> list[str]:
        """Make the scores of a day; return sentences on the models used, or on why there are none."""
        try:
            result = job.run(progress)
        except ParameterError as error:
            return [error.what]
        if result.skipped:
            return [result.skipped]
        return [f"Built the scores as of {as_of}, with the models in use then.", *result.sentences]

    def _notebook(self) -> Notebook:
        from relkit.reports.engine import find_notebook, read_notebook

        return read_notebook(find_notebook(self.notebook))

    def _given(self, notebook: Notebook, as_of: str | None) -> dict[str, Any]:
        """Return the parameters of the notebook: those it shares with the job, and the further ones, in the types of their defaults."""
        from relkit.reports.engine import as_declared

        own = {"programme": self.programme, "out": str(self.out_dir.resolve()), "as_of": as_of, "language": self.language}
        further = {name: as_declared(value, notebook.defaults.get(name)) for name, value in self.parameters.items()}
        return {**{name: value for name, value in own.items() if name in notebook.defaults}, **further}

    def _absent(self, notebook: Notebook, tables: TableSet, as_of: AsOf) -> str:
        """Return the first need of the notebook that is not met; empty if all are."""
        import polars as pl

        from relkit.families.bindings import absence

        path = self.out_dir / "scores" / str(as_of) / "scores.parquet"
        scores = set(pl.scan_parquet(path).select("score").unique().collect()["score"]) if path.is_file() else set()
        for need in notebook.needs:
            kind, _, name = need.partition("/")
            if kind == "family":
                if lacking := absence(name, tables):
                    return lacking
                continue
            found = {
                "tables": tables.has(name),
                "features": (self.out_dir / "features" / str(as_of) / f"{name}.parquet").is_file(),
                "scores": any(score.startswith(name) for score in scores) or path.with_name(f"{name}.parquet").is_file(),
            }
            if kind not in found:
                raise ParameterError.unknown("need", need, [f"{known}/..." for known in ("family", *found)], where=notebook.name)
            if not found[kind]:
                job = "features" if kind == "features" else "score"
                return ABSENT[kind].format(name=name, day=as_of, command=command(job, as_of=as_of))
        return ""

    def _study(self, notebook: Notebook, progress: Progress) -> Result:
        """Write a notebook that concerns no company and no day."""
        from relkit import __version__
        from relkit.reports.site import Page

        page = Page(language=self.language, footer=PAGE["study"][self.language].format(version=__version__, notebook=notebook.name))
        path = self._write(notebook, self._given(notebook, None), self.out_dir / "reports", page, progress)
        sentence = f"Wrote {notebook.name}, in {LANGUAGE[self.language]}: {path}."
        details = {"notebook": notebook.name, "language": self.language}
        return Result(job=self.command, paths={"page": path}, counts={"bytes": path.stat().st_size}, sentences=(sentence,), details=details)

    def _write(self, notebook: Notebook, given: dict[str, Any], folder: Path, page: Page, progress: Progress) -> Path:
        """Run the notebook in a temporary folder and write the page; papermill's files are removed, a failure is kept."""
        from relkit.reports.engine import run_notebook
        from relkit.scratch import scratch

        failed = self._failed(notebook, notebook.page_name(given))
        keep = failed.keep if self.keep_failed == "yes" else None
        with scratch() as temporary:
            book = run_notebook(notebook, given, temporary / "run.ipynb", progress=progress, keep=keep)
        progress("writing the page", 0.95)
        path = self._published(book, folder / f"{failed.place.name}.html", page, keep)
        failed.forget()
        return path

    def _published(self, book: Any, target: Path, page: Page, keep: Callable[[Failure], str] | None) -> Path:
        """Write the page of a notebook that ran; keep it if that fails."""
        from relkit.boundary import refusal
        from relkit.reports.failed_report import Failure
        from relkit.reports.site import write_page

        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            return write_page(book, target, page)
        except Exception as error:
            met = error if isinstance(error, RelkitError) else refusal(error, where=self.command)
            kept = keep(Failure(book=book, message=str(met))) if keep is not None else ""
            raise type(met)(met.what, where=met.where, remedy=" ".join(filter(None, (met.remedy, kept)))) from error

    def _failed(self, notebook: Notebook, name: str) -> FailedReport:
        """Return the place of the report if it fails."""
        from relkit.reports.failed_report import FOLDER, FailedReport
        from relkit.tables.ids_of_people import ids_among

        return FailedReport(
            folder=self.out_dir / "reports" / FOLDER,
            name=name,
            language=self.language,
            is_personal=notebook.is_of_a_day,
            ids_among=lambda words: ids_among(self.out_dir / "tables", words),
        )

    def _page(self, notebook: Notebook, tables: TableSet, as_of: AsOf) -> Page:
        from relkit import __version__
        from relkit.reports.site import Page
        from relkit.reports.summary_tables import day_in_words

        texts = in_language(PAGE, self.language)
        facts = [(texts["programme"], self.programme), (texts["as_of"], day_in_words(as_of.day, self.language))]
        footer = texts["made"].format(version=__version__, notebook=notebook.name, tables=tables.fingerprint()[:12])
        return Page(language=self.language, facts=facts, footer=footer)
