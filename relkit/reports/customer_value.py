"""Content of the value report: headlines, key figures and tables, from the scored customer file.

    value = ValueReading.of(people, scores=records, currency="EUR", language="fr")
    value.headlines(), value.key_figures(), value.by_decile(), value.by_activity(), value.rfm()

Value is the margin expected in the months ahead. If no margin is known, it is the revenue expected in the days of the
order forecast, and all texts say revenue.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.commands import command
from relkit.errors import TableError
from relkit.models.lifetime_value.family import EXPECTED_ORDERS
from relkit.plots.style import money, number, percent
from relkit.reports.contactability import Contactability
from relkit.reports.pictures import Gallery, Picture
from relkit.reports.summary_tables import SMALLEST_GROUP, Headlines, KeyFigures, Shown, SummaryTable
from relkit.scores.expected_margin import CONTRACT_RESIDUAL_VALUE, FUTURE_MARGIN
from relkit.scores.rfm import FIFTHS, LABEL_OF, LABELS
from relkit.scores.total_bounds import TotalBounds
from relkit.scores.value_activity import LIKELY, UNLIKELY, activity_of_segment, value_of_segment
from relkit.scores.value_parts import total_of, value_parts
from relkit.texts import Text, in_language
from relkit.units import days_of_months

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from relkit.score_kinds import Score, ScoreKind
    from relkit.scores.total_bounds import Total

JUDGED = ("active", "uncertain", "gone")
ACTIVITY = (*JUDGED, "early", "contract")
"""Early: the model cannot tell yet; such a customer never counts as active."""
PROTECTED = "protected"
"""Group of unranked customers: they may not be contacted, though they bring margin."""
NO_BOUND = pl.lit(None, pl.Float64)
GROUPS = ("top", "middle", "rest")
TEXTS: dict[str, Text] = {
    "top": Text("Best 20%", "20\u00a0% meilleurs"),
    "middle": Text("Next 30%", "30\u00a0% suivants"),
    "rest": Text("Other 50%", "50\u00a0% restants"),
    "active": Text("Active", "Actifs"),
    "uncertain": Text("Uncertain", "Incertains"),
    "gone": Text("Probably gone", "Sans doute perdus"),
    "early": Text("Too early to tell", "Trop tôt"),
    "contract": Text("Under contract", "Sous contrat"),
    "margin": Text("margin", "marge"),
    "revenue": Text("revenue", "chiffre d’affaires"),
    "past_margin": Text("Margin so far", "Marge à ce jour"),
    "past_revenue": Text("Revenue of the last 12 months", "Chiffre d’affaires des 12 derniers mois"),
    "until_margin": Text("so far", "à ce jour"),
    "until_revenue": Text("in the last 12 months", "sur les 12 derniers mois"),
    "future_margin": Text("Expected margin, {span}", "Marge attendue, {span}"),
    "future_revenue": Text("Expected revenue, {span}", "Chiffre d’affaires attendu, {span}"),
    "months": Text("next {n} months", "{n} prochains mois"),
    "days": Text("next {n} days", "{n} prochains jours"),
    "top_share": Text(
        "A fifth of the {buyers} customers with a forecast should bring {share} of the {what} of the {span}: {top} of {all}.",
        "Un cinquième des {buyers} clients dotés d’une prévision devrait apporter {share} de la valeur attendue "
        "({what}, {span}) : {top} sur {all}.",
    ),
    "at_risk": Text(
        "{n} of the fifth worth most, past and expected together, are uncertain or probably gone. "
        "They have brought {past} {until}: they are the first to win back.",
        "{n} clients du cinquième qui vaut le plus, passé et attendu réunis, sont incertains ou sans doute perdus. "
        "Ils ont rapporté {past} {until} : ce sont les premiers à reconquérir.",
    ),
    "gone_said": Text(
        "{n} customers ({share} of the {told} of whom it can be told) have probably stopped buying; they have brought {past} {until}.",
        "{n} clients ({share} des {told} dont on peut le dire) ont sans doute cessé d’acheter ; ils ont rapporté {past} {until}.",
    ),
    "orders": Text(
        "{n} orders are expected in the next {days} days from the {buyers} customers with a forecast of orders; {low} to {high} (95%).",
        "{n} commandes sont attendues dans les {days} prochains jours de la part des {buyers} clients dotés d’une prévision de commandes ; "
        "de {low} à {high} (95\u00a0%).",
    ),
    "prospects": Text(
        "{n} people have neither a purchase nor a running contract on record, and so no forecast.",
        "{n} personnes n’ont ni achat ni contrat en cours connus, et donc pas de prévision.",
    ),
    "refusing": Text(
        "{n} customers with a purchase or a running contract refuse profiling, and so have no scores; {whole} people refuse it in all.",
        "{n} clients ayant un achat ou un contrat en cours refusent le profilage et n’ont donc aucun score ; "
        "{whole} personnes le refusent en tout.",
    ),
    "unforecast": Text(
        "{n} more customers have a history, from which no forecast of their {what} can be made.",
        "{n} autres clients ont un historique, dont aucune prévision de valeur ({what}) ne peut être tirée.",
    ),
    "unknown_past": Text(
        "{n} customers with a forecast have a past of unknown margin, which counts as zero here.",
        "{n} clients dotés d’une prévision ont un passé de marge inconnue, compté ici pour zéro.",
    ),
    "no_margin": Text(
        "No margin is known: this report speaks of revenue.", "Aucune marge n’est connue : ce rapport parle de chiffre d’affaires."
    ),
    "k_all": Text("people known, {n} of whom have a forecast", "personnes connues, dont {n} avec une prévision"),
    "k_active": Text(
        "probably active ({share} of the {told} of whom it can be told)", "sans doute actifs ({share} des {told} dont on peut le dire)"
    ),
    "k_orders": Text("orders expected, next {days} days", "commandes attendues, {days} prochains jours"),
    "k_value": Text("{future}", "{future}"),
    "k_mean": Text("expected {what} per customer with a forecast, mean", "de {what} attendus en moyenne par client doté d’une prévision"),
    "decile": Text("Tenth, 1 = best", "Dixième, 1 = meilleur"),
    "customers": Text("Customers", "Clients"),
    "mean_past": Text("{past}, mean", "{past}, moyenne"),
    "mean_future": Text("{future}, mean", "{future}, moyenne"),
    "share": Text("Share of expected {what}", "Part de la valeur attendue"),
    "share_of": Text("Share", "Part"),
    "alive": Text("Chance of still buying, mean", "Probabilité d’acheter encore, moyenne"),
    "orders_each": Text("Expected orders, {days} days, mean", "Commandes attendues, {days} jours, moyenne"),
    "total": Text("All", "Ensemble"),
    "by_decile": Text("Customers by tenth of total value", "Clients par dixième de valeur totale"),
    "alive_note": Text(
        "The mean chance leaves out those of whom it is too early to tell and those under contract; "
        "mean orders are those of customers who have bought before.",
        "La probabilité moyenne laisse de côté ceux dont il est trop tôt pour le dire et ceux sous contrat ; "
        "les commandes moyennes sont celles des clients qui ont déjà acheté.",
    ),
    "value_group": Text("Value", "Valeur"),
    "activity": Text("Activity", "Activité"),
    "sum_past": Text("{past}, in all", "{past}, total"),
    "sum_future": Text("{future}, in all", "{future}, total"),
    "by_activity": Text("Value and activity together", "Valeur et activité croisées"),
    "activity_note": Text(
        "Active: the chance of still buying is at least {likely}. Probably gone: under {unlikely}. "
        "Too early to tell: the model cannot say yet, as after a single purchase. "
        "Under contract: that chance does not apply.",
        "Actifs : probabilité d’acheter encore d’au moins {likely}. Sans doute perdus : moins de {unlikely}. "
        "Trop tôt pour le dire : le modèle ne peut encore se prononcer, comme après un seul achat. "
        "Sous contrat : cette probabilité ne s’applique pas.",
    ),
    "grid": Text("Customers by value and activity", "Clients selon la valeur et l’activité"),
    "c_concentration": Text(
        "Customers from the most to the least promising. The further the curve is above the diagonal, the more the value rests on few.",
        "Clients classés du plus au moins prometteur. Plus la courbe s’écarte de la diagonale, plus la valeur repose sur un petit nombre.",
    ),
    "c_means": Text(
        "Each bar is a tenth of the customers with a forecast, ranked by past and expected value together.",
        "Chaque barre est un dixième des clients dotés d’une prévision, classés selon la valeur passée et attendue.",
    ),
    "c_grid": Text(
        "Rows: rank by value. Columns: chance of still buying. Valuable customers who are uncertain or gone are worth a call.",
        "En ligne, le rang de valeur ; en colonne, la probabilité d’acheter encore. "
        "Les clients de valeur incertains ou perdus méritent un appel.",
    ),
    "quality": Text("Quality of the forecasts", "Qualité des prévisions"),
    "by_quality": Text("What the forecasts rest on", "Sur quoi reposent les prévisions"),
    "ok": Text("Enough history", "Historique suffisant"),
    "short_history": Text("One purchase, or seen for a short time", "Un seul achat, ou recul trop court"),
    "margin_unknown": Text("Margin ahead unknown", "Marge attendue inconnue"),
    "protected": Text("Protected: not to be contacted", "Protégés : ne pas contacter"),
    "recency": Text("Recency {n}", "Récence {n}"),
    "frequency": Text("Frequency {n}", "Fréquence {n}"),
    "rfm": Text("Recency and frequency of purchases (5 = best)", "Récence et fréquence des achats (5 = meilleur)"),
    "c_rfm": Text(
        "Buyers in fifths as of the day: the higher, the more recent their last purchase; the further to the right, the more "
        "often they buy. Equal values always get equal scores, so some cells may be empty.",
        "Acheteurs répartis en cinquièmes à la date de situation : plus haut, l’achat est plus récent ; plus à droite, les achats "
        "sont plus fréquents. À valeur égale, note égale : certaines cases peuvent être vides.",
    ),
    "no_rfm": Text(
        "No purchases are known, so there is no recency and no frequency.", "Aucun achat n’est connu : il n’y a ni récence ni fréquence."
    ),
    "rfm_label": Text("Group", "Groupe"),
    "orders_12m": Text("Orders, 12 months, mean", "Commandes sur 12 mois, moyenne"),
    "since": Text("Days since last order, median", "Jours depuis la dernière commande, médiane"),
    "by_rfm": Text("Buyers by group of recency and frequency", "Acheteurs par groupe de récence et de fréquence"),
    "none": Text("Not told", "Non renseigné"),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class ValueReading:
    """The customers who have a forecast, and the words for their value.

    Attributes:
        scored: one row per customer with a forecast: customer_id, past, future with its low and high (null if the scores have none),
            the part of future from contracts (0 without one) with its low and high, the worth of one order, alive (null under contract
            or too early), orders, quality, decile, group, activity (the last three null for the protected).
        ranked: customers with scores of recency and frequency; no rows if there are none.
        people: number of all known people.
        prospects: people with neither a purchase nor a running contract on record.
        refusing: people with one or the other who refuse profiling, and so have no scores.
        refusing_whole: all people who refuse it.
        unforecast: others without a forecast; these three and `scored` count each person once.
        buyers: customers with a forecast of orders.
        orders: expected from them.
        unknown_past: customers with a forecast whose past margin is not known.
        contact: counts of the people who may be contacted; None if the file does not say.
        measure: margin or revenue.
        span: of the forecast, in words.
        span_days: of the forecast, in days.
        order_days: horizon of the expected orders.
        forecast: column of the margin expected or, if no margin is known, of the orders expected.
        bounds: of the totals.
        currency: ISO code.
        language: en or fr.
    """

    scored: pl.DataFrame
    ranked: pl.DataFrame
    people: int
    prospects: int
    refusing: int
    refusing_whole: int
    unforecast: int
    buyers: int
    orders: float
    unknown_past: int
    contact: Contactability | None
    measure: str
    span: str
    span_days: int
    order_days: int
    forecast: str
    currency: str
    language: str
    bounds: TotalBounds

    @classmethod
    def of(
        cls,
        people: pl.DataFrame,
        *,
        scores: Iterable[Score],
        currency: str,
        language: str,
        models: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> ValueReading:
        """Read the full view of the scored customer file.

        Args:
            people: the file, with active_contracts added if there are contracts.
            scores: records of the scores in it.
            currency: ISO code.
            language: en or fr.
            models: by score, the entry of models.json, with the spread of its totals; without it, that usual in other shops.

        Raises:
            TableError: it has no forecast of orders, or no segment.
        """
        texts = in_language(TEXTS, language)
        given, cur = list(scores), currency.lower()
        orders, days = _nearest(people, given, EXPECTED_ORDERS)
        if not orders:
            remedy = f"Run {command('fit', 'lifetime_value.auto')} and {command('score')} first."
            raise TableError("there is no forecast of orders.", where="customers_scored", remedy=remedy)
        if "segment_value_activity" not in people.columns:
            remedy = f"Run {command('deliver')} again."
            raise TableError("there is no segment of value and activity.", where="customers_scored", remedy=remedy)
        margin, months = _nearest(people, given, FUTURE_MARGIN, ending=f"_{cur}")
        known = bool(margin) and f"past_margin_{cur}" in people.columns
        span = texts["months"].format(n=months) if known else texts["days"].format(n=days)
        future = pl.col(margin) if known else _net_revenue(people, orders, cur)
        past = pl.col(f"past_margin_{cur}" if known else f"revenue_12m_{cur}")
        bounds = {end: pl.col(f"{margin}_{end}") if known and f"{margin}_{end}" in people.columns else NO_BOUND for end in ("low", "high")}
        kept = {} if models is None else models
        residual = f"{CONTRACT_RESIDUAL_VALUE.at(months)}_{cur}" if known else ""
        rate = kept.get(margin.removesuffix(f"_{cur}"), {}).get("margin_rate") if known else 1.0
        parts = value_parts(people, future=future, bounds=bounds, residual=residual, orders=orders, margin_rate=rate)
        scored = _read(people, past, future, orders, bounds | parts)
        return cls(
            scored=scored,
            ranked=people.drop_nulls("rfm_label") if "rfm_label" in people.columns else pl.DataFrame(schema={"rfm_label": pl.String}),
            people=len(people),
            **_without_forecast(people, future),
            buyers=people[orders].count(),
            orders=float(people[orders].sum()),
            unknown_past=int(people.select((past.is_null() & future.is_not_null()).sum()).item()) if known else 0,
            contact=Contactability.of(people, language=language),
            measure="margin" if known else "revenue",
            span=span,
            span_days=days_of_months(months) if known else days,
            order_days=days,
            forecast=margin if known else orders,
            currency=currency,
            language=language,
            bounds=TotalBounds.read(
                kept,
                orders=orders,
                money=margin.removesuffix(f"_{cur}") if known else orders,
                days=days,
            ),
        )

    def total(self, rows: pl.DataFrame | None = None, *, of_segment: float = 0.0) -> Total:
        """Return the expected value of customers in all, with the bounds of a total.

        Args:
            rows: some of `scored`; all by default.
            of_segment: spread of a segment's own error, such as `HISTORY_SPREAD`.
        """
        return total_of(self.scored if rows is None else rows, self.bounds, of_segment=of_segment)

    def headlines(self) -> Headlines:
        """Return the main findings, in sentences."""
        scored, top = self.scored, self.scored.filter(pl.col("group") == "top")
        promising = scored.sort("future", descending=True).head(round(len(scored) / 5))
        slipping, gone = top.filter(pl.col("activity").is_in(["uncertain", "gone"])), scored.filter(pl.col("activity") == "gone")
        whole = float(scored["future"].sum())
        share = float(promising["future"].sum()) / whole if whole else 0.0
        sentences = [
            *([self._say("no_margin")] if self.measure == "revenue" else []),
            self._say(
                "top_share",
                buyers=len(scored),
                share=self._percent(share),
                top=self._money(promising["future"]),
                all=self._money(scored["future"]),
            ),
            *([self._say("at_risk", n=len(slipping), past=self._money(slipping["past"]))] if len(slipping) >= SMALLEST_GROUP else []),
            *(
                [
                    self._say(
                        "gone_said",
                        n=len(gone),
                        share=self._percent(len(gone) / self._judged),
                        told=self._judged,
                        past=self._money(gone["past"]),
                    )
                ]
                if len(gone) >= SMALLEST_GROUP
                else []
            ),
            *(() if self.contact is None else self.contact.sentences()),
            self._orders_sentence(),
            *(
                self._say(key, n=n, whole=self.refusing_whole)
                for key in ("prospects", "refusing", "unforecast", "unknown_past")
                if (n := getattr(self, key)) >= SMALLEST_GROUP
            ),
        ]
        return Headlines(tuple(sentences))

    def _orders_sentence(self) -> str:
        total = self.bounds.of_orders(self.orders)
        ends = {"low": round(total.low), "high": round(total.high)}
        return self._say("orders", n=round(self.orders), days=self.order_days, buyers=self.buyers, **ends)

    def key_figures(self) -> KeyFigures:
        """Return a few large numbers."""
        scored = self.scored
        active = int((scored["activity"] == "active").sum())
        mean = float(scored["future"].mean() or 0.0)  # type: ignore[arg-type]
        return KeyFigures(
            (
                (number(self.people, self.language), self._say("k_all", n=len(scored))),
                (
                    number(active, self.language),
                    self._say("k_active", share=self._percent(active / max(self._judged, 1)), told=self._judged),
                ),
                (number(round(self.orders), self.language), self._say("k_orders", days=self.order_days)),
                (self._money(scored["future"]), self._say("k_value")),
                (money(mean, self.currency, self.language, 2), self._say("k_mean")),
            )
        )

    def by_decile(self) -> SummaryTable:
        """Return customers by tenth of total value, the best first."""
        measures = _measures(float(self.scored["future"].sum()))
        rows = self.scored.group_by(decile=pl.col("decile").cast(pl.String).str.zfill(2)).agg(**measures).sort("decile")
        total = {"decile": self._say("total"), **self.scored.select(**measures).row(0, named=True)}
        columns = (
            Shown("decile", self._say("decile")),
            Shown("customers", self._say("customers"), "count"),
            Shown("mean_past", self._say("mean_past"), "money"),
            Shown("mean_future", self._say("mean_future"), "money"),
            Shown("share", self._say("share"), "share"),
            Shown("alive", self._say("alive"), "share"),
            Shown("orders", self._say("orders_each"), "number", 2),
        )
        named = rows.sort("decile", nulls_last=True)
        named = named.with_columns(pl.col("decile").str.strip_chars_start("0").fill_null(self._say("protected")))
        return self._table(named, columns, self._say("by_decile"), total, (self._say("alive_note"),))

    def by_activity(self) -> SummaryTable:
        """Return customers by value and activity together."""
        measures = _measures(float(self.scored["future"].sum()))
        order = pl.col("group").replace_strict(GROUPS, range(3)), pl.col("activity").replace_strict(ACTIVITY, range(len(ACTIVITY)))
        rows = self.scored.group_by("group", "activity").agg(**measures).sort(*order, nulls_last=True)
        named = rows.with_columns(pl.col("group").fill_null(PROTECTED), pl.col("activity").fill_null(""))
        named = named.with_columns(pl.col("group", "activity").replace(self._texts()))
        named = named.with_columns(group=pl.when(pl.col("group").ne_missing(pl.col("group").shift())).then("group").otherwise(pl.lit("")))
        columns = (
            Shown("group", self._say("value_group")),
            Shown("activity", self._say("activity")),
            Shown("customers", self._say("customers"), "count"),
            Shown("past", self._say("sum_past"), "money"),
            Shown("future", self._say("sum_future"), "money"),
            Shown("mean_future", self._say("mean_future"), "money"),
        )
        note = self._say("activity_note", likely=self._percent(LIKELY), unlikely=self._percent(UNLIKELY))
        return self._table(named, columns, self._say("by_activity"), None, (note,))

    def contact_reasons(self) -> SummaryTable | Gallery:
        """Return the people who may be contacted, and the others by reason; nothing if the file does not say."""
        return Gallery(()) if self.contact is None else self.contact.by_reason()

    def contact_channels(self) -> SummaryTable | Gallery:
        """Return the number of contactable people on each channel; nothing if the file does not say."""
        return Gallery(()) if self.contact is None else self.contact.by_channel()

    def rfm(self) -> Gallery:
        """Return buyers by recency and frequency, each cell with its usual name, small groups masked."""
        if self.ranked.is_empty():
            return Gallery((), self._say("no_rfm"))
        from relkit.plots.customer_groups import plot_group_grid

        counts = {(r, f): n for r, f, n in self.ranked.group_by("rfm_recency", "rfm_frequency").len().iter_rows()}
        fifths = range(1, FIFTHS + 1)
        drawn = plot_group_grid(
            pl.DataFrame({str(f): [float(counts.get((r, f), 0)) for r in reversed(fifths)] for f in fifths}).to_numpy(),
            rows=[self._say("recency", n=r) for r in reversed(fifths)],
            columns=[self._say("frequency", n=f) for f in fifths],
            names=[[self._label(LABEL_OF[r, f]) for f in fifths] for r in reversed(fifths)],
            title=self._say("rfm"),
            smallest=SMALLEST_GROUP,
            language=self.language,
        )
        return Gallery((Picture(drawn, self._say("c_rfm")),))

    def by_rfm(self) -> SummaryTable:
        """Return buyers by group of recency and frequency, the best first; no rows if no purchases are known."""
        known = [name for name in ("days_since_last_order", "orders_12m") if name in self.ranked.columns]
        values = {"days_since_last_order": pl.col("days_since_last_order").median(), "orders_12m": pl.col("orders_12m").mean()}
        rows = self.ranked.group_by("rfm_label").agg(customers=pl.len().cast(pl.Int64), **{name: values[name] for name in known})
        rows = rows.sort(pl.col("rfm_label").replace_strict(list(LABELS), range(len(LABELS)), return_dtype=pl.Int64))
        named = rows.with_columns(
            pl.col("rfm_label").replace({code: self._label(code) for code in LABELS}), share=pl.col("customers") / max(len(self.ranked), 1)
        )
        columns = (
            Shown("rfm_label", self._say("rfm_label")),
            Shown("customers", self._say("customers"), "count"),
            Shown("share", self._say("share_of"), "share"),
            *((Shown("days_since_last_order", self._say("since"), "number", 0),) if "days_since_last_order" in known else ()),
            *((Shown("orders_12m", self._say("orders_12m"), "number", 1),) if "orders_12m" in known else ()),
        )
        return self._table(named, columns, self._say("by_rfm"), None)

    def _label(self, code: str) -> str:
        return LABELS[code][self.language]

    def by_quality(self) -> SummaryTable:
        """Return the basis of the forecasts."""
        named = self.scored.with_columns(pl.col("quality").fill_null("none"))
        rows = named.group_by("quality").agg(customers=pl.len().cast(pl.Int64)).sort("customers", "quality", descending=[True, False])
        shares = rows.with_columns(pl.col("quality").replace(self._texts()), share=pl.col("customers") / max(len(named), 1))
        columns = (
            Shown("quality", self._say("quality")),
            Shown("customers", self._say("customers"), "count"),
            Shown("share", self._say("share_of"), "share"),
        )
        return self._table(shares, columns, self._say("by_quality"), None)

    def concentration(self) -> Picture:
        """Return the share of expected value that the most promising customers account for."""
        from relkit.metrics.ranking import lorenz_curve
        from relkit.plots.lifetime_value import plot_concentration

        future = self.scored["future"].clip(0.0).to_numpy()
        return Picture(plot_concentration(lorenz_curve(future, future), language=self.language), self._say("c_concentration"))

    def means(self) -> Picture:
        """Return past and expected value by tenth."""
        from relkit.plots.customer_groups import plot_value_by_decile

        rows = self.scored.drop_nulls("decile").group_by("decile").agg(pl.col("past", "future").mean()).sort("decile")
        names = (self._say("past"), self._say("future"))
        past, future = rows["past"].to_numpy(), rows["future"].to_numpy()
        drawn = plot_value_by_decile(past, future, names=names, currency=self.currency, language=self.language)
        return Picture(drawn, self._say("c_means"))

    def grid(self) -> Picture:
        """Return customers by value and activity, small groups masked."""
        from relkit.plots.customer_groups import plot_group_grid

        groups, seen = (
            [name for name in names if name in found]
            for names, found in ((GROUPS, set(self.scored["group"].unique())), (ACTIVITY, set(self.scored["activity"].unique())))
        )
        wide = self.scored.drop_nulls("group").pivot("activity", index="group", values="decile", aggregate_function="len")
        ordered = pl.DataFrame({"group": groups}).join(wide, on="group", maintain_order="left")
        drawn = plot_group_grid(
            ordered.select(pl.col(seen).fill_null(0).cast(pl.Float64)).to_numpy(),
            rows=[self._say(name) for name in groups],
            columns=[self._say(name) for name in seen],
            title=self._say("grid"),
            smallest=SMALLEST_GROUP,
            language=self.language,
        )
        return Picture(drawn, self._say("c_grid"))

    def _table(
        self, rows: pl.DataFrame, columns: tuple[Shown, ...], caption: str, total: dict[str, Any] | None, notes: tuple[str, ...] = ()
    ) -> SummaryTable:
        return SummaryTable(
            frame=rows,
            columns=columns,
            caption=caption,
            language=self.language,
            currency=self.currency,
            count="customers",
            total=total,
            notes=notes,
        )

    @property
    def _judged(self) -> int:
        """Number of customers for whom the model can tell whether they still buy."""
        return int(self.scored["activity"].is_in(JUDGED).sum())

    def _texts(self) -> Mapping[str, str]:
        return in_language(TEXTS, self.language)

    def _say(self, key: str, **values: Any) -> str:
        texts = self._texts()
        key = f"{key}_{self.measure}" if key in {"past", "future"} else key
        past, future = texts[f"past_{self.measure}"], texts[f"future_{self.measure}"].format(span=self.span)
        written = {name: number(value, self.language) if isinstance(value, int) else value for name, value in values.items()}
        shared = {
            "span": self.span,
            "what": texts[self.measure],
            "until": texts[f"until_{self.measure}"],
            "past": past,
            "future": future,
            "days": number(self.order_days, self.language),
        }
        return texts[key].format(**{**shared, **written})

    def _money(self, values: pl.Series) -> str:
        return money(float(values.sum()), self.currency, self.language)

    def _percent(self, share: float) -> str:
        return percent(share, self.language)


def _nearest(people: pl.DataFrame, scores: Iterable[Score], kind: ScoreKind, *, ending: str = "") -> tuple[str, int]:
    """Return the column of the score of a kind with the nearest horizon, and that horizon; an empty name if there is none."""
    there = [s for s in scores if kind.includes(s) and s.horizon is not None and f"{s}{ending}" in people.columns]
    found = [(score.horizon or 0, f"{score}{ending}") for score in there]
    horizon, name = min(found, default=(0, ""))
    return name, horizon


def _without_forecast(people: pl.DataFrame, future: pl.Expr) -> dict[str, int]:
    """Return the numbers without a forecast: neither a purchase nor a contract, profiling refused, or another reason."""
    bought = pl.col("days_since_last_order").is_not_null() if "days_since_last_order" in people.columns else pl.lit(value=False)
    holds = (pl.col("active_contracts") > 0).fill_null(value=False) if "active_contracts" in people.columns else pl.lit(value=False)
    refuses = pl.col("consent_profiling").eq_missing("refused") if "consent_profiling" in people.columns else pl.lit(value=False)
    none, known = future.is_null(), bought | holds
    counted = people.select(
        prospects=(none & ~known).sum(),
        refusing=(none & known & refuses).sum(),
        refusing_whole=refuses.sum(),
        unforecast=(none & known & ~refuses).sum(),
    )
    return {name: int(n) for name, n in counted.row(0, named=True).items()}


def _net_revenue(people: pl.DataFrame, orders: str, cur: str) -> pl.Expr:
    """Return the revenue expected of orders, less the returns expected of them and of sales already made."""
    gross = pl.col(orders) * pl.col(f"expected_order_value_{cur}")
    if "expected_return_share" not in people.columns:
        return gross
    to_come = pl.col(f"returns_to_come_{cur}").fill_null(0.0) if f"returns_to_come_{cur}" in people.columns else pl.lit(0.0)
    return gross * (1 - pl.col("expected_return_share").fill_null(0.0)) - to_come


def _read(people: pl.DataFrame, past: pl.Expr, future: pl.Expr, orders: str, bounds: dict[str, pl.Expr]) -> pl.DataFrame:
    """Return the customers with a forecast, ranked by past and expected value together."""
    alive = pl.col("p_alive") if "p_alive" in people.columns else pl.lit(None, pl.Float64)
    quality = pl.col("score_quality") if "score_quality" in people.columns else pl.lit(None, pl.String)
    values = {"past": past.fill_null(0.0), "future": future, "alive": alive, "orders": pl.col(orders), "quality": quality, **bounds}
    segment = value_of_segment().replace("best", "top"), activity_of_segment().replace("too_early", "early")
    chosen = people.select("customer_id", *segment, **values).drop_nulls("future")
    worth = (pl.col("past") + pl.col("future")).round(2)
    ranked = chosen.sort(pl.col("group").is_null(), worth, pl.col("customer_id"), descending=[False, True, False])
    counted = pl.col("group").count()
    tenth = 10 * pl.int_range(pl.len(), dtype=pl.Int64) // pl.max_horizontal(counted, 1) + 1
    return ranked.with_columns(decile=pl.when(pl.col("group").is_not_null()).then(tenth).cast(pl.Int8))


def _measures(whole: float) -> dict[str, pl.Expr]:
    return {
        "customers": pl.len().cast(pl.Int64),
        "past": pl.col("past").sum(),
        "future": pl.col("future").sum(),
        "mean_past": pl.col("past").mean(),
        "mean_future": pl.col("future").mean(),
        "share": pl.col("future").sum() / (whole or 1.0),
        "alive": pl.col("alive").filter(pl.col("activity").is_in(JUDGED)).mean(),
        "orders": pl.col("orders").mean(),
    }
