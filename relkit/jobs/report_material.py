"""Material of a report: the output of earlier jobs for one day, and the models behind the scores."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

from relkit.commands import DEFAULT_PROGRAMME, command, stay_at
from relkit.errors import FitError, ParameterError, TableError
from relkit.jobs.base import Job
from relkit.jobs.holdouts import HeldOut, Known
from relkit.jobs.trials import Tried
from relkit.texts import Text
from relkit.workplace import only_programme

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from relkit.models.lifetime_value.order_calibration import OrderCalibration
    from relkit.periods import AsOf, DrawnHoldout, Holdout
    from relkit.reports.model_choice import ModelChoice
    from relkit.reports.remarks import RemarkList
    from relkit.reports.retention_calls import RetentionCalls
    from relkit.score_kinds import Score, ScoreKind
    from relkit.scores.expected_margin import Ahead
    from relkit.scores.retention_offer import RetentionOffer
    from relkit.tables.table_set import TableSet
    from relkit.tracking.registry import ModelVersion


@dataclass(frozen=True, eq=False, kw_only=True)
class ReportMaterial:
    """The output of earlier jobs for one day.

    Attributes:
        programme: its id.
        folder: the output root.
        tables: the validated tables.
        as_of: the day.
        language: of the report.
        people: the scored customer file, full view, one row per customer, with the other columns of the customer table.
        models: by score, the entry of models.json on the model behind it.
    """

    programme: str
    folder: Path
    tables: TableSet
    as_of: AsOf
    language: str
    people: pl.DataFrame
    models: dict[str, dict[str, Any]]
    _trials: dict[str, Tried | None] = field(init=False, default_factory=dict, repr=False)

    @classmethod
    def read(
        cls, *, programme: str | None = None, out: str | Path | None = None, as_of: str | None = None, language: str = "en"
    ) -> ReportMaterial:
        """Read the material; None means the only programme there is, the default output root, or the last business day in the data.

        Raises:
            ParameterError: there is no programme, there are several and none is named, or the named one does not exist.
            TableError: tables or features of that day do not exist, or an earlier version of relkit made its scores.
        """
        from relkit.jobs.scored_people import scored_people
        from relkit.scores.kept_scores import read_models, records_of
        from relkit.tables.table_set import TableSet

        job = _Reading.parse(programme=programme or _only(out), out=out, as_of=as_of)
        job.must_be_there()
        stay_at(job.place())  # for the commands that later cells print
        folder = job.out_dir
        tables = TableSet.open(folder / "tables")
        edge = tables.as_of(as_of)
        people = scored_people(folder, programme=job.programme, edge=edge, currency=tables.facts.currency)
        models = read_models(folder / "scores" / str(edge))
        records_of(models, where=str(folder / "scores" / str(edge)))
        if programme is None:
            print(f"Programme {job.programme}, as of {edge}; from {folder.resolve()}")  # noqa: T201 a notebook states its inputs
        return cls(programme=job.programme, folder=folder, tables=tables, as_of=edge, language=language, people=people, models=models)

    @property
    def currency(self) -> str:
        """ISO code of money."""
        return self.tables.facts.currency

    @property
    def scores(self) -> tuple[Score, ...]:
        """The scores that were made."""
        from relkit.scores.kept_scores import records_of

        return tuple(records_of(self.models).values())

    def remarks(self, *kinds: ScoreKind) -> RemarkList:
        """Return the remarks that affect how the page is to be read.

        Args:
            kinds: kinds of the page's scores; by default all. Remarks that concern no particular score are always shown.
        """
        from relkit.jobs.deliver_files import remarks_of
        from relkit.reports.remarks import RemarkList

        noticed = remarks_of(self.folder, str(self.as_of))
        names = {str(score) for score in self._of(*kinds)}
        shown = tuple(r for r in noticed if not (kinds and r.about) or names & set(r.about))
        return RemarkList(shown, self.language)

    def remarks_on_contracts(self) -> RemarkList:
        """Return the remarks on contracts, and the general ones."""
        from relkit.models.survival.family import CHURN_PROBABILITY
        from relkit.scores import expected_margin, remaining_life, retention_offer

        return self.remarks(
            CHURN_PROBABILITY,
            remaining_life.EXPECTED_REMAINING_MONTHS,
            expected_margin.CONTRACT_RESIDUAL_VALUE,
            *retention_offer.KINDS,
        )

    def _of(self, *kinds: ScoreKind) -> list[Score]:
        """Return the available scores of some kinds, the nearest horizon first and those without end last."""
        found = [score for score in self.scores if any(kind.includes(score) for kind in kinds)]
        return sorted(found, key=lambda score: (score.days is None, score.days or 0, str(score)))

    def _models_of(self, kind: ScoreKind) -> list[str]:
        """Return the models behind the scores of a kind, as the score table names them."""
        return [str(self.models[str(score)]["model"]) for score in self._of(kind)]

    def spells(self) -> pl.DataFrame:
        """Return the spells of contracts, each customer's main running contract before the others."""
        import polars as pl

        from relkit.features.spells import main_contracts

        spells = pl.read_parquet(self.folder / "features" / str(self.as_of) / "spells.parquet")
        main = main_contracts(spells).select("contract_id", is_main=pl.lit(value=True))
        joined = spells.join(main, on="contract_id", how="left", maintain_order="left")
        return joined.sort("is_main", descending=True, nulls_last=True, maintain_order=True).drop("is_main")

    def churn(self) -> tuple[pl.DataFrame, int]:
        """Return customer_id and probability of those under contract, and the horizon in days (the nearest of several).

        Raises:
            TableError: there is no such score.
        """
        import polars as pl

        from relkit.models.survival.family import CHURN_PROBABILITY

        shown = [score for score in self._of(CHURN_PROBABILITY) if not score.reason and str(score) in self.people.columns]
        if not shown:
            remedy = f"Run {command('fit', 'survival.cox')} and {command('score')} first."
            raise TableError("there is no score of churn.", where="scores", remedy=remedy)
        return self.people.select("customer_id", probability=pl.col(str(shown[0]))).drop_nulls(), shown[0].days or 0

    def retention_calls(self, offer: RetentionOffer | None = None) -> RetentionCalls:
        """Return the value of an offer for each holder of a contract with a score, and the reasons for each risk.

        Args:
            offer: by default the one declared when scores were made, or else the default assumptions.
        """
        import polars as pl

        from relkit.jobs.declared_offer import SCORE, kept_offer
        from relkit.jobs.valued_offers import ValuedOffer
        from relkit.reports.contactability import Contactability
        from relkit.reports.retention_calls import RetentionCalls
        from relkit.scores.retention_offer import NOT_CALLED, RetentionOffer, to_be_called

        risk, _ = self.churn()
        why = _reasons(self.folder, self.as_of)
        kept, rate = kept_offer(self.models)
        used, model = offer or kept or RetentionOffer(), self._model_of_contracts()
        valued = ValuedOffer(
            offer=used,
            margin_rate=rate,
            ahead=self._ahead(),
            model=model,
            fitted=self.fitted(model),
            tables=self.tables,
            as_of=self.as_of,
        )
        offers = valued.offers(risk)
        return RetentionCalls(
            offers=None if offers is None else to_be_called(offers),
            barred=None if offers is None else offers.filter(pl.col(NOT_CALLED).is_not_null()),
            contact=Contactability.of(self.people.join(risk, on="customer_id", how="semi"), language=self.language, who="under_contract"),
            why=None if why is None else why.join(risk, on="customer_id", how="semi"),
            risk=risk,
            offer=used,
            currency=self.currency,
            language=self.language,
            declared=() if offer or not kept else tuple(self.models[SCORE]["offer_declared"]),
            held_out=None if offers is None else valued.held_out(offers, self.trial(model)),
        )

    def _model_of_contracts(self) -> str:
        """Return the model behind the declared offer, else the one behind the risk."""
        from relkit.jobs.declared_offer import SCORE
        from relkit.models.survival.family import CHURN_PROBABILITY

        return str(self.models[SCORE]["model"]) if SCORE in self.models else self._models_of(CHURN_PROBABILITY)[0]

    def _ahead(self) -> Ahead:
        """Return the horizon and discount of margin in the scores; the defaults if they count none."""
        from relkit.jobs.declared_offer import SCORE
        from relkit.scores.expected_margin import FUTURE_MARGIN, Ahead

        if "horizon_months" in (kept := self.models.get(SCORE, {})):
            return Ahead(int(kept["horizon_months"]), float(kept["annual_discount_rate"]))
        nearest = next((score for score in self._of(FUTURE_MARGIN) if score.horizon is not None), None)
        return Ahead() if nearest is None else Ahead(nearest.horizon, float(self.models[str(nearest)]["annual_discount_rate"]))

    def fitted(self, model: str) -> Any:
        """Return the fitted model whose version made the scores; the champion if it made none.

        Raises:
            ParameterError: no such version is registered.
        """
        from relkit.tracking import registry

        return registry.load(self._version(model))

    def registered(self, model: str) -> dict[str, Any]:
        """Return the facts of a model's version as models.json has them, for a model that makes no score; see `fitted`."""
        version = self._version(model)
        judged = {"name": version.metric or "", "value": version.metric_value, "holdout": version.holdout}
        return {"model": model, "version": version.version, "trained_as_of": str(version.as_of), "metrics": {model: judged}}

    def model_choice(self, model: str) -> ModelChoice:
        """Return the comparison by which a model behind the scores was chosen; it shows nothing if there was none."""
        from relkit.reports.model_choice import FRAMES, ModelChoice
        from relkit.tracking import registry

        version = self._version(model)
        return ModelChoice(model=model, kept={name: registry.kept_frame(version, name) for name in FRAMES}, language=self.language)

    def kept_frame(self, model: str, name: str) -> pl.DataFrame | None:
        """Return a frame kept with the version of a model that made the scores; None if it is not kept."""
        from relkit.tracking import registry

        return registry.kept_frame(self._version(model), name)

    def _version(self, model: str) -> ModelVersion:
        """Return the version that made the scores; the champion if it made none."""
        from relkit.tracking import registry

        used = {
            name: number
            for entry in self.models.values()
            for name, number in zip(*(str(entry[k]).split("+") for k in ("model", "version")), strict=True)
        }
        for version in registry.versions(registry.registered_name(model, self.programme)):
            if version.version == used.get(model) or (model not in used and version.is_champion):
                return version
        raise ParameterError(f"{model} has no version to show.", where="report", remedy=f"Run {command('fit', model)} first.")

    def scorer(self, family: str) -> str:
        """Return the model of a family that made the scores; the first of several in alphabetical order.

        Raises:
            ParameterError: none did.
        """
        names = sorted({name for entry in self.models.values() for name in entry["model"].split("+") if name.startswith(f"{family}.")})
        if not names:
            raise ParameterError(
                f"no model of the family {family} made a score.",
                where="report",
                remedy=f"Run {command('fit', f'{family}.auto')} and {command('score')} first.",
            )
        return str(names[0])

    @property
    def orders_model(self) -> str:
        """The model behind the scores of orders.

        Raises:
            ParameterError: none did.
        """
        from relkit.models.lifetime_value.family import EXPECTED_ORDERS

        names = self._models_of(EXPECTED_ORDERS)
        if not names:
            remedy = f"Run {command('fit', 'lifetime_value.auto')} and {command('score')} first."
            raise ParameterError("no model made a score of orders.", where="report", remedy=remedy)
        return names[0]

    @property
    def value_families(self) -> tuple[str, ...]:
        """The families of the models behind orders and margin ahead, for `model_card`, including that of contracts if it has a part."""
        from relkit.scores.expected_margin import FUTURE_MARGIN

        behind = [self.orders_model, *self._models_of(FUTURE_MARGIN)]
        return tuple(sorted({name.partition(".")[0] for names in behind for name in names.split("+")}))

    def has_model(self, model: str) -> bool:
        """Return whether a model made one of the scores."""
        return any(model in entry["model"].split("+") for entry in self.models.values())

    def hazard_ratios(self, model: str) -> Any:
        """Return the hazard ratios of a regression, or None if it made no score or all its covariates bend."""
        from relkit.models.survival.diagnostics import hazard_ratios

        ratios = hazard_ratios(self.fitted(model)) if self.has_model(model) else None
        return replace(ratios, terms=self._named(ratios.terms)) if ratios is not None and ratios.terms else None

    def _named(self, terms: tuple[str, ...]) -> tuple[str, ...]:
        """Return terms with the names that the mapping gives to their attributes; a term is `attribute` or `attribute=level`."""
        names, colon = self.declared_names(), Text(": ", " : ")[self.language]
        parts = [(term, *term.partition("=")) for term in terms]
        return tuple(f"{names[name]}{colon if is_level else ''}{level}" if name in names else term for term, name, is_level, level in parts)

    def customers(self) -> pl.DataFrame:
        """Return the customer table of the day."""
        import polars as pl

        return pl.read_parquet(self.folder / "features" / str(self.as_of) / "customers.parquet")

    def declared_names(self) -> dict[str, str]:
        """Return the names that the mapping gives to attributes, in the language of the report."""
        label = f"label_{self.language}"
        return {name: str(entry[label]) for name, entry in self.tables.facts.attributes.items() if entry.get(label)}

    def regression(self, model: str) -> tuple[Any, pl.DataFrame | None]:
        """Return a regression behind the scores and the rows it was fitted to; None for both if it made no score."""
        return (self.fitted(model), self.trained_on(model)) if self.has_model(model) else (None, None)

    def trained_on(self, model: str) -> pl.DataFrame:
        """Return the rows that the version behind the scores was fitted to: the features as of its instant, computed again."""
        from relkit.families.bindings import inputs_of, reads_with
        from relkit.models.base import edge_of
        from relkit.models.covariate_declaration import must_be_known, with_known_numbers

        fitted = self.fitted(model)
        inputs = inputs_of(model, self.tables, reads_with(fitted))
        features = inputs.to_learn(inputs.features(self.tables, edge_of(fitted.info, self.tables.facts.business_zone)))
        return with_known_numbers(features, must_be_known(fitted.settings))[0]

    def look_back(self, model: str) -> dict[str, Any]:
        """Return plots of what the model would have forecast for its holdout, against the outcomes; see `trial`."""
        return self.figures(self.trial(model))

    def order_calibration(self) -> OrderCalibration | None:
        """Return the calibration of the order probability learnt from a holdout; None if there was none."""
        found: OrderCalibration | None = self.fitted(self.orders_model).order_calibration
        return found

    def trial(self, model: str) -> Tried | None:
        """Return the model fitted without the days on which its version was judged, and the outcomes in them.

        The same settings are fitted to what was known before that holdout, once for all callers. None if the version was
        not judged, or there is too little before the holdout.
        """
        if model not in self._trials:
            self._trials[model] = self._tried(model)
        return self._trials[model]

    def _tried(self, model: str) -> Tried | None:
        from relkit.families.bindings import inputs_of, reads_with
        from relkit.models.covariate_declaration import must_be_known, with_known_numbers

        split = self._split(model)
        if split is None:
            return None
        fitted = self.fitted(model)
        settings = fitted.settings
        held = HeldOut.of(inputs_of(model, self.tables, reads_with(fitted)), Known(self.tables), split)
        learnt, judged = (with_known_numbers(rows, must_be_known(settings))[0] for rows in (held.before, held.judged))
        try:
            return Tried.of(settings, held, learnt=learnt, judged=judged)
        except FitError:
            return None

    def figures(self, trial: Tried | None) -> dict[str, Any]:
        """Return the plots of a trial, by name; empty if there was no trial."""
        from relkit.families.bindings import inputs_of

        if trial is None:
            return {}
        purchases = inputs_of(trial.fitted.name, self.tables).past(self.tables, trial.split.end)
        return trial.figures(purchases, currency=self.currency, language=self.language)

    def _split(self, model: str) -> Holdout | DrawnHoldout | None:
        from relkit.periods import read_holdout

        metrics = [entry["metrics"][model] for entry in self.models.values() if model in entry.get("metrics", {})]
        return read_holdout(metrics[0].get("holdout") or "", zone=self.tables.facts.business_zone) if metrics else None


class _Reading(Job):
    """The job whose parameters a notebook takes."""

    command: ClassVar[str] = "report"
    reads: ClassVar[str] = "scores"

    as_of: str | None = None


def _only(out: str | Path | None) -> str:
    """Return the programme of a notebook that names none."""
    return only_programme("scores") if out is None else DEFAULT_PROGRAMME


def _reasons(folder: Path, edge: AsOf) -> pl.DataFrame | None:
    import polars as pl

    path = folder / "scores" / str(edge) / "reasons.parquet"
    return pl.read_parquet(path) if path.is_file() else None
