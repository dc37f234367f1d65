"""The columns of the scored customer file, declared once, in the order in which they stand in it.

Each line says where the value comes from: the customer table, a score, or the delivery itself. `{cur}` in a
name is the programme's currency in lower case; `{channel}` makes one column for each channel found. Labels,
meanings, units and the meaning of a null are given in English and French, because the data dictionary and
the headers of a delivery speak both. Values are never translated: a code stays the same code in every file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from relkit.contracts import Column
from relkit.scores.end_reasons import END_REASONS, reason_in_words

if TYPE_CHECKING:
    from collections.abc import Iterable

Language = Literal["en", "fr"]
Kind = Literal["table", "score", "delivery"]
PolarsType = pl.DataType | type[pl.DataType]

CHANNELS_FR = {
    "email": "e-mail",
    "phone": "téléphone",
    "post": "courrier",
    "sms": "SMS",
    "mail": "courrier",
    "app": "application",
    "profiling": "profilage",
}
UNITS_FR = {
    "days": "jours",
    "months": "mois",
    "orders": "commandes",
    "share": "part",
    "probability": "probabilité",
    "contacts": "contacts",
    "date": "date",
    "points": "points",
    "decile": "décile",
}


@dataclass(frozen=True, kw_only=True)
class FileColumn(Column):
    """A column of a delivered file.

    Attributes:
        kind: whether the customer table, a score or the delivery itself gives the value.
        score: name, in the score table, of the score it shows or rests on; empty for facts.
        bound: which of a score's three numbers is shown.
        decimals: digits kept; every file carries the rounded value, so that all formats agree.
        follow: whether a change of value is reported in the difference between two deliveries.
        rank: place in the choice of the marketer view's columns, 0 = not eligible.
        codes: code, its meaning in English, its meaning in French.
        beside: a score beside which the column stands even where it is empty for everybody.
    """

    kind: Kind = "table"
    score: str = ""
    bound: Literal["value", "lower", "upper"] = "value"
    decimals: int | None = None
    follow: bool = False
    rank: int = 0
    meaning_fr: str = ""
    null_means_fr: str = ""
    codes: tuple[tuple[str, str, str], ...] = ()
    beside: str = ""

    def label(self, language: Language) -> str:
        """Return the header for people."""
        return self.label_fr if language == "fr" else self.label_en

    def unit_in(self, language: Language) -> str:
        """Return the unit in that language; a currency is the same in both."""
        return UNITS_FR.get(self.unit, self.unit) if language == "fr" else self.unit

    def allowed_in(self, language: Language) -> str:
        """Return what the column may hold, codes with their meaning."""
        if self.codes:
            return "; ".join(f"{code} = {fr if language == 'fr' else en}" for code, en, fr in self.codes)
        if self.dtype == pl.Boolean:
            return "VRAI, FAUX" if language == "fr" else "true, false"
        to = "à" if language == "fr" else "to"
        if self.low is not None and self.high is not None:
            return f"{self.low:g} {to} {self.high:g}"
        return f">= {self.low:g}" if self.low is not None else ""


Both = tuple[str, str]
"""A text in English and in French."""

NO_ORDER: Both = ("has never ordered", "n'a jamais commandé")
NO_MARGIN: Both = ("past or future margin is unknown, or profiling refused", "marge passée ou future inconnue, ou profilage refusé")
NO_FUTURE: Both = (
    "neither purchases nor a running contract to score, a part of unknown margin, or profiling refused",
    "ni achat ni contrat en cours à partir desquels calculer, part de marge inconnue, ou profilage refusé",
)
NO_BOUND: Both = (
    "no expected margin, or a model that does not tell how sure it is",
    "pas de marge attendue, ou un modèle qui ne dit pas sa précision",
)
NO_CONTRACT: Both = ("no active contract, or profiling refused", "aucun contrat en cours, ou profilage refusé")
NO_CONTRACT_MARGIN: Both = (
    "no active contract, one of unknown margin, or profiling refused",
    "aucun contrat en cours, contrat de marge inconnue, ou profilage refusé",
)
NO_CALL: Both = (
    "not to be called: calling would not pay, the budget is spent, or there is no such value",
    "à ne pas appeler : l'appel ne serait pas rentable, le budget est épuisé, ou cette valeur n'existe pas",
)
NO_PURCHASE: Both = ("no purchase history to score, or profiling refused", "aucun achat à partir duquel calculer, ou profilage refusé")
NO_RETURN: Both = ("has never ordered, or profiling refused", "n'a jamais commandé, ou profilage refusé")
UNKNOWN: Both = ("not known", "non connu")
NO_ANSWER: Both = ("never answered", "n'a jamais répondu")
CONSENTS = (
    ("granted", "agrees", "accord"),
    ("refused", "refuses or withdrew", "refus ou retrait"),
    ("unknown", "never said", "jamais exprimé"),
    ("expired", "agreed, no longer valid", "accord expiré"),
)


def _column(name: str, dtype: PolarsType, label: Both, meaning: Both, null: Both = ("", ""), **more: Any) -> FileColumn:
    """Return a declared column from its pairs of texts."""
    texts: dict[str, Any] = {"label_en": label[0], "label_fr": label[1], "meaning": meaning[0], "meaning_fr": meaning[1]}
    return FileColumn(name=name, dtype=dtype, null_means=null[0], null_means_fr=null[1], **texts, **more)


def _margin_ahead(score: str, span: Both, when: Both, *, ranks: tuple[int, int, int]) -> tuple[FileColumn, ...]:
    """Return the columns of a margin ahead and of its bounds."""
    bounds: tuple[tuple[Literal["value", "lower", "upper"], str, Both, Both], ...] = (
        ("value", "", ("", ""), _AHEAD),
        ("lower", "_low", (", low", ", borne basse"), ("Lower bound of the {what} (95 %). {of}", "Borne basse de la {what} (95 %). {of}")),
        (
            "upper",
            "_high",
            (", high", ", borne haute"),
            ("Upper bound of the {what} (95 %). {of}", "Borne haute de la {what} (95 %). {of}"),
        ),
    )
    what, of = ("expected margin", "marge attendue"), _OF_EXPECTED
    columns = []
    for (bound, end, label, meaning), rank in zip(bounds, ranks, strict=True):
        said = [meaning[i].replace("{what}", what[i]).replace("{of}", of[i]).replace("{when}", when[i]) for i in (0, 1)]
        columns.append(
            _column(
                f"{score}_{{cur}}{end}",
                pl.Float64,
                (f"Expected margin, {span[0]}{label[0]} ({{CUR}})", f"Marge attendue {span[1]}{label[1]} ({{CUR}})"),
                (said[0], said[1]),
                NO_FUTURE if bound == "value" else NO_BOUND,
                kind="score",
                score=score,
                bound=bound,
                unit="{CUR}",
                decimals=2,
                rank=rank,
            )
        )
    return tuple(columns)


_AHEAD: Both = (
    (
        "Margin expected {when}, each amount discounted from its own day: of purchases (expected orders, by the value of an order, less "
        "what comes back, by the margin rate) and of running contracts (margin a month, for as long as they should run). "
        "Who has both has the sum."
    ),
    (
        "Marge attendue {when}, chaque montant actualisé à partir de son jour : celle des achats (commandes attendues, par la valeur d'une "
        "commande, moins ce qui revient, par le taux de marge) et celle des contrats en cours (marge mensuelle, tant qu'ils devraient "
        "durer). Qui a les deux a la somme."
    ),
)
_OF_EXPECTED: Both = (
    "It tells how sure the model is of the expectation; what one customer does scatters far more.",
    "Elle dit la précision de l'espérance ; ce que fera un client donné varie bien davantage.",
)

DECLARED: tuple[FileColumn, ...] = (
    _column(
        "customer_id",
        pl.String,
        ("Customer", "Client"),
        ("Identifier of the customer; text, never a number.", "Identifiant du client ; c'est un texte, jamais un nombre."),
        required=True,
        nullable=False,
        personal_data="pseudonym",
        kind="delivery",
        rank=1,
    ),
    _column(
        "as_of",
        pl.Date,
        ("As of", "Situation au"),
        ("Last business day whose facts are known to this file.", "Dernière journée dont les faits sont connus de ce fichier."),
        required=True,
        nullable=False,
        kind="delivery",
        unit="date",
        rank=28,
    ),
    _column(
        "entity_id",
        pl.String,
        ("Entity", "Entité"),
        ("Legal entity or brand the customer belongs to.", "Entité juridique ou enseigne à laquelle le client est rattaché."),
        ("not given", "non renseigné"),
        rank=27,
    ),
    _column(
        "is_left_censored",
        pl.Boolean,
        ("Customer before history starts", "Client avant le début de l'historique"),
        (
            "The customer may have bought before the first day the sources cover.",
            "Le client a pu acheter avant le premier jour couvert par les sources.",
        ),
        NO_ORDER,
        rank=26,
    ),
    _column(
        "days_since_last_order",
        pl.Int32,
        ("Days since last order", "Jours depuis la dernière commande"),
        ("Days from the last purchase to the as-of date.", "Jours écoulés entre le dernier achat et la date de situation."),
        NO_ORDER,
        unit="days",
        low=0,
        rank=2,
    ),
    _column(
        "orders_12m",
        pl.Int32,
        ("Orders, 12 months", "Commandes sur 12 mois"),
        ("Orders in the twelve months up to the as-of date.", "Commandes des douze mois qui précèdent la date de situation."),
        UNKNOWN,
        unit="orders",
        low=0,
        rank=3,
    ),
    _column(
        "revenue_12m_{cur}",
        pl.Float64,
        ("Revenue, 12 months ({CUR})", "Chiffre d'affaires sur 12 mois ({CUR})"),
        (
            "Net revenue of the twelve months up to the as-of date, returns taken off.",
            "Chiffre d'affaires net des douze derniers mois, retours déduits.",
        ),
        UNKNOWN,
        unit="{CUR}",
        decimals=2,
        rank=4,
    ),
    _column(
        "margin_12m_{cur}",
        pl.Float64,
        ("Margin, 12 months ({CUR})", "Marge sur 12 mois ({CUR})"),
        (
            "Margin of the purchases of the twelve months up to the as-of date; see the margin's source.",
            "Marge des achats des douze derniers mois ; voir la source de la marge.",
        ),
        UNKNOWN,
        unit="{CUR}",
        decimals=2,
        rank=23,
    ),
    _column(
        "margin_source",
        pl.String,
        ("Source of the margin", "Source de la marge"),
        (
            "Whether margins were given, line by line and contract by contract, or assumed as a share of revenue.",
            "Marges fournies ligne à ligne et contrat par contrat, ou supposées en part du chiffre d'affaires.",
        ),
        ("no margin is known", "aucune marge connue"),
        rank=24,
        codes=(
            ("measured", "given by the source", "fournie par la source"),
            ("assumed", "a share of revenue", "part supposée du chiffre d'affaires"),
        ),
    ),
    _column(
        "channel_profile",
        pl.String,
        ("Channel profile", "Profil de canal"),
        ("Whether purchases were made through one channel or several.", "Achats par un seul canal ou par plusieurs."),
        NO_ORDER,
        follow=True,
        rank=18,
        codes=(("single", "one channel", "un seul canal"), ("multi", "several channels", "plusieurs canaux")),
    ),
    _column(
        "human_contact_share_12m",
        pl.Float64,
        ("Human contacts, 12 months", "Contacts humains sur 12 mois"),
        (
            "Share of contacts of the last twelve months that were with a person.",
            "Part des contacts des douze derniers mois qui ont eu lieu avec une personne.",
        ),
        ("no contact in twelve months", "aucun contact sur douze mois"),
        unit="share",
        low=0,
        high=1,
        decimals=4,
        rank=25,
    ),
    _column(
        "past_margin_{cur}",
        pl.Float64,
        ("Past margin ({CUR})", "Marge passée ({CUR})"),
        (
            "Margin of all purchases so far, and of the months that contracts have run.",
            "Marge de tous les achats connus à ce jour, et des mois de contrat écoulés.",
        ),
        UNKNOWN,
        unit="{CUR}",
        decimals=2,
        rank=5,
    ),
    *_margin_ahead(
        "future_margin_{h}m",
        ("next {h} months", "sur {h} mois"),
        ("in the {h} months after the as-of date", "dans les {h} mois qui suivent la date de situation"),
        ranks=(6, 7, 8),
    ),
    *_margin_ahead(
        "future_margin_endless",
        ("without end", "sans terme"),
        ("in all the time after the as-of date", "dans tout le temps qui suit la date de situation"),
        ranks=(0, 0, 0),
    ),
    _column(
        "total_margin_{cur}",
        pl.Float64,
        ("Total margin ({CUR})", "Marge totale ({CUR})"),
        ("Past margin plus expected margin of the next {h} months.", "Marge passée plus marge attendue sur {h} mois."),
        NO_MARGIN,
        kind="delivery",
        score="future_margin_{h}m",
        unit="{CUR}",
        decimals=2,
        rank=9,
    ),
    _column(
        "value_decile",
        pl.Int8,
        ("Value decile (1 = best)", "Décile de valeur (1 = meilleur)"),
        (
            "Tenth of the customers by total margin; ten groups of equal size, equal margins in the order of customer_id.",
            "Dixième des clients par marge totale ; dix groupes de même effectif, les ex æquo dans l'ordre de l'identifiant.",
        ),
        NO_MARGIN,
        kind="delivery",
        score="future_margin_{h}m",
        unit="decile",
        low=1,
        high=10,
        follow=True,
        rank=10,
    ),
    _column(
        "is_top20_margin",
        pl.Boolean,
        ("Top 20 % by margin", "20 % meilleurs par marge"),
        (
            "In the first fifth of the customers by total margin (value deciles 1 and 2).",
            "Fait partie du premier cinquième des clients par marge totale (déciles 1 et 2).",
        ),
        NO_MARGIN,
        kind="delivery",
        score="future_margin_{h}m",
        follow=True,
        rank=11,
    ),
    _column(
        "p_alive",
        pl.Float64,
        ("Probability of still buying", "Probabilité d'être encore acheteur"),
        (
            (
                "Probability that the customer has not stopped buying (purchases without a contract). Near 1 after a single purchase, "
                "whatever the silence since: see the quality of the scores."
            ),
            (
                "Probabilité que le client n'ait pas cessé d'acheter (achats hors contrat). Proche de 1 après un seul achat, "
                "quel que soit le silence depuis : voir la qualité des scores."
            ),
        ),
        ("no purchase history, an active contract, or profiling refused", "aucun achat, contrat en cours ou profilage refusé"),
        kind="score",
        score="p_alive",
        unit="probability",
        low=0,
        high=1,
        decimals=4,
        rank=12,
    ),
    _column(
        "churn_probability_{h}d",
        pl.Float64,
        ("Probability of ending the contract within {h} days", "Probabilité de résiliation sous {h} jours"),
        (
            "Probability that the active contract ends within {h} days of the as-of date.",
            "Probabilité que le contrat en cours prenne fin dans les {h} jours.",
        ),
        NO_CONTRACT,
        kind="score",
        score="churn_probability_{h}d",
        unit="probability",
        low=0,
        high=1,
        decimals=4,
        rank=13,
    ),
    _column(
        "churn_probability_{h}d_{reason}",
        pl.Float64,
        ("Probability of ending the contract within {h} days: {reason}", "Probabilité de résiliation sous {h} jours : {reason}"),
        (
            "Probability that the active contract ends for this reason within {h} days; the reasons add up to the probability of ending.",
            "Probabilité que le contrat prenne fin pour ce motif dans les {h} jours ; la somme des motifs est celle de résiliation.",
        ),
        NO_CONTRACT,
        kind="score",
        score="churn_probability_{h}d_{reason}",
        unit="probability",
        low=0,
        high=1,
        decimals=4,
    ),
    *(
        _column(
            f"churn_reason_{k}",
            pl.String,
            (f"Reason for the risk, {k}", f"Motif du risque, {k}"),
            (
                "What raises the risk of ending most beside the mean customer, 1 first; a sign, not a proof of cause.",
                "Ce qui élève le plus le risque de résiliation par rapport au client moyen, 1 d'abord ; un indice, non une cause prouvée.",
            ),
            (
                "nothing raises it by a twentieth, no active contract, or profiling refused",
                "rien ne l'élève d'un vingtième, aucun contrat en cours, ou profilage refusé",
            ),
            kind="delivery",
            score="churn_probability_{h}d",
        )
        for k in (1, 2, 3)
    ),
    _column(
        "expected_remaining_months_{h}m",
        pl.Float64,
        ("Months the contract should run yet, of {h}", "Mois de contrat encore attendus, sur {h}"),
        (
            "Of the {h} months after the as-of date, those that the active contract is expected to run.",
            "Parmi les {h} mois qui suivent la date de situation, ceux pendant lesquels le contrat devrait encore courir.",
        ),
        NO_CONTRACT,
        kind="score",
        score="expected_remaining_months_{h}m",
        unit="months",
        low=0,
        decimals=2,
    ),
    _column(
        "expected_remaining_months_endless",
        pl.Float64,
        ("Months the contract should run yet, without end", "Mois de contrat encore attendus, sans terme"),
        (
            "Months that the active contract is expected to run yet, past the ages that any has reached by the model's rule for them.",
            "Mois pendant lesquels le contrat devrait encore courir ; au-delà des anciennetés connues, selon la règle du modèle.",
        ),
        NO_CONTRACT,
        kind="score",
        score="expected_remaining_months_endless",
        unit="months",
        low=0,
        decimals=2,
    ),
    _column(
        "contract_residual_value_{h}m_{cur}",
        pl.Float64,
        ("Residual value of contracts, next {h} months ({CUR})", "Valeur résiduelle des contrats sur {h} mois ({CUR})"),
        (
            "Margin expected of the running contracts in the {h} months after the as-of date, discounted: part of the expected margin.",
            "Marge attendue des contrats en cours sur les {h} mois suivant la date de situation, actualisée : part de la marge attendue.",
        ),
        NO_CONTRACT_MARGIN,
        kind="score",
        score="contract_residual_value_{h}m",
        unit="{CUR}",
        decimals=2,
    ),
    _column(
        "contract_residual_value_endless_{cur}",
        pl.Float64,
        ("Residual value of contracts, without end ({CUR})", "Valeur résiduelle des contrats, sans terme ({CUR})"),
        (
            "Margin expected of the running contracts in all the time after the as-of date, discounted.",
            "Marge attendue des contrats en cours dans tout le temps qui suit la date de situation, actualisée.",
        ),
        NO_CONTRACT_MARGIN,
        kind="score",
        score="contract_residual_value_endless",
        unit="{CUR}",
        decimals=2,
    ),
    _column(
        "retention_call_rank",
        pl.Int32,
        ("Retention call, rank (1 = first)", "Appel de fidélisation, rang (1 = premier)"),
        (
            "Whom to call first with the declared retention offer: by expected profit; within a budget, by profit per unit of cost.",
            "Qui appeler d'abord avec l'offre déclarée : par profit attendu ; dans la limite d'un budget, par profit rapporté au coût.",
        ),
        NO_CALL,
        kind="score",
        score="retention_call_rank",
        low=1,
        beside="retention_offer_profit",
        rank=15,
    ),
    _column(
        "retention_offer_profit_{cur}",
        pl.Float64,
        ("Expected profit of the retention offer ({CUR})", "Profit attendu de l'offre de fidélisation ({CUR})"),
        (
            "Expected value of the declared offer less its expected cost, if this customer is called.",
            "Valeur attendue de l'offre déclarée moins son coût attendu, si ce client est appelé.",
        ),
        NO_CONTRACT_MARGIN,
        kind="score",
        score="retention_offer_profit",
        unit="{CUR}",
        decimals=2,
        rank=17,
    ),
    _column(
        "retention_offer_value_{cur}",
        pl.Float64,
        ("Expected value of the retention offer ({CUR})", "Valeur attendue de l'offre de fidélisation ({CUR})"),
        (
            "Margin kept by the ends that the declared offer should avert: its uplift in retention, times what the contract brings then.",
            "Marge conservée par les fins que l'offre déclarée devrait éviter : gain de fidélité, par ce que le contrat rapporte alors.",
        ),
        NO_CONTRACT_MARGIN,
        kind="score",
        score="retention_offer_value",
        unit="{CUR}",
        decimals=2,
    ),
    _column(
        "retention_offer_cost_{cur}",
        pl.Float64,
        ("Expected cost of the retention offer ({CUR})", "Coût attendu de l'offre de fidélisation ({CUR})"),
        (
            "Cost of calling this customer, and of the offer where it should be taken.",
            "Coût de l'appel de ce client, et de l'offre dans la mesure où il devrait la prendre.",
        ),
        NO_CONTRACT_MARGIN,
        kind="score",
        score="retention_offer_cost",
        unit="{CUR}",
        low=0,
        decimals=2,
    ),
    _column(
        "expected_orders_{h}d",
        pl.Float64,
        ("Expected orders, next {h} days", "Commandes attendues sur {h} jours"),
        (
            "Expected number of orders in the {h} days after the as-of date.",
            "Nombre de commandes attendu dans les {h} jours qui suivent la date de situation.",
        ),
        NO_PURCHASE,
        kind="score",
        score="expected_orders_{h}d",
        unit="orders",
        low=0,
        decimals=4,
        rank=19,
    ),
    _column(
        "expected_order_value_{cur}",
        pl.Float64,
        ("Expected value of an order ({CUR})", "Valeur attendue d'une commande ({CUR})"),
        (
            "Expected amount of the customer's next order, before returns.",
            "Montant attendu de la prochaine commande du client, avant retours.",
        ),
        NO_PURCHASE,
        kind="score",
        score="expected_order_value",
        unit="{CUR}",
        low=0,
        decimals=2,
        rank=22,
    ),
    _column(
        "expected_return_share",
        pl.Float64,
        ("Expected share of returns", "Part de retours attendue"),
        (
            (
                "Share of the customer's coming sales expected to be sent back or cancelled later, from the customer's own past, weighed "
                "with that of all customers. The margin of coming orders is their value, less this share, times the margin rate."
            ),
            (
                "Part des ventes à venir du client qui devrait être retournée ou annulée plus tard, d'après son propre passé, pondéré par "
                "celui de tous les clients. La marge des commandes à venir est leur montant, moins cette part, par le taux de marge."
            ),
        ),
        NO_RETURN,
        kind="score",
        score="expected_return_share",
        unit="share",
        low=0,
        high=1,
        decimals=4,
    ),
    _column(
        "returns_to_come_{cur}",
        pl.Float64,
        ("Returns still to come ({CUR})", "Retours encore à venir ({CUR})"),
        (
            "Amount expected to come back of sales already made; at the margin rate it is taken off the expected margin.",
            "Montant qui devrait encore revenir des ventes déjà faites ; au taux de marge, il est déduit de la marge attendue.",
        ),
        NO_RETURN,
        kind="score",
        score="returns_to_come",
        unit="{CUR}",
        low=0,
        decimals=2,
    ),
    _column(
        "last_nps",
        pl.Float64,
        ("Last recommendation score (0-10)", "Dernière note de recommandation (0-10)"),
        (
            "Last answer to the question whether the customer would recommend us.",
            "Dernière réponse à la question : nous recommanderiez-vous ?",
        ),
        NO_ANSWER,
        unit="points",
        low=0,
        high=10,
        rank=20,
    ),
    _column(
        "nps_age_days",
        pl.Int32,
        ("Age of that score (days)", "Ancienneté de cette note (jours)"),
        ("Days from that answer to the as-of date.", "Jours écoulés entre cette réponse et la date de situation."),
        NO_ANSWER,
        unit="days",
        low=0,
    ),
    _column(
        "has_open_case",
        pl.Boolean,
        ("Open complaint", "Réclamation en cours"),
        ("A complaint or case is not yet closed.", "Une réclamation ou un dossier n'est pas encore clos."),
        UNKNOWN,
        follow=True,
        rank=21,
    ),
    _column(
        "consent_{channel}",
        pl.String,
        ("Consent: {channel}", "Consentement {channel}"),
        ("Marketing consent for this channel as of the date.", "Consentement commercial pour ce canal à la date de situation."),
        UNKNOWN,
        follow=True,
        rank=16,
        codes=CONSENTS,
    ),
    _column(
        "contacts_30d_{channel}",
        pl.Int32,
        ("Contacts in 30 days: {channel}", "Contacts en 30 jours : {channel}"),
        (
            "Contacts received through this channel in the 30 days up to the as-of date.",
            "Contacts reçus par ce canal dans les 30 jours qui précèdent la date de situation.",
        ),
        UNKNOWN,
        unit="contacts",
        low=0,
    ),
    _column(
        "score_quality",
        pl.String,
        ("Quality of the scores", "Qualité des scores"),
        ("How much the scores of this customer rest on.", "Solidité des données sur lesquelles reposent les scores de ce client."),
        ("nothing to score, or profiling refused", "rien à calculer, ou profilage refusé"),
        rank=14,
        codes=(
            ("ok", "enough history", "historique suffisant"),
            ("short_history", "one purchase, or seen for a short time", "un seul achat ou recul trop court"),
            ("imputed", "a missing value was filled in", "une valeur manquante a été remplacée"),
        ),
    ),
)
"""Every column the file may have, as templates, in file order."""


def file_columns(*, currency: str, channels: Iterable[str] = (), scores: Iterable[str] = ()) -> tuple[FileColumn, ...]:
    """Return the columns a file may have for this currency, these channels and these scores.

    Args:
        currency: ISO code, e.g. "EUR".
        channels: channels for which consent or contacts are known, in the order wanted.
        scores: names in the score table; those that no declared column shows get a plain column each.

    Examples:
        >>> names = [c.name for c in file_columns(currency="USD", channels=["email"], scores=["churn_probability_90d"])]
        >>> "revenue_12m_usd" in names, "consent_email" in names, "churn_probability_90d" in names
        (True, True, True)
    """
    wanted = sorted(scores)
    made: list[FileColumn] = []
    for template in DECLARED:
        if "{channel}" in template.name:
            made += [_filled(template, currency, channel=channel) for channel in channels]
        elif "{reason}" in template.score:
            made += [_filled(template, currency, horizon=h, reason=reason) for h, reason in _reasons(wanted)]
        elif "{h}" in template.score:
            found = _horizons(template.score, wanted)
            made += [_filled(template, currency, horizon=h) for h in (found if "{h}" in template.name else found[:1])]
        else:
            made.append(_filled(template, currency))
    shown = {column.score for column in made}
    return (*made, *(_plain(score) for score in wanted if score not in shown))


def _filled(template: FileColumn, currency: str, *, channel: str = "", horizon: str = "", reason: str = "") -> FileColumn:
    def fill(text: str, channel: str = channel, reason: str = reason) -> str:
        done = text.replace("{cur}", currency.lower()).replace("{CUR}", currency.upper())
        return done.replace("{channel}", channel).replace("{h}", horizon).replace("{reason}", reason)

    english, french = (said.replace("’", "'") for said in reason_in_words(reason))  # headers keep to the plain apostrophe

    return replace(
        template,
        name=fill(template.name),
        score=fill(template.score),
        unit=fill(template.unit),
        label_en=fill(template.label_en, reason=english),
        label_fr=fill(template.label_fr, CHANNELS_FR.get(channel, channel), french),
        meaning=fill(template.meaning),
        meaning_fr=fill(template.meaning_fr),
    )


def _horizons(template: str, scores: list[str]) -> list[str]:
    """Return the horizons, as text, at which a score such as "expected_orders_{h}d" was computed, the nearest first."""
    head, _, tail = template.partition("{h}")
    inside = [name[len(head) : -len(tail)] for name in scores if name.startswith(head) and name.endswith(tail)]
    return sorted((h for h in inside if h.isdigit()), key=int)


def _reasons(scores: list[str]) -> list[tuple[str, str]]:
    """Return horizon and reason of the scores of ends by reason, the nearest first, and reasons in the order of `END_REASONS`."""
    matches = (re.fullmatch(r"churn_probability_(\d+)d_([a-z0-9_]+)", name) for name in scores)
    found = [(match[1], match[2]) for match in matches if match]
    known = list(END_REASONS)
    return sorted(found, key=lambda pair: (int(pair[0]), known.index(pair[1]) if pair[1] in known else len(known), pair[1]))


def _plain(score: str) -> FileColumn:
    words = score.replace("_", " ").capitalize()
    return FileColumn(name=score, dtype=pl.Float64, kind="score", score=score, label_en=words, label_fr=words, decimals=4)
