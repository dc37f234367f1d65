"""The columns of the customer table, declared in table order; `{channel}` stands for one column for each channel.

Columns that relkit makes are in `DECLARED`. Those of the customers table are in `ATTRIBUTES`: type, unit, header and class of personal
data are those of its contract. Attributes of snapshots are worded by the mapping that declared them
(`relkit.features.dictionary`). The delivery shows some of these columns and does not declare them again.
"""

from __future__ import annotations

import polars as pl

from relkit.file_column import FileColumn
from relkit.tables.schemas import TABLES
from relkit.texts import Text

_NO_ORDER = Text("has never ordered", "n'a jamais commandé")
_NO_ORDER_12M = Text("no order in twelve months", "aucune commande sur douze mois")
_NO_PURCHASES = Text("no purchases were given", "achats non fournis")
_NO_MARGIN = Text("the margin of some line is not known", "la marge d'une ligne au moins n'est pas connue")
_NO_CONTRACT = Text("holds no contract", "n'a pas de contrat en cours")
_NO_ANSWER = Text("never answered", "n'a jamais répondu")
_NO_CONSENTS = Text("no consents are known, and nothing else forbids it", "aucun consentement connu, et rien d'autre ne l'interdit")
_CONSENTS = {
    "granted": Text("agrees", "accord"),
    "refused": Text("refuses or withdrew", "refus ou retrait"),
    "unknown": Text("never said", "jamais exprimé"),
    "expired": Text("agreed, no longer valid", "accord expiré"),
}

CUSTOMER = FileColumn(
    name="customer_id",
    dtype=pl.String,
    label=Text("Customer", "Client"),
    meaning=Text("Identifier of the customer; text, never a number.", "Identifiant du client ; c'est un texte, jamais un nombre."),
    group="key",
    personal_data="pseudonym",
)
AS_OF = FileColumn(
    name="as_of",
    dtype=pl.Date,
    label=Text("As of", "Situation au"),
    meaning=Text("Last business day whose facts are known here.", "Dernière journée dont les faits sont connus ici."),
    unit="date",
    group="key",
)
_RELATION = (
    FileColumn(
        name="is_prospect",
        dtype=pl.Boolean,
        label=Text("Prospect", "Prospect"),
        meaning=Text(
            "No purchase, return or fee is known, and no contract that has begun.",
            "Aucun achat, retour ou frais connu, ni contrat commencé.",
        ),
        null_means=Text("neither purchases nor contracts are known", "ni achats ni contrats connus"),
        group="relation",
    ),
    FileColumn(
        name="is_left_censored",
        dtype=pl.Boolean,
        label=Text("Customer before history starts", "Client avant le début de l'historique"),
        meaning=Text(
            "May have been a customer before the first day that the sources cover: created before it, holding a contract begun before "
            "it, or, where the day of creation is not known, first seen buying in the first 31 days.",
            "A pu être client avant le premier jour couvert par les sources : créé avant ce jour, titulaire d'un contrat commencé avant, "
            "ou, à défaut de date de création, premier achat dans les 31 premiers jours.",
        ),
        null_means=Text(
            "no purchase is known, and no contract that has begun",
            "aucun achat connu, ni contrat commencé",
        ),
        group="relation",
    ),
)
_ACTIVITY = (
    FileColumn(
        name="first_order_on",
        dtype=pl.Date,
        label=Text("First order", "Première commande"),
        meaning=Text("Day of the first purchase known.", "Jour du premier achat connu."),
        null_means=_NO_ORDER,
        unit="date",
        group="activity",
    ),
    FileColumn(
        name="last_order_on",
        dtype=pl.Date,
        label=Text("Last order", "Dernière commande"),
        meaning=Text("Day of the last purchase.", "Jour du dernier achat."),
        null_means=_NO_ORDER,
        unit="date",
        group="activity",
    ),
    FileColumn(
        name="days_since_last_order",
        dtype=pl.Int32,
        label=Text("Days since last order", "Jours depuis la dernière commande"),
        meaning=Text("Days from the last purchase to the as-of date.", "Jours écoulés entre le dernier achat et la date de situation."),
        null_means=_NO_ORDER,
        absent_means=_NO_PURCHASES,
        unit="days",
        group="activity",
        low=0,
    ),
    FileColumn(
        name="orders_12m",
        dtype=pl.Int32,
        label=Text("Orders, 12 months", "Commandes sur 12 mois"),
        meaning=Text(
            "Days with a purchase among the 365 that end on the as-of date; all purchases of a day are one order.",
            "Jours d'achat parmi les 365 qui s'achèvent à la date de situation ; tous les achats d'un jour font une commande.",
        ),
        absent_means=_NO_PURCHASES,
        unit="orders",
        group="activity",
        low=0,
    ),
    FileColumn(
        name="revenue_12m_{cur}",
        dtype=pl.Float64,
        label=Text("Revenue, 12 months ({CUR})", "Chiffre d'affaires sur 12 mois ({CUR})"),
        meaning=Text(
            "Net amount of purchases of the 365 days that end on the as-of date, returns taken off; no fees, no gift cards.",
            "Montant net des achats des 365 jours achevés à la date de situation, retours déduits ; hors frais et cartes cadeaux.",
        ),
        absent_means=_NO_PURCHASES,
        unit="{CUR}",
        group="activity",
        decimals=2,
    ),
    FileColumn(
        name="margin_12m_{cur}",
        dtype=pl.Float64,
        label=Text("Margin, 12 months ({CUR})", "Marge sur 12 mois ({CUR})"),
        meaning=Text(
            "Margin of the purchases of the 365 days that end on the as-of date, returns taken off; see the source of the margin.",
            "Marge des achats des 365 jours achevés à la date de situation, retours déduits ; voir la source de la marge.",
        ),
        null_means=_NO_MARGIN,
        unit="{CUR}",
        group="activity",
        decimals=2,
    ),
    FileColumn(
        name="channel_profile",
        dtype=pl.String,
        label=Text("Channel profile", "Profil de canal"),
        meaning=Text("Whether purchases were made through one channel or several.", "Achats par un seul canal ou par plusieurs."),
        null_means=Text("no purchase whose channel is known", "aucun achat dont le canal soit connu"),
        group="activity",
        follow=True,
        codes={"single": Text("one channel", "un seul canal"), "multi": Text("several channels", "plusieurs canaux")},
    ),
    FileColumn(
        name="baskets_12m",
        dtype=pl.Int32,
        label=Text("Baskets, 12 months", "Paniers sur 12 mois"),
        meaning=Text("Receipts, invoices or orders in the same 365 days.", "Tickets, factures ou commandes des mêmes 365 jours."),
        unit="baskets",
        group="activity",
        low=0,
    ),
    FileColumn(
        name="products_per_basket_12m",
        dtype=pl.Float64,
        label=Text("Products per basket", "Produits par panier"),
        meaning=Text("Mean number of different products in those baskets.", "Nombre moyen de produits différents dans ces paniers."),
        null_means=_NO_ORDER_12M,
        unit="products",
        group="activity",
    ),
    FileColumn(
        name="distinct_products_12m",
        dtype=pl.Int32,
        label=Text("Different products, 12 months", "Produits différents sur 12 mois"),
        meaning=Text("Number of different products in those baskets.", "Nombre de produits différents dans ces paniers."),
        null_means=_NO_ORDER_12M,
        unit="products",
        group="activity",
    ),
    FileColumn(
        name="top_category_12m",
        dtype=pl.String,
        label=Text("Main category", "Catégorie principale"),
        meaning=Text(
            "Broadest category with the largest amount in those baskets.",
            "Catégorie la plus large au plus fort montant dans ces paniers.",
        ),
        null_means=_NO_ORDER_12M,
        group="activity",
    ),
    FileColumn(
        name="top_category_share_12m",
        dtype=pl.Float64,
        label=Text("Share of the main category", "Part de la catégorie principale"),
        meaning=Text(
            "Its share of the amount of products with a category.",
            "Sa part du montant des produits qui ont une catégorie.",
        ),
        null_means=_NO_ORDER_12M,
        unit="share",
        group="activity",
    ),
)
_VALUE = (
    FileColumn(
        name="past_revenue_{cur}",
        dtype=pl.Float64,
        label=Text("Past revenue ({CUR})", "Chiffre d'affaires passé ({CUR})"),
        meaning=Text(
            "Net amount of all purchases known, returns and cancels taken off.",
            "Montant net de tous les achats connus, retours et annulations déduits.",
        ),
        unit="{CUR}",
        group="value",
    ),
    FileColumn(
        name="past_margin_{cur}",
        dtype=pl.Float64,
        label=Text("Past margin ({CUR})", "Marge passée ({CUR})"),
        meaning=Text(
            "Margin of all purchases known, returns and cancels taken off, and of the contracts: their margin a month times the months "
            "they have run since the history starts.",
            "Marge de tous les achats connus, retours et annulations déduits, et des contrats : leur marge mensuelle multipliée par les "
            "mois écoulés depuis le début de l'historique.",
        ),
        null_means=Text(
            "the margin of some line or contract is not known", "la marge d'une ligne ou d'un contrat au moins n'est pas connue"
        ),
        absent_means=Text("neither purchases nor margins of contracts were given", "ni achats ni marges de contrat fournis"),
        unit="{CUR}",
        group="value",
        decimals=2,
    ),
    FileColumn(
        name="margin_source",
        dtype=pl.String,
        label=Text("Source of the margin", "Source de la marge"),
        meaning=Text(
            "Whether every margin was given by the sources, line by line and contract by contract, or some were assumed as a share of "
            "revenue.",
            "Marges toutes fournies par les sources, ligne à ligne et contrat par contrat, ou supposées pour certaines en part du chiffre "
            "d'affaires.",
        ),
        null_means=Text("no margin is known", "aucune marge connue"),
        group="value",
        codes={
            "measured": Text("given by the source", "fournie par la source"),
            "assumed": Text("a share of revenue", "part supposée du chiffre d'affaires"),
        },
    ),
)
_MODEL = (
    FileColumn(
        name="repeat_purchases",
        dtype=pl.Int32,
        label=Text("Repeat purchases (x)", "Réachats (x)"),
        meaning=Text("Days with a purchase after the first.", "Jours d'achat après le premier."),
        null_means=_NO_ORDER,
        unit="purchases",
        group="model",
    ),
    FileColumn(
        name="last_purchase_age_days",
        dtype=pl.Float64,
        label=Text("Age at last purchase (t_x)", "Âge au dernier achat (t_x)"),
        meaning=Text("Days from the first purchase to the last.", "Jours entre le premier et le dernier achat."),
        null_means=_NO_ORDER,
        unit="days",
        group="model",
    ),
    FileColumn(
        name="observed_days",
        dtype=pl.Float64,
        label=Text("Days observed (T)", "Jours observés (T)"),
        meaning=Text("Days from the first purchase to the as-of date.", "Jours entre le premier achat et la date de situation."),
        null_means=_NO_ORDER,
        unit="days",
        group="model",
    ),
    FileColumn(
        name="mean_repeat_value",
        dtype=pl.Float64,
        label=Text("Mean value of repeat purchases ({CUR})", "Valeur moyenne des réachats ({CUR})"),
        meaning=Text(
            "Mean amount a day of purchase after the first, less what was cancelled the same day, before returns.",
            "Montant moyen par jour d'achat après le premier, annulations du jour déduites, avant retours.",
        ),
        null_means=Text("no repeat purchase", "aucun réachat"),
        unit="{CUR}",
        group="model",
    ),
    FileColumn(
        name="first_value",
        dtype=pl.Float64,
        label=Text("Value of the first purchase ({CUR})", "Valeur du premier achat ({CUR})"),
        meaning=Text(
            "Amount of the first day of purchase, less what was cancelled the same day, before returns.",
            "Montant du premier jour d'achat, annulations du jour déduites, avant retours.",
        ),
        null_means=_NO_ORDER,
        unit="{CUR}",
        group="model",
    ),
)
_CONTRACT = (
    FileColumn(
        name="active_contracts",
        dtype=pl.Int32,
        label=Text("Contracts", "Contrats en cours"),
        meaning=Text("Contracts running on the as-of date.", "Contrats en cours à la date de situation."),
        unit="contracts",
        group="contract",
    ),
    FileColumn(
        name="contract_age_days",
        dtype=pl.Int32,
        label=Text("Age of main contract", "Ancienneté du contrat principal"),
        meaning=Text(
            "Days since the main contract began: the one with the largest monthly amount.",
            "Jours depuis le début du contrat principal : celui au plus fort montant mensuel.",
        ),
        null_means=_NO_CONTRACT,
        unit="days",
        group="contract",
    ),
    FileColumn(
        name="monthly_amount_{cur}",
        dtype=pl.Float64,
        label=Text("Monthly amount ({CUR})", "Montant mensuel ({CUR})"),
        meaning=Text("Billed a month for all running contracts.", "Facturé par mois pour tous les contrats en cours."),
        null_means=Text("no running contract whose amount is known", "aucun contrat en cours dont le montant soit connu"),
        unit="{CUR}",
        group="contract",
    ),
)
_SATISFACTION = (
    FileColumn(
        name="last_nps",
        dtype=pl.Float64,
        label=Text("Last recommendation score (0-10)", "Dernière note de recommandation (0-10)"),
        meaning=Text(
            "Last answer to the question whether the customer would recommend us.",
            "Dernière réponse à la question : nous recommanderiez-vous ?",
        ),
        null_means=_NO_ANSWER,
        unit="points",
        group="satisfaction",
        low=0,
        high=10,
    ),
    FileColumn(
        name="nps_age_days",
        dtype=pl.Int32,
        label=Text("Age of that score (days)", "Ancienneté de cette note (jours)"),
        meaning=Text("Days from that answer to the as-of date.", "Jours écoulés entre cette réponse et la date de situation."),
        null_means=_NO_ANSWER,
        unit="days",
        group="satisfaction",
        low=0,
    ),
    FileColumn(
        name="has_open_case",
        dtype=pl.Boolean,
        label=Text("Open complaint", "Réclamation en cours"),
        meaning=Text("A case was opened and is not yet repaired.", "Un dossier a été ouvert et n'est pas encore réparé."),
        absent_means=Text("no cases were given", "dossiers non fournis"),
        group="satisfaction",
        follow=True,
    ),
)
_CONTACT = (
    FileColumn(
        name="human_contact_share_12m",
        dtype=pl.Float64,
        label=Text("Human contacts, 12 months", "Contacts humains sur 12 mois"),
        meaning=Text(
            "Share of the contacts of the 365 days that end on the as-of date that were with a person.",
            "Part des contacts des 365 jours qui s'achèvent à la date de situation qui ont eu lieu avec une personne.",
        ),
        null_means=Text("no contact in twelve months", "aucun contact sur douze mois"),
        unit="share",
        group="contact",
        low=0,
        high=1,
        decimals=4,
    ),
    FileColumn(
        name="contacts_30d_{channel}",
        dtype=pl.Int32,
        label=Text("Contacts in 30 days: {channel}", "Contacts en 30 jours : {channel}"),
        meaning=Text(
            "Marketing contacts that the company began on this channel, in the 30 days that end on the as-of date.",
            "Contacts commerciaux à l'initiative de l'entreprise sur ce canal, dans les 30 jours qui s'achèvent à la date de situation.",
        ),
        unit="contacts",
        group="contact",
        low=0,
    ),
    FileColumn(
        name="consent_profiling",
        dtype=pl.String,
        label=Text("Consent: profiling", "Consentement profilage"),
        meaning=Text(
            "Whether scores may be made of this customer: those who refuse have none.",
            "Si des scores peuvent être établis pour ce client : en cas de refus, il n'en a aucun.",
        ),
        group="contact",
        follow=True,
        codes=_CONSENTS,
    ),
    FileColumn(
        name="consent_{channel}",
        dtype=pl.String,
        label=Text("Consent: {channel}", "Consentement {channel}"),
        meaning=Text(
            "Marketing consent for this channel as of the date; what was never said is no agreement.",
            "Consentement commercial pour ce canal à la date de situation ; ce qui n'a jamais été exprimé ne vaut pas accord.",
        ),
        group="contact",
        follow=True,
        codes=_CONSENTS,
    ),
    FileColumn(
        name="is_contactable",
        dtype=pl.Boolean,
        label=Text("May be contacted", "Contactable"),
        meaning=Text(
            "Marketing may use at least one channel as of the date.",
            "La prospection peut passer par au moins un canal à cette date.",
        ),
        null_means=_NO_CONSENTS,
        group="contact",
        follow=True,
    ),
    FileColumn(
        name="may_contact_{channel}",
        dtype=pl.Boolean,
        label=Text("May be contacted: {channel}", "Contactable : {channel}"),
        meaning=Text(
            "Marketing on this channel is agreed to and not expired, no protective exclusion in force covers it, and the last outcome that "
            "tells of the address is no bounce or wrong number (a later proof of reach, or a newer address, undoes one).",
            "Prospection acceptée sur ce canal et non expirée, aucune exclusion protectrice en vigueur ne le couvre, et la dernière issue "
            "qui renseigne sur l'adresse n'est ni un rejet ni un faux numéro (un contact abouti ensuite, ou une adresse plus récente, "
            "l'efface).",
        ),
        null_means=_NO_CONSENTS,
        absent_means=Text("nothing is known of this channel", "rien n'est connu de ce canal"),
        group="contact",
        follow=True,
    ),
    FileColumn(
        name="not_contactable_because",
        dtype=pl.String,
        label=Text("Why not to be contacted", "Pourquoi non contactable"),
        meaning=Text(
            "The decisive reason: protection always, else the one nearest to a contact; out of reach means that every agreed channel "
            "fails or is excluded. The kind of a protective exclusion is in no file.",
            "Motif décisif : la protection toujours, sinon le plus proche d'un contact ; injoignable : chaque canal accepté est hors "
            "d'atteinte ou exclu. Nature des exclusions jamais livrée.",
        ),
        null_means=Text("may be contacted", "contactable"),
        group="contact",
        follow=True,
        codes={
            "protected": Text("protected", "personne protégée"),
            "unreachable": Text("agreed, but out of reach", "accord donné, mais injoignable"),
            "consent_expired": Text("consent expired", "accord expiré"),
            "consent_refused": Text("consent refused or withdrawn", "refus ou retrait"),
            "consent_unknown": Text("never said", "jamais exprimé"),
            "consents_absent": Text("no consents known", "aucun consentement connu"),
        },
        personal_data="personal",
    ),
    FileColumn(
        name="is_protected",
        dtype=pl.Boolean,
        label=Text("Protected", "Personne protégée"),
        meaning=Text(
            "Protective exclusions in force cover every channel: in no call list, rank or decile. Their reasons are sensitive and in no "
            "file.",
            "Des exclusions protectrices en vigueur couvrent tous les canaux : ni liste d'appels, ni rang, ni décile. Leurs motifs sont "
            "sensibles et dans aucun fichier.",
        ),
        group="contact",
        follow=True,
        personal_data="personal",
    ),
)
_SNAPSHOT_AGE = FileColumn(
    name="snapshot_age_days",
    dtype=pl.Int32,
    label=Text("Age of the snapshot", "Âge de la photo"),
    meaning=Text("Days from the last snapshot to the as-of date.", "Jours entre la dernière photo et la date de situation."),
    null_means=Text("in no snapshot", "dans aucune photo"),
    unit="days",
    group="attribute",
)

DECLARED: tuple[FileColumn, ...] = (
    *(CUSTOMER, AS_OF),
    *_RELATION,
    *_ACTIVITY,
    *_VALUE,
    *_MODEL,
    *_CONTRACT,
    *_SATISFACTION,
    *_CONTACT,
    _SNAPSHOT_AGE,
)
"""Every column that relkit makes, in the order of the table."""


def _given(name: str, meaning_fr: str, null_fr: str = "") -> FileColumn:
    """Return a column of the customers table, as its contract declares it."""
    column = TABLES["customers"][name]
    return FileColumn(
        name=name,
        dtype=column.dtype,
        label=column.label,
        meaning=Text(column.meaning, meaning_fr),
        null_means=Text(column.null_means, null_fr),
        unit=column.unit,
        group="key" if name == "entity_id" else "attribute",
        personal_data=column.personal_data,
    )


ATTRIBUTES: tuple[FileColumn, ...] = (
    _given("created_on", "Jour où l'entreprise a connu le client.", "inconnu"),
    _given("country", "Pays de résidence, code ISO 3166 quand la source en donne un."),
    _given("language", "Langue dans laquelle écrire, code ISO 639."),
    _given("birth_year", "Année de naissance."),
    _given("postcode", "Code postal de résidence, en texte : les zéros de tête comptent."),
    _given("type", "Nature du client : personne, foyer ou entreprise.", "personne"),
    _given("household_id", "Foyer du client.", "inconnu"),
    _given("entity_id", "Société, enseigne ou filiale du groupe qui porte la relation.", "entité unique"),
)
"""Every column that the customers table may give, in the order of its contract."""
