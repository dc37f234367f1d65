"""Robustness of credit: the movement of each channel's share across models, lookbacks and the reuse of touches, next to the noise.

robustness = CreditRobustness(credit=credit, variants=variants, model="Markov", language="fr")
robustness.headlines(), robustness.picture(), robustness.table(), robustness.distances()
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from relkit.metrics.credit_shares import rank_agreement, share_distances
from relkit.plots.style import number, percent
from relkit.reports.channel_spread import by_model, channel_spread
from relkit.reports.pictures import Gallery, Picture
from relkit.reports.summary_tables import Headlines, Shown, SummaryTable
from relkit.texts import Text

TEXTS: dict[str, Text] = {
    "by_source": Text(
        "The choice of the model moves up to {models} of all credit from one channel to another; the lookback (by “{model}”) {lookback}, "
        "the reuse of touches {reuse}.",
        "Le choix du modèle déplace jusqu’à {models} du crédit d’un canal à l’autre ; la fenêtre (selon « {model} ») {lookback}, la "
        "réutilisation des contacts {reuse}.",
    ),
    "by_models": Text(
        "The choice of the model moves up to {models} of all credit from one channel to another.",
        "Le choix du modèle déplace jusqu’à {models} du crédit d’un canal à l’autre.",
    ),
    "closest": Text(
        "The models closest to each other are “{a}” and “{b}” ({near} of the credit apart), the furthest “{c}” and “{d}” ({far}).",
        "Les modèles les plus proches sont « {a} » et « {b} » ({near} du crédit d’écart), les plus éloignés « {c} » et « {d} » ({far}).",
    ),
    "order": Text(
        "On the order of the channels the agreement of all models is {w} (Kendall’s W, 1 if all have the same order).",
        "Sur l’ordre des canaux, l’accord de tous les modèles est de {w} (W de Kendall, 1 si tous ont le même ordre).",
    ),
    "single": Text(
        "A single model has been fitted: nothing can be compared.", "Un seul modèle a été entraîné : rien ne peut être comparé."
    ),
    "fixed": Text(
        "Paths given as paths have no times: lookbacks and the reuse of touches cannot be varied.",
        "Des chemins donnés tels quels n’ont pas d’heures : ni la fenêtre ni la réutilisation des contacts ne peuvent varier.",
    ),
    "c_spans": Text(
        "From the least to the greatest share of each channel. An orange bar longer than the pale one: the choice of the model decides "
        "more than the data.",
        "De la plus petite à la plus grande part de chaque canal. Barre orange plus longue que la pâle : le choix du modèle décide plus "
        "que les données.",
    ),
    "caption": Text("Share of each channel, by model and setting", "Part de chaque canal, par modèle et par réglage"),
    "model": Text("Model or setting", "Modèle ou réglage"),
    "lookback": Text("{model}, lookback of {n} days", "{model}, fenêtre de {n} jours"),
    "reuse": Text("{model}, touches used again", "{model}, contacts réutilisés"),
    "cut": Text("{model}, touches used once", "{model}, contacts utilisés une fois"),
    "others": Text("Other channels", "Autres canaux"),
}
MOST_CHANNELS = 8
"""Columns of the table; further channels are one column."""
LOOKBACK, REUSE = "lookback", "reuse"


@dataclass(frozen=True, eq=False, kw_only=True)
class CreditRobustness:
    """Shares of channels by model and by variant of one model.

    Attributes:
        credit: channel, model (names for people), conversions, share, lower, upper.
        variants: source (lookback or reuse), setting (days, or whether touches are used again: 1 or 0), channel, share, by one model; empty
            if journeys cannot be varied.
        model: name for people of the model that was varied.
        language: en or fr.
    """

    credit: pl.DataFrame
    variants: pl.DataFrame
    model: str = ""
    language: str = "en"

    @cached_property
    def spans(self) -> pl.DataFrame:
        """Least and greatest share of each channel by source: data, models, lookback, reuse."""
        spread = channel_spread(self.credit)
        middle = (pl.col("low") + pl.col("high")) / 2
        noise = spread.drop_nulls("width").select(
            "channel", source=pl.lit("data"), low=middle - pl.col("width") / 2, high=middle + pl.col("width") / 2
        )
        parts = [noise, spread.select("channel", "low", "high", source=pl.lit("models")).select(noise.columns)]
        if len(self.variants):
            moved = self.variants.group_by("channel", "source", maintain_order=True).agg(
                low=pl.col("share").min(), high=pl.col("share").max()
            )
            parts.append(moved.filter(pl.col("channel").is_in(spread["channel"].to_list())).select(noise.columns))
        order = pl.Enum(spread["channel"])
        return pl.concat(parts).with_columns(at=pl.col("channel").cast(order)).sort("at", "source", maintain_order=True).drop("at")

    @cached_property
    def distances(self) -> pl.DataFrame:
        """Part of the credit by which two models differ: one, other, moved, the closest pair first."""
        shares = by_model(self.credit, "share", missing=0.0)
        models, moved = shares["model"].to_list(), share_distances(shares.drop("model").to_numpy())
        rows = [(one, models[j], float(moved[i, j])) for i, one in enumerate(models) for j in range(i + 1, len(models))]
        return pl.DataFrame(rows, schema={"one": pl.String, "other": pl.String, "moved": pl.Float64}, orient="row").sort(
            "moved", "one", "other"
        )

    @property
    def order_agreement(self) -> float:
        """Kendall's W of the models on the order of the channels; not a number if it is not defined."""
        return rank_agreement(by_model(self.credit, "share", missing=0.0).drop("model").to_numpy())

    def headlines(self) -> Headlines:
        """Return the part of the credit that each choice moves."""
        if self.distances.is_empty():
            return Headlines((self._say("single"),))
        furthest = self.distances.row(-1, named=True)
        words = {"models": self._percent(furthest["moved"])}
        if len(self.variants):
            ends = {source: self._percent(self._moved(source)) for source in (LOOKBACK, REUSE)}
            found = [self._say("by_source", model=self.model, **words, **ends)]
        else:
            found = [self._say("by_models", **words), self._say("fixed")]
        if len(self.distances) > 1:
            near = self.distances.row(0, named=True)
            pairs = {"a": near["one"], "b": near["other"], "c": furthest["one"], "d": furthest["other"]}
            found.append(self._say("closest", near=self._percent(near["moved"]), far=self._percent(furthest["moved"]), **pairs))
        agreement = self.order_agreement
        if agreement == agreement:  # noqa: PLR0124  (a number)
            found.append(self._say("order", w=number(agreement, self.language, 2)))
        return Headlines(tuple(found))

    def picture(self) -> Gallery:
        """Return the movement of each share."""
        from relkit.plots.credit_robustness import plot_credit_robustness

        if self.distances.is_empty() and self.variants.is_empty():
            return Gallery(())
        return Gallery((Picture(plot_credit_robustness(self.spans, language=self.language), self._say("c_spans")),))

    def table(self) -> SummaryTable | Gallery:
        """Return the shares by model, then by lookback and reuse."""
        if self.credit.is_empty():
            return Gallery(())
        channels = channel_spread(self.credit)["channel"].to_list()
        shown, rest = channels[:MOST_CHANNELS], channels[MOST_CHANNELS:]
        rows = [self._row(name, part, shown) for (name,), part in self.credit.group_by("model", maintain_order=True)]
        rows += [
            self._row(self._setting(*key), part, shown) for key, part in self.variants.group_by("source", "setting", maintain_order=True)
        ]
        heads = {f"c{at}": name for at, name in enumerate(shown)} | ({"rest": self._say("others")} if rest else {})
        columns = (Shown("model", self._say("model")), *(Shown(key, head, "share", 1) for key, head in heads.items()))
        return SummaryTable(frame=pl.DataFrame(rows), columns=columns, caption=self._say("caption"), language=self.language)

    def _row(self, name: Any, part: pl.DataFrame, shown: list[str]) -> dict[str, Any]:
        shares = dict(part.select("channel", "share").iter_rows())
        own = {f"c{at}": shares.get(channel, 0.0) for at, channel in enumerate(shown)}
        return {"model": str(name), **own, "rest": sum(share for channel, share in shares.items() if channel not in shown)}

    def _setting(self, source: Any, setting: Any) -> str:
        if source == LOOKBACK:
            return self._say(LOOKBACK, model=self.model, n=number(float(setting), self.language))
        return self._say(REUSE if setting else "cut", model=self.model)

    def _moved(self, source: str) -> float:
        """Return the largest part of the credit by which two settings differ."""
        part = self.variants.filter(pl.col("source") == source).select("channel", "share", model=pl.col("setting").cast(pl.String))
        return float(share_distances(by_model(part, "share", missing=0.0).drop("model").to_numpy()).max(initial=0.0))

    def _percent(self, value: float) -> str:
        return percent(value, self.language, 1)

    def _say(self, key: str, **words: object) -> str:
        return TEXTS[key][self.language].format(**words)
