"""What a report reads: everything that earlier jobs left for one day, and the models behind the scores."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

from relkit.commands import DEFAULT_PROGRAMME, command, stay_at
from relkit.errors import FitError, ParameterError, TableError
from relkit.jobs.base import Job
from relkit.texts import Text
from relkit.workplace import only_programme

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from relkit.models.lifetime_value.order_calibration import OrderCalibration
    from relkit.models.survival.profit_of_risk import HeldOutProfit
    from relkit.periods import AsOf, DrawnHoldout, Holdout
    from relkit.reports.model_choice import ModelChoice
    from relkit.reports.remarks import RemarkList
    from relkit.reports.retention_calls import RetentionCalls
    from relkit.scores.expected_margin import Ahead
    from relkit.scores.retention_offer import RetentionOffer
    from relkit.tables.table_set import TableSet
    from relkit.tracking.registry import ModelVersion

OF_CONTRACTS = ("churn_probability_", "expected_remaining_months", "contract_residual_value_", "retention_")
"""How the names of the scores of contracts begin."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Trial:
    """A model as it would have been without its holdout, and what happened in it.

    Attributes:
        split: where the holdout begins and ends.
        fitted: what was known before it taught it.
        judged: features as of its beginning, one row a customer.
        learnt: what it was fitted to.
        outcomes: what happened to those judged.
        purchases: all that was bought up to its end; None where the family has no such thing.
    """

    split: Holdout | DrawnHoldout
    fitted: Any
    judged: pl.DataFrame
    learnt: pl.DataFrame
    outcomes: pl.DataFrame
    purchases: pl.DataFrame | None


@dataclass(frozen=True, eq=False, kw_only=True)
class ReportMaterial:
    """What earlier jobs left for one day.

    Attributes:
        programme: its id.
        folder: the output root.
        tables: the validated tables.
        as_of: the day.
        language: of the report.
        people: the scored customer file, full view, one row a customer, with what it leaves out of the customer table.
        models: by score, what models.json says of the model behind it.
    """

    programme: str
    folder: Path
    tables: TableSet
    as_of: AsOf
    language: str
    people: pl.DataFrame
    models: dict[str, dict[str, Any]]
    _trials: dict[str, Trial | None] = field(init=False, default_factory=dict, repr=False)

    @classmethod
    def read(
        cls, *, programme: str | None = None, out: str | Path | None = None, as_of: str | None = None, language: str = "en"
    ) -> ReportMaterial:
        """Read it; None is the one programme there is, the default output root, or the last business day in the data.

        Raises:
            ParameterError: there is no programme, or there are several and none is named, or no such one.
            TableError: tables or features of that day are not there.
        """
        from relkit.jobs.scored_people import scored_people
        from relkit.tables.table_set import TableSet

        job = _Reading.parse(programme=programme or _only(out), out=out, as_of=as_of)
        job.must_be_there()
        stay_at(job.place())  # for the commands that later cells print
        folder = job.out_dir
        tables = TableSet.open(folder / "tables")
        edge = tables.as_of(as_of)
        people = scored_people(folder, programme=job.programme, edge=edge, currency=tables.facts.currency)
        models = folder / "scores" / str(edge) / "models.json"
        said = json.loads(models.read_text(encoding="utf-8")) if models.is_file() else {}
        if programme is None:
            print(f"Programme {job.programme}, as of {edge}; from {folder.resolve()}")  # noqa: T201 a notebook says what it took
        return cls(programme=job.programme, folder=folder, tables=tables, as_of=edge, language=language, people=people, models=said)

    @property
    def currency(self) -> str:
        """ISO code of money."""
        return self.tables.facts.currency

    def remarks(self, *scores: str) -> RemarkList:
        """Return what was noticed that changes how the page is to be read.

        Args:
            scores: how the names of the page's scores begin; by default all. What is about no score in particular is always shown.
        """
        from relkit.jobs.deliver_files import remarks_of
        from relkit.reports.remarks import RemarkList

        noticed = remarks_of(self.folder, str(self.as_of))
        shown = tuple(r for r in noticed if not (scores and r.about) or any(name.startswith(scores) for name in r.about))
        return RemarkList(shown, self.language)

    def remarks_on_contracts(self) -> RemarkList:
        """Return what was noticed that concerns contracts, and what concerns everything."""
        return self.remarks(*OF_CONTRACTS)

    def spells(self) -> pl.DataFrame:
        """Return the contracts as features left them, each customer's main running contract before the others."""
        import polars as pl

        from relkit.features.spells import main_contracts

        spells = pl.read_parquet(self.folder / "features" / str(self.as_of) / "spells.parquet")
        main = main_contracts(spells).select("contract_id", is_main=pl.lit(value=True))
        joined = spells.join(main, on="contract_id", how="left", maintain_order="left")
        return joined.sort("is_main", descending=True, nulls_last=True, maintain_order=True).drop("is_main")

    def churn(self) -> tuple[pl.DataFrame, int]:
        """Return customer_id, probability of those under contract, and its horizon in days (the nearest where there are several).

        Raises:
            TableError: there is no such score.
        """
        import polars as pl

        found = sorted((int(match[1]), name) for name in self.people.columns if (match := re.fullmatch(r"churn_probability_(\d+)d", name)))
        if not found:
            remedy = f"Run {command('fit', 'survival.cox')} and {command('score')} first."
            raise TableError("there is no score of churn.", where="scores", remedy=remedy)
        days, name = found[0]
        return self.people.select("customer_id", probability=pl.col(name)).drop_nulls(), days

    def retention_calls(self, offer: RetentionOffer | None = None) -> RetentionCalls:
        """Return what an offer is worth to each holder of a contract with a score, and why each is at risk.

        Args:
            offer: by default the one that was declared when scores were made, and the usual assumptions where none was.
        """
        import polars as pl

        from relkit.jobs.declared_offer import SCORE, kept_offer
        from relkit.reports.contactability import Contactability
        from relkit.reports.retention_calls import RetentionCalls
        from relkit.scores.retention_offer import NOT_CALLED, RetentionOffer, to_be_called

        risk, _ = self.churn()
        why = _reasons(self.folder, self.as_of)
        kept, rate = kept_offer(self.models)
        used = offer or kept or RetentionOffer()
        offers = self._offers(used, risk, rate)
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
            held_out=None if offers is None else self._held_out(used, offers),
        )

    def _offers(self, offer: RetentionOffer, risk: pl.DataFrame, rate: float | None) -> pl.DataFrame | None:
        """Return what an offer is worth to those whose margin a month is known; None where that of no contract is."""
        from relkit.families.bindings import inputs_of
        from relkit.jobs.declared_offer import ContractsOffered
        from relkit.scores.retention_offer import offer_values

        model = self._model_of_contracts()
        inputs, fitted = inputs_of(model, self.tables), self.fitted(model)
        rows = inputs.one_a_customer(inputs.features(self.tables, self.as_of)).join(
            risk, on="customer_id", how="semi", maintain_order="left"
        )
        held = ContractsOffered.of(self.tables, self.as_of, rows, fitted.needs, margin_rate=rate)
        if held is None or held.known.is_empty():
            return None
        return offer_values(fitted, held.known, offer=offer, ahead=self._ahead())

    def _model_of_contracts(self) -> str:
        """Return the model behind the declared offer, else the one behind the risk."""
        from relkit.jobs.declared_offer import SCORE

        if SCORE in self.models:
            return str(self.models[SCORE]["model"])
        return next(str(said["model"]) for score, said in self.models.items() if score.startswith("churn_probability_"))

    def _ahead(self) -> Ahead:
        """Return how far ahead the scores count margin, at what discount; the usual where they count none."""
        from relkit.jobs.declared_offer import SCORE
        from relkit.scores.expected_margin import Ahead

        if "horizon_months" in (said := self.models.get(SCORE, {})):
            return Ahead(int(said["horizon_months"]), float(said["annual_discount_rate"]))
        for score, said in self.models.items():
            months = score.removeprefix("future_margin_").removesuffix("m")
            if score.startswith("future_margin_") and months.isdigit():
                return Ahead(int(months), float(said["annual_discount_rate"]))
        return Ahead()

    def _held_out(self, offer: RetentionOffer, offers: pl.DataFrame) -> HeldOutProfit | None:
        """Return what an order by risk was worth on the holdout; an end averted counts at its mean value of today."""
        from relkit.families.bindings import inputs_of
        from relkit.models.survival.profit_of_risk import held_out_profit
        from relkit.periods import Holdout

        model, averted = self._model_of_contracts(), float(offers["uplift"].sum())
        trial = self.trial(model)
        # Customers who were drawn are judged from their first day on: that is not the list of a day.
        if trial is None or not isinstance(trial.split, Holdout) or not averted > 0:
            return None
        reasons = inputs_of(model, self.tables).features(self.tables, trial.split.end) if offer.averts else None
        clv = float(offers["value"].sum()) / averted
        return held_out_profit(trial.fitted, trial.judged, trial.outcomes, reasons, offer=offer, clv=clv)

    def fitted(self, model: str) -> Any:
        """Return the fitted model whose version made the scores; the champion where it made none.

        Raises:
            ParameterError: no such version is registered.
        """
        from relkit.tracking import registry

        return registry.load(self._version(model))

    def model_choice(self, model: str) -> ModelChoice:
        """Return the comparison by which a model behind the scores was chosen; it shows nothing where there was none."""
        from relkit.reports.model_choice import FRAMES, ModelChoice
        from relkit.tracking import registry

        version = self._version(model)
        return ModelChoice(model=model, kept={name: registry.kept_frame(version, name) for name in FRAMES}, language=self.language)

    def _version(self, model: str) -> ModelVersion:
        """Return the version that made the scores; the champion where it made none."""
        from relkit.tracking import registry

        used = {
            name: number
            for said in self.models.values()
            for name, number in zip(*(str(said[k]).split("+") for k in ("model", "version")), strict=True)
        }
        for version in registry.versions(registry.registered_name(model, self.programme)):
            if version.version == used.get(model) or (model not in used and version.is_champion):
                return version
        raise ParameterError(f"{model} has no version to show.", where="report", remedy=f"Run {command('fit', model)} first.")

    def scorer(self, family: str) -> str:
        """Return the model of a family that made the scores; of several the first in alphabetical order.

        Raises:
            ParameterError: none did.
        """
        names = sorted({name for said in self.models.values() for name in said["model"].split("+") if name.startswith(f"{family}.")})
        if not names:
            raise ParameterError(
                f"no model of the family {family} made a score.",
                where="report",
                remedy=f"Run {command('fit', f'{family}.auto')} and {command('score')} first.",
            )
        return str(names[0])

    @property
    def orders_model(self) -> str:
        """The model that said how often customers will order.

        Raises:
            ParameterError: none did.
        """
        names = [said["model"] for score, said in self.models.items() if score.startswith("expected_orders_")]
        if not names:
            remedy = f"Run {command('fit', 'lifetime_value.auto')} and {command('score')} first."
            raise ParameterError("no model made a score of orders.", where="report", remedy=remedy)
        return str(names[0])

    @property
    def value_families(self) -> tuple[str, ...]:
        """The families of the models behind orders and margin ahead, for `model_card`: that of contracts too, where it has a part."""
        behind = [self.orders_model, *(said["model"] for score, said in self.models.items() if score.startswith("future_margin_"))]
        return tuple(sorted({name.partition(".")[0] for names in behind for name in names.split("+")}))

    def has_model(self, model: str) -> bool:
        """Return whether a model made one of the scores."""
        return any(model in said["model"].split("+") for said in self.models.values())

    def hazard_ratios(self, model: str) -> Any:
        """Return what goes with an earlier end according to a regression, or None where it made no score or all its covariates bend."""
        from relkit.models.survival.diagnostics import hazard_ratios

        ratios = hazard_ratios(self.fitted(model)) if self.has_model(model) else None
        return replace(ratios, terms=self._named(ratios.terms)) if ratios is not None and ratios.terms else None

    def _named(self, terms: tuple[str, ...]) -> tuple[str, ...]:
        """Return terms called as the mapping calls the attributes behind them; a term is `attribute` or `attribute=level`."""
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
        return {name: str(said[label]) for name, said in self.tables.facts.attributes.items() if said.get(label)}

    def regression(self, model: str) -> tuple[Any, pl.DataFrame | None]:
        """Return a regression behind the scores and what it was fitted to; two times None where it made no score."""
        return (self.fitted(model), self.trained_on(model)) if self.has_model(model) else (None, None)

    def trained_on(self, model: str) -> pl.DataFrame:
        """Return what the version behind the scores was fitted to: the features as of its day, made again."""
        from relkit.families.bindings import inputs_of
        from relkit.models.base import edge_of
        from relkit.models.covariate_declaration import must_be_known, with_known_numbers

        fitted = self.fitted(model)
        inputs = inputs_of(model, self.tables)
        edge = edge_of(fitted.info, self.tables.facts.business_zone)
        features = inputs.to_learn(inputs.features(self.tables, edge))
        return with_known_numbers(features, must_be_known(fitted.settings))[0]

    def look_back(self, model: str) -> dict[str, Any]:
        """Return plots of what the model would have forecast for days that it had not seen, and what then happened; see `trial`."""
        return self.figures(self.trial(model))

    def order_calibration(self) -> OrderCalibration | None:
        """Return what a holdout taught the model of orders of the probability of an order; None where there was none."""
        found: OrderCalibration | None = self.fitted(self.orders_model).order_calibration
        return found

    def trial(self, model: str) -> Trial | None:
        """Return the model as it would have been without the days on which its version was judged, and what then happened.

        The same settings are fitted to what was known before that holdout, once for all that ask. None where the version was
        not judged, or there is too little before the holdout.
        """
        if model not in self._trials:
            self._trials[model] = self._tried(model)
        return self._trials[model]

    def _tried(self, model: str) -> Trial | None:
        from relkit.families.bindings import inputs_of
        from relkit.jobs.holdouts import HeldOut, Known
        from relkit.models.covariate_declaration import must_be_known, with_known_numbers

        split = self._split(model)
        if split is None:
            return None
        inputs = inputs_of(model, self.tables)
        held = HeldOut.of(inputs, Known(self.tables), split)
        settings = self.fitted(model).settings
        names = must_be_known(settings)
        try:
            learnt, _ = with_known_numbers(held.before, names)
            fitted = settings.fit(learnt, as_of=split.calibration.day)
        except FitError:
            return None
        judged, _ = with_known_numbers(held.judged, names)
        past = inputs.past(self.tables, split.end)
        return Trial(split=split, fitted=fitted, judged=judged, learnt=learnt, outcomes=held.outcomes, purchases=past)

    def figures(self, trial: Trial | None) -> dict[str, Any]:
        """Return the plots of a trial, by name; none where there was none."""
        from relkit.families.bindings import diagnostic_figures

        if trial is None:
            return {}
        return diagnostic_figures(
            trial.fitted,
            trial.judged,
            learnt=trial.learnt,
            outcomes=trial.outcomes,
            purchases=trial.purchases,
            currency=self.currency,
            language=self.language,
        )

    def _split(self, model: str) -> Holdout | DrawnHoldout | None:
        from relkit.periods import read_holdout

        metrics = [said["metrics"][model] for said in self.models.values() if model in said.get("metrics", {})]
        return read_holdout(metrics[0].get("holdout") or "", zone=self.tables.facts.business_zone) if metrics else None


class _Reading(Job):
    """What a notebook reads."""

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
