"""Material of the report on attribution: the credit that was scored, the versions behind it, experiments, and journeys read again.

company = AttributionMaterial.read()
company.attribution().headlines()
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from relkit.commands import DEFAULT_PROGRAMME, command, stay_at
from relkit.errors import ParameterError, TableError
from relkit.jobs.base import Job
from relkit.json_file import read_json
from relkit.units import LEVEL
from relkit.workplace import only_programme

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from relkit.jobs.credit_variants import CreditVariants
    from relkit.models.attribution.budget import BudgetScenario
    from relkit.models.attribution.channel_responses import ChannelResponses
    from relkit.periods import AsOf
    from relkit.remarks import Remark
    from relkit.reports.channel_attribution import ChannelAttribution, CreditModel
    from relkit.reports.channel_experiments import ChannelExperiments
    from relkit.reports.channel_journeys import ChannelJourneys
    from relkit.reports.channel_robustness import CreditRobustness
    from relkit.reports.channel_scenario import ChannelScenario
    from relkit.reports.remarks import RemarkList
    from relkit.reports.summary_tables import SummaryTable
    from relkit.tables.table_set import TableSet
    from relkit.tracking.registry import ModelVersion

TRANSITIONS = "transition_map"
"""Name of the figure of models that keep the transitions between channels."""
CURVE_POINTS, CURVE_REACH = 40, 1.3
"""Points of a drawn response, and its end as a multiple of the larger of the two spends shown."""


@dataclass(frozen=True, eq=False, kw_only=True)
class AttributionMaterial:
    """The output of earlier jobs on the credit of channels for one day.

    Attributes:
        programme: its id.
        folder: the output root.
        tables: the validated tables.
        as_of: the day.
        language: of the report.
        table: credit of channels of all models, as it was scored and is delivered.
        record: by model, the version behind it, how it read journeys, and what there was to credit.
    """

    programme: str
    folder: Path
    tables: TableSet
    as_of: AsOf
    language: str
    table: pl.DataFrame
    record: dict[str, dict[str, Any]]
    _loaded: dict[str, Any] = field(init=False, default_factory=dict, repr=False)

    @classmethod
    def read(
        cls, *, programme: str | None = None, out: str | Path | None = None, as_of: str | None = None, language: str = "en"
    ) -> AttributionMaterial:
        """Read the material; None means the only programme there is, the default output root, or the last business day in the data.

        Raises:
            ParameterError: there is no programme, there are several and none is named, or the named one does not exist.
            TableError: there are no validated tables, or no credit of channels of that day.
        """
        import polars as pl

        from relkit.scores.channel_credit import CHANNEL_CREDIT
        from relkit.tables.table_set import TableSet

        name = programme or (only_programme("scores") if out is None else DEFAULT_PROGRAMME)
        job = _Reading.parse(programme=name, out=out, as_of=as_of)
        job.must_be_there()
        stay_at(job.place())  # for the commands that later cells print
        tables = TableSet.open(job.out_dir / "tables")
        edge = tables.as_of(as_of)
        if programme is None:
            print(f"Programme {job.programme}, as of {edge}; from {job.out_dir.resolve()}")  # noqa: T201 a notebook states its inputs
        path = job.out_dir / "scores" / str(edge) / f"{CHANNEL_CREDIT}.parquet"
        if not path.is_file():
            remedy = f"Run {command('fit', 'attribution.all')} and {command('score')} first."
            raise TableError(f"there is no credit of channels as of {edge}.", where=str(path.parent), remedy=remedy)
        record = read_json(path.with_suffix(".json"), "models", remedy=f"Run {command('score')} again.")["models"]
        return cls(
            programme=job.programme,
            folder=job.out_dir,
            tables=tables,
            as_of=edge,
            language=language,
            table=pl.read_parquet(path),
            record=record,
        )

    @cached_property
    def models(self) -> tuple[CreditModel, ...]:
        """The models behind the credit, in the order of their role."""
        from relkit.models import catalogue
        from relkit.models.attribution.family import CHANNEL_CREDIT, TIMELINES
        from relkit.models.attribution.hazard_remarks import WITHOUT_BASELINE
        from relkit.reports.channel_attribution import CreditModel

        found, is_known = [], not any(remark.code in WITHOUT_BASELINE for remark in self._noticed)
        for name in (name for name in catalogue.models_of(CHANNEL_CREDIT) if name in self.record):
            settings = catalogue.settings_class(name)
            is_incremental, level = settings.reads is TIMELINES, float(self.record[name]["level"])
            label = settings.label[self.language]
            found.append(CreditModel(name, label, is_incremental=is_incremental, level=level, is_baseline_known=is_known))
        return tuple(found)

    def attribution(self, segment: str | None = None, period: str | None = None) -> ChannelAttribution:
        """Return the credit of a group with words for people.

        Args:
            segment: value of the attribute by which models were fitted; None for all.
            period: first day of a period, as 2025-06-01; None for all.

        Raises:
            ParameterError: no model has credit of that segment or period; the message lists those there are.
        """
        from relkit.reports.channel_attribution import ChannelAttribution

        group = self._group(segment, period)
        is_whole = segment is None and period is None
        credit, totals = (_of_group(frame, group) for frame in (self.table, self._totals))
        models = tuple(model for model in self.models if model.name in set(credit["model"]))
        return ChannelAttribution(
            models=models,
            credit=credit,
            totals=totals,
            experiments=self._experiments if is_whole else None,
            scenario=self._scenario if is_whole else None,
            lookback_days=None if self._is_grouped else float(self._reads_with["lookback_days"]),
            worth=str(self._reads_with["worth"]),
            currency=self.tables.facts.currency,
            language=self.language,
        )

    @cached_property
    def _reads_with(self) -> dict[str, Any]:
        """Settings with which the first model of journeys, or else the first model, read them."""
        found: dict[str, Any] = self.record[(self._of_journeys or self.models[0]).name]["reads_with"]
        return found

    @property
    def _is_grouped(self) -> bool:
        """True if paths were given as paths, without times."""
        return not self.tables.has("touchpoints")

    @cached_property
    def _totals(self) -> pl.DataFrame:
        import polars as pl

        rows = [{"model": name, **row} for name, record in self.record.items() for row in record["totals"]]
        text = {"segment": pl.String, "period": pl.String}
        return pl.DataFrame(rows, schema_overrides=text).with_columns(pl.col("period").str.to_date())

    def _group(self, segment: str | None, period: str | None) -> dict[str, Any]:
        """Return the values of both columns of a group, checked."""
        from datetime import date

        known = {name: sorted(str(value) for value in self.table[name].drop_nulls().unique()) for name in ("segment", "period")}
        for name, value in (("segment", segment), ("period", period)):
            if value is not None and str(value) not in known[name]:
                if not known[name]:
                    setting = {"segment": "by", "period": "period"}[name]
                    remedy = f"Fit with --settings.{setting}: {command('fit', 'attribution.all')} --settings.{setting} ..."
                    raise ParameterError(f"no model was fitted by {name}.", where=name, remedy=remedy)
                raise ParameterError.unknown(name, str(value), known[name], where=name)
        return {"segment": segment, "period": None if period is None else date.fromisoformat(str(period))}

    @cached_property
    def _experiments(self) -> ChannelExperiments:
        """The experiments next to the models: those declared, and measured draws that are experiments on a channel."""
        import polars as pl

        from relkit.features.channel_tests import channel_tests
        from relkit.jobs.measured_lifts import measured_lifts
        from relkit.reports.channel_experiments import ChannelExperiments

        measured = measured_lifts(self.folder, self.tables, self.as_of)
        found = pl.concat([channel_tests(self.tables, self.as_of), measured.tests])
        known = found.with_columns(pl.col("level").fill_null(LEVEL))
        tests = known.rename({"lift_test_id": "test_id", "channel_id": "channel", "incremental_conversions": "estimate"})
        return ChannelExperiments(
            tests=tests,
            credit=self._credit_in(tests),
            factors=self._factors(),
            partial=measured.partial,
            language=self.language,
        )

    def _factors(self) -> pl.DataFrame | None:
        """Return the factors by which experiments corrected the credit of a model; None if no model was calibrated."""
        import polars as pl

        found = (getattr(self.fitted(model.name), "factors", None) for model in self.models)
        factors: pl.DataFrame | None = next((frame for frame in found if frame is not None), None)
        return None if factors is None or factors.filter(pl.col("source") != "none").is_empty() else factors

    def _credit_in(self, tests: pl.DataFrame) -> pl.DataFrame:
        """Return test_id, model (for people), conversions: what each model credits to the channel of a test in its days."""
        import polars as pl

        schema = {"test_id": pl.String, "model": pl.String, "conversions": pl.Float64}
        if self._is_grouped:
            return pl.DataFrame(schema=schema)
        found = [(test["test_id"], *self._in_test(model, test)) for test in tests.iter_rows(named=True) for model in self.models]
        return pl.DataFrame(found, schema=schema, orient="row").drop_nulls("conversions")

    def _in_test(self, model: CreditModel, test: dict[str, Any]) -> tuple[str, float | None]:
        """Return the name and the credit of a model in the days of a test; of one that was calibrated to it, what it predicted before."""
        import polars as pl

        from relkit.reports.channel_experiments import uncalibrated

        compared: pl.DataFrame | None = getattr(self.fitted(model.name), "tests", None)
        if compared is not None and len(own := compared.filter(pl.col("lift_test_id") == test["test_id"])):
            return uncalibrated(model.label, self.language), float(own["predicted"][0])
        return model.label, self._variants(model.name).in_days(test["channel"], test["starts_on"], test["ends_on"])

    def _variants(self, model: str) -> CreditVariants:
        from relkit.jobs.credit_variants import CreditVariants

        return CreditVariants(self.fitted(model), self.tables)

    @cached_property
    def _scenario(self) -> ChannelScenario:
        """The budget scenario on weekly spend and weekly credit of the first model, with the reason if it is refused."""
        import polars as pl

        from relkit.errors import FitError
        from relkit.jobs.weekly_response import WeeklyResponse
        from relkit.models.attribution.budget import BudgetScenario
        from relkit.models.attribution.channel_responses import TABLE_SCHEMA
        from relkit.reports.channel_scenario import ChannelScenario

        first = self.models[0]
        if self._is_grouped or self.table["cost"].drop_nulls().is_empty():
            return ChannelScenario(
                responses=pl.DataFrame(schema=TABLE_SCHEMA), scenario=None, curves=pl.DataFrame(), language=self.language
            )
        weekly = WeeklyResponse(tables=self.tables, version=self._version(first.name), fitted=self.fitted(first.name))
        responses = weekly.responses()
        try:
            found = BudgetScenario.of(responses, level=first.level)
        except FitError:
            found = None
        return ChannelScenario(
            responses=responses.table,
            scenario=found,
            curves=_curves(responses, found),
            model=first.label,
            worth=str(self._reads_with["worth"]),
            currency=self.tables.facts.currency,
            language=self.language,
        )

    def experiments(self) -> ChannelExperiments:
        """Return the experiments next to what the models credit in the same days."""
        return self._experiments

    def scenario(self) -> ChannelScenario:
        """Return the budget scenario."""
        return self._scenario

    def robustness(self) -> CreditRobustness:
        """Return the shares by model, and by lookback and reuse of touches for the first model of journeys."""
        from relkit.jobs.credit_variants import no_variants
        from relkit.reports.channel_robustness import CreditRobustness

        model = self._of_journeys
        fixed = model is None or self._is_grouped
        return CreditRobustness(
            credit=self.attribution().labelled,
            variants=no_variants() if model is None or fixed else self._variants(model.name).by_setting(),
            model="" if model is None else model.label,
            language=self.language,
        )

    def journeys(self) -> ChannelJourneys:
        """Return the paths of journeys, and the transitions of a model that keeps them."""
        import polars as pl

        from relkit.reports.channel_journeys import ChannelJourneys

        model = self._of_journeys
        nothing = pl.DataFrame(schema={"channels": pl.List(pl.String), "conversions": pl.Float64, "nulls": pl.Float64})
        rows = nothing if model is None else self._variants(model.name).journeys()
        return ChannelJourneys(paths=rows, transitions=self._transitions(), language=self.language)

    @property
    def _of_journeys(self) -> CreditModel | None:
        """The first model that credits journeys; None if there is none."""
        return next((model for model in self.models if not model.is_incremental), None)

    def _transitions(self) -> pl.DataFrame | None:
        """Return the transitions of the model that draws them; None if it was not fitted, or its states are several touches."""
        from relkit.models import catalogue

        drawing = (name for name in self.record if TRANSITIONS in catalogue.settings_class(name).figures)
        chain = next((self.fitted(name) for name in drawing), None)
        return None if chain is None or chain.order != 1 else chain.transitions

    def remarks(self) -> RemarkList:
        """Return the remarks that affect how the credit is to be read, without that on conversions without a touch, which is a headline."""
        from relkit.models.attribution.credit_remarks import UNTOUCHED
        from relkit.reports.remarks import RemarkList
        from relkit.scores.channel_credit import CHANNEL_CREDIT

        own = (r for r in self._noticed if (not r.about or CHANNEL_CREDIT in r.about) and r.code != UNTOUCHED)
        return RemarkList(tuple(own), self.language)

    @cached_property
    def _noticed(self) -> tuple[Remark, ...]:
        """All remarks of the scoring of the day."""
        from relkit.jobs.deliver_files import remarks_of

        return tuple(remarks_of(self.folder, str(self.as_of)))

    def model_card(self) -> SummaryTable:
        """Return the versions behind the page."""
        from relkit.reports.model_card import model_card
        from relkit.scores.channel_credit import CHANNEL_CREDIT

        entries = {
            f"{CHANNEL_CREDIT}:{name}": {**record, "model": name, "metrics": {name: record["metric"]} if record["metric"] else {}}
            for name, record in self.record.items()
        }
        return model_card(entries, "attribution", language=self.language)

    def fitted(self, model: str) -> Any:
        """Return the fitted model whose version made the credit."""
        from relkit.tracking import registry

        if model not in self._loaded:
            self._loaded[model] = registry.load(self._version(model))
        return self._loaded[model]

    def _version(self, model: str) -> ModelVersion:
        """Return the version that made the credit.

        Raises:
            ParameterError: the version is no longer registered.
        """
        from relkit.tracking import registry

        used = self.record[model]
        for version in registry.versions():
            if (version.name, version.version) == (used["registered"], used["version"]):
                return version
        remedy = f"Run {command('fit', model)} and {command('score')} again."
        raise ParameterError(f"version {used['version']} of {model} is no longer registered.", where="report", remedy=remedy)


class _Reading(Job):
    """The job whose parameters a notebook takes."""

    command: ClassVar[str] = "report"
    reads: ClassVar[str] = "scores"

    as_of: str | None = None


def _curves(responses: ChannelResponses, scenario: BudgetScenario | None) -> pl.DataFrame:
    """Return channel, spend, value along the fitted responses, from nothing to somewhat beyond both points."""
    import polars as pl

    rows = [] if scenario is None else list(scenario.channels.select("channel", "spend", "best_spend").iter_rows())
    points = [(name, CURVE_REACH * max(spends) * at / CURVE_POINTS) for name, *spends in rows for at in range(CURVE_POINTS + 1)]
    values = [(name, spend, responses.responses[name].at(spend)) for name, spend in points]
    return pl.DataFrame(values, schema={"channel": pl.String, "spend": pl.Float64, "value": pl.Float64}, orient="row")


def _of_group(frame: pl.DataFrame, group: dict[str, Any]) -> pl.DataFrame:
    """Return the rows of a group without its columns."""
    import polars as pl

    kept = [pl.col(name).is_null() if value is None else pl.col(name) == value for name, value in group.items()]
    return frame.filter(*kept).drop(*group)
