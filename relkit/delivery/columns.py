"""The columns of the scored customer file, declared once, in the order in which they stand in it.

Each line says where the value comes from: the customer table, a score, or the delivery itself. `{cur}` in a
name is the programme's currency in lower case; `{channel}` makes one column for each channel found. Labels,
meanings, units and the meaning of a null are given in English and French, because the data dictionary and
the headers of a delivery speak both. A code stays the same code in Parquet and in the plain CSV; the words that
the French files and the workbook show for it stand beside it, here and in the data dictionary.

The marketer's view (`MARKETER`) is a fixed list of these columns: the same every month, whichever tables and models there are.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from relkit.delivery.null_meanings import (
    CONSENTS,
    NO_ANSWER,
    NO_BOUND,
    NO_CALL,
    NO_CONSENTS,
    NO_CONTRACT,
    NO_CONTRACT_MARGIN,
    NO_FUTURE,
    NO_MARGIN,
    NO_ORDER,
    NO_P_ALIVE,
    NO_PURCHASE,
    NO_RANK,
    NO_REASON,
    NO_RFM,
    NO_SEGMENT,
    NOT_CONTACTABLE,
    UNKNOWN,
)
from relkit.delivery.score_quality import QUALITIES
from relkit.file_column import CHANNELS_EN, CHANNELS_FR, Both, FileColumn, PolarsType
from relkit.models import catalogue
from relkit.scores.end_reasons import END_REASONS, reason_in_words
from relkit.scores.rfm import LABELS
from relkit.scores.value_activity import SEGMENTS

if TYPE_CHECKING:
    from collections.abc import Iterable


def _column(name: str, dtype: PolarsType, label: Both, meaning: Both, null: Both = ("", ""), **more: Any) -> FileColumn:
    """Return a declared column from its pairs of texts."""
    texts: dict[str, Any] = {"label_en": label[0], "label_fr": label[1], "meaning": meaning[0], "meaning_fr": meaning[1]}
    return FileColumn(name=name, dtype=dtype, null_means=null[0], null_means_fr=null[1], **texts, **more)


def _margin_ahead(score: str, span: Both, when: Both) -> tuple[FileColumn, ...]:
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
    for bound, end, label, meaning in bounds:
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
    ),
    _column(
        "entity_id",
        pl.String,
        ("Entity", "Entité"),
        ("Legal entity or brand the customer belongs to.", "Entité juridique ou enseigne à laquelle le client est rattaché."),
        ("not given", "non renseigné"),
    ),
    _column(
        "segment_value_activity",
        pl.String,
        ("Segment: value and activity", "Segment : valeur et activité"),
        (
            (
                "Value by past and expected margin together (revenue where no margin is known): best = first fifth, middle = next 30 %, "
                "rest = other half. Activity by the probability of still buying: active from 70 %, probably gone below 30 %, uncertain "
                "in between; too early where the model cannot tell; under contract whatever the purchases."
            ),
            (
                "Valeur selon la marge passée et attendue (à défaut de marge, le chiffre d'affaires) : meilleurs = premier cinquième, "
                "moyens = 30 % suivants, autres = seconde moitié. Activité selon la probabilité d'être encore acheteur : actifs dès 70 %, "
                "sans doute perdus sous 30 %, incertains entre les deux ; trop tôt quand le modèle ne peut le dire ; sous contrat quels "
                "que soient les achats."
            ),
        ),
        NO_SEGMENT,
        kind="delivery",
        follow=True,
        codes=tuple((code, *words) for code, words in SEGMENTS.items()),
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
    ),
    _column(
        "days_since_last_order",
        pl.Int32,
        ("Days since last order", "Jours depuis la dernière commande"),
        ("Days from the last purchase to the as-of date.", "Jours écoulés entre le dernier achat et la date de situation."),
        NO_ORDER,
        unit="days",
        low=0,
    ),
    _column(
        "orders_12m",
        pl.Int32,
        ("Orders, 12 months", "Commandes sur 12 mois"),
        ("Orders in the twelve months up to the as-of date.", "Commandes des douze mois qui précèdent la date de situation."),
        UNKNOWN,
        unit="orders",
        low=0,
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
    ),
    *(
        _column(
            f"rfm_{name}",
            pl.Int8,
            (f"RFM: {label[0]} (5 = best)", f"RFM : {label[1]} (5 = meilleur)"),
            (
                f"{meaning[0]} One more than the number of fifths of the buyers who are strictly worse: equal values, equal scores.",
                f"{meaning[1]} Un de plus que le nombre de cinquièmes d'acheteurs strictement moins bons : à valeur égale, note égale.",
            ),
            NO_RFM,
            kind="delivery",
            low=1,
            high=5,
        )
        for name, label, meaning in (
            ("recency", ("recency", "récence"), ("Days since the last order.", "Jours depuis la dernière commande.")),
            ("frequency", ("frequency", "fréquence"), ("Days with an order so far.", "Jours de commande à ce jour.")),
            ("monetary", ("monetary value", "montant"), ("Net revenue so far.", "Chiffre d'affaires net à ce jour.")),
        )
    ),
    _column(
        "rfm_label",
        pl.String,
        ("RFM: group", "RFM : groupe"),
        ("Usual name of the pair of recency and frequency.", "Nom usuel du couple récence et fréquence."),
        NO_RFM,
        kind="delivery",
        codes=tuple((code, *words) for code, words in LABELS.items()),
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
    ),
    *_margin_ahead(
        "future_margin_{h}m",
        ("next {h} months", "sur {h} mois"),
        ("in the {h} months after the as-of date", "dans les {h} mois qui suivent la date de situation"),
    ),
    *_margin_ahead(
        "future_margin_endless",
        ("without end", "sans terme"),
        ("in all the time after the as-of date", "dans tout le temps qui suit la date de situation"),
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
    ),
    _column(
        "value_decile",
        pl.Int8,
        ("Value decile (1 = best)", "Décile de valeur (1 = meilleur)"),
        (
            (
                "Tenth of the customers by total margin; ten groups of equal size, equal margins in the order of customer_id. "
                "The protected and those who refuse profiling are in none."
            ),
            (
                "Dixième des clients par marge totale ; dix groupes de même effectif, les ex æquo dans l'ordre de l'identifiant. "
                "Les clients protégés et ceux qui refusent le profilage n'y sont pas."
            ),
        ),
        NO_RANK,
        kind="delivery",
        score="future_margin_{h}m",
        unit="decile",
        low=1,
        high=10,
        follow=True,
    ),
    _column(
        "is_top20_margin",
        pl.Boolean,
        ("Top 20 % by margin", "20 % meilleurs par marge"),
        (
            "In the first fifth of the customers by total margin (value deciles 1 and 2).",
            "Fait partie du premier cinquième des clients par marge totale (déciles 1 et 2).",
        ),
        NO_RANK,
        kind="delivery",
        score="future_margin_{h}m",
        follow=True,
    ),
    _column(
        "p_alive",
        pl.Float64,
        ("Probability of still buying", "Probabilité d'être encore acheteur"),
        (
            (
                "Probability that the customer has not stopped buying (purchases without a contract). Empty where it is too early to tell: "
                "with the model used, this customer's purchases do not yet say whether they stopped. An empty cell never means active."
            ),
            (
                "Probabilité que le client n'ait pas cessé d'acheter (achats hors contrat). Vide quand il est trop tôt pour le dire : "
                "avec le modèle utilisé, ses achats ne disent pas encore s'il a cessé. Une cellule vide ne signifie jamais actif."
            ),
        ),
        NO_P_ALIVE,
        kind="score",
        score="p_alive",
        unit="probability",
        low=0,
        high=1,
        decimals=4,
    ),
    _column(
        "order_probability_{h}d",
        pl.Float64,
        ("Probability of an order within {h} days", "Probabilité de commande sous {h} jours"),
        (
            (
                "Probability of at least one order in the {h} days after the as-of date, contract or not; calibrated on what customers did "
                "in the last days known, where the model could be tested on them. Filter on it to find the customers who still buy."
            ),
            (
                "Probabilité d'au moins une commande dans les {h} jours suivant la date de situation, avec ou sans contrat ; calée sur "
                "ce que les clients ont fait dans les derniers jours connus, si le modèle a pu y être éprouvé. "
                "À filtrer pour trouver qui achète encore."
            ),
        ),
        NO_PURCHASE,
        kind="score",
        score="order_probability_{h}d",
        unit="probability",
        low=0,
        high=1,
        decimals=4,
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
                "What raises the risk of ending most compared with the mean customer, 1 first; a sign, not a proof of cause.",
                "Ce qui élève le plus le risque de résiliation par rapport au client moyen, 1 d'abord ; un indice, non une cause prouvée.",
            ),
            NO_REASON,
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
            "Whom to call first with the declared offer, of those who may be phoned: by expected profit; in a budget, by profit over cost.",
            "Qui appeler d'abord avec l'offre déclarée, parmi les clients joignables : par profit ; sous budget, par profit sur coût.",
        ),
        NO_CALL,
        kind="score",
        score="retention_call_rank",
        low=1,
        beside="retention_offer_profit",
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
        NO_PURCHASE,
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
        NO_PURCHASE,
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
    ),
    _column(
        "is_contactable",
        pl.Boolean,
        ("May be contacted", "Contactable"),
        ("Marketing may use at least one channel as of the date.", "La prospection peut passer par au moins un canal à cette date."),
        NO_CONSENTS,
        follow=True,
    ),
    _column(
        "may_contact_{channel}",
        pl.Boolean,
        ("May be contacted: {channel}", "Contactable : {channel}"),
        (
            "Consent is given and not expired, no protective exclusion in force covers the channel, and the address is not known to fail.",
            "Accord donné et non expiré, aucune exclusion protectrice en vigueur sur ce canal, et adresse non connue comme défaillante.",
        ),
        NO_CONSENTS,
        follow=True,
    ),
    _column(
        "not_contactable_because",
        pl.String,
        ("Why not to be contacted", "Pourquoi non contactable"),
        (
            "The decisive reason: protection always, else the one nearest to a contact. The kind of a protective exclusion is in no file.",
            "Motif décisif : la protection toujours, sinon le plus proche d'un contact. Nature des exclusions jamais livrée.",
        ),
        ("may be contacted", "contactable"),
        personal_data="personal",
        follow=True,
        codes=NOT_CONTACTABLE,
    ),
    _column(
        "is_protected",
        pl.Boolean,
        ("Protected", "Personne protégée"),
        (
            "Protective exclusions in force cover every channel: in no call list, rank or decile. Their kind is in no file.",
            "Des exclusions protectrices en vigueur couvrent tous les canaux : ni liste d'appels, ni rang, ni décile. Nature non livrée.",
        ),
        UNKNOWN,
        personal_data="personal",
        follow=True,
    ),
    _column(
        "consent_{channel}",
        pl.String,
        ("Consent: {channel}", "Consentement {channel}"),
        ("Marketing consent for this channel as of the date.", "Consentement commercial pour ce canal à la date de situation."),
        UNKNOWN,
        follow=True,
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
        (
            "How much the scores of this customer rest on or, where there are none, why.",
            "Solidité des données sur lesquelles reposent les scores de ce client ou, à défaut de score, pourquoi.",
        ),
        kind="delivery",
        nullable=False,
        codes=tuple((code, *words) for code, words in QUALITIES.items()),
    ),
)
"""Every column the file may have, as templates, in file order."""

MARKETER = (
    *("customer_id", "segment_value_activity", "value_decile", "total_margin_{cur}", "past_margin_{cur}"),
    *("future_margin_{h}m_{cur}", "future_margin_{h}m_{cur}_low", "future_margin_{h}m_{cur}_high"),
    *("rfm_label", "days_since_last_order", "orders_12m", "revenue_12m_{cur}"),
    *("p_alive", "order_probability_{h}d", "churn_probability_{h}d", "churn_reason_1", "retention_call_rank", "has_open_case"),
    *("is_contactable", "may_contact_email", "may_contact_sms", "may_contact_phone", "may_contact_post", "not_contactable_because"),
    "score_quality",
)
"""The columns of the marketer's view, in its order: the same every month."""
DEFAULT_HORIZONS = {"d": "90", "m": "24"}
"""Days and months that stand in the marketer's headers where no score has a horizon."""


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
    for template in (*DECLARED, *(column for role in catalogue.roles() for column in role.columns)):
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


def marketer_columns(*, currency: str, scores: Iterable[str] = ()) -> tuple[FileColumn, ...]:
    """Return the columns of the marketer's view, in its order, whichever of them the file has.

    Args:
        currency: ISO code.
        scores: names in the score table; horizons come from them, those of a score that is absent from the others.

    Examples:
        >>> names = [c.name for c in marketer_columns(currency="EUR", scores=["p_alive", "expected_orders_60d"])]
        >>> len(names), names[3], names[13]
        (25, 'total_margin_eur', 'order_probability_60d')
    """
    wanted = sorted(scores)
    templates = {template.name: template for template in DECLARED}
    made = []
    for name in MARKETER:
        start, _, channel = name.rpartition("_")
        found = templates.get(name) or templates[f"{start}_{{channel}}"]
        made.append(_filled(found, currency, channel=channel, horizon=_horizon(found.score, wanted)))
    return tuple(made)


def _horizon(template: str, scores: list[str]) -> str:
    """Return the nearest horizon of a score or, where it is absent, the default if another score has it, else the nearest of theirs."""
    unit = template.partition("{h}")[2][:1]
    if not unit:
        return ""
    if own := _horizons(template, scores):
        return own[0]
    matches = (re.search(rf"_(\d+){unit}(?:_|$)", name) for name in scores)
    others = sorted({match[1] for match in matches if match}, key=int)
    default = DEFAULT_HORIZONS[unit]
    return default if default in others or not others else others[0]


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
        label_en=fill(template.label_en, CHANNELS_EN.get(channel, channel), english),
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
