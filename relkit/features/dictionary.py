"""What each column of the customer table is, in English and in French.

Columns that relkit makes are declared here. Those of the customers table take their labels from its
contract, and attributes of snapshots theirs from the mapping that declared them. In a declared name,
`{cur}` is the currency in lower case and `{channel}` stands for one column a channel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from relkit.errors import TableError
from relkit.tables.schemas import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from relkit.tables.table_set import TableSet

Both = tuple[str, str]
"""A text in English and in French."""

CHANNELS_FR = {"email": "e-mail", "sms": "SMS", "phone": "téléphone", "post": "courrier", "store": "magasin", "app": "application"}
SNAPSHOT = "snapshot_"
"""Beginning of the name of an attribute whose own name is taken."""

_NONE: Both = ("", "")
_NO_ORDER: Both = ("has never ordered", "n'a jamais commandé")
_NO_ORDER_12M: Both = ("no order in twelve months", "aucune commande sur douze mois")
_NO_MARGIN: Both = ("the margin of some line is not known", "la marge d'une ligne au moins n'est pas connue")
_NO_PAST_MARGIN: Both = (
    "the margin of some line or contract is not known",
    "la marge d'une ligne ou d'un contrat au moins n'est pas connue",
)
_NO_CONTRACT: Both = ("holds no contract", "n'a pas de contrat en cours")
_NO_ANSWER: Both = ("never answered", "n'a jamais répondu")
_NO_SNAPSHOT: Both = ("in no snapshot", "dans aucune photo")


_LEFT_CENSORED: Both = (
    (
        "May have been a customer before the first day that the sources cover: created before it, holding a contract begun before it, or, "
        "where the day of creation is not known, first seen buying in the first 31 days."
    ),
    (
        "A pu être client avant le premier jour couvert par les sources : créé avant ce jour, titulaire d'un contrat commencé avant, ou, "
        "à défaut de date de création, premier achat dans les 31 premiers jours."
    ),
)
_NO_CONSENTS: Both = (
    "no consents are known, and nothing else forbids it",
    "aucun consentement connu, et rien d'autre ne l'interdit",
)
_MAY_CONTACT: Both = (
    (
        "Marketing on this channel is agreed to and not expired, no protective exclusion in force covers it, and the last outcome that "
        "tells of the address is no bounce or wrong number (a later proof of reach, or a newer address, undoes one)."
    ),
    (
        "Prospection acceptée sur ce canal et non expirée, aucune exclusion protectrice en vigueur ne le couvre, et la dernière issue qui "
        "renseigne sur l'adresse n'est ni un rejet ni un faux numéro (un contact abouti ensuite, ou une adresse plus récente, l'efface)."
    ),
)
_BECAUSE: Both = (
    (
        "protected: exclusions cover every channel; unreachable: agreed, but every agreed channel is out of reach or excluded; "
        "consent_expired, consent_refused, consent_unknown: nothing better is known of any channel; consents_absent: there is no "
        "consents table. Protected always decides, then what is nearest to a contact."
    ),
    (
        "protected : des exclusions couvrent tous les canaux ; unreachable : accord donné, mais chaque canal accepté est hors d'atteinte "
        "ou exclu ; consent_expired, consent_refused, consent_unknown : rien de mieux n'est connu d'aucun canal ; consents_absent : pas "
        "de table des consentements. protected l'emporte toujours, puis ce qui est le plus proche d'un contact."
    ),
)


@dataclass(frozen=True)
class Described:
    """A column of the customer table, in words.

    Attributes:
        name: of the column, with `{cur}` or `{channel}` where it varies.
        family: group of the column: key, relation, activity, value, model, contract, satisfaction, contact, attribute.
        unit: of its values; "" where they have none.
        label, meaning, null: label, meaning, and what a null means, in both languages.
        personal_data: none, pseudonym, personal or sensitive.
    """

    name: str
    family: str
    unit: str
    label: Both
    meaning: Both
    null: Both = _NONE
    personal_data: str = "none"

    def named(self, name: str, **words: Both) -> dict[str, str]:
        """Return the dictionary's row for the column `name`, with `{word}` replaced in every text."""
        english, french = ({key: both[i] for key, both in words.items()} for i in (0, 1))
        return {
            "column": name,
            "label_en": self.label[0].format(**english),
            "label_fr": self.label[1].format(**french),
            "unit": self.unit.format(**english),
            "meaning": self.meaning[0].format(**english),
            "meaning_fr": self.meaning[1].format(**french),
            "null_means": self.null[0],
            "null_means_fr": self.null[1],
            "personal_data": self.personal_data,
            "family": self.family,
        }


DECLARED: tuple[Described, ...] = (
    Described("customer_id", "key", "", ("Customer", "Client"), ("The customer.", "Le client."), personal_data="pseudonym"),
    Described(
        "as_of",
        "key",
        "date",
        ("As of", "Situation au"),
        ("Business day at whose end all that is said here was known.", "Journée à la fin de laquelle tout ce qui est dit ici était connu."),
    ),
    Described(
        "is_prospect",
        "relation",
        "",
        ("Prospect", "Prospect"),
        (
            "No purchase, return or fee is known, and no contract that has begun.",
            "Aucun achat, retour ou frais connu, ni contrat commencé.",
        ),
        ("neither purchases nor contracts are known", "ni achats ni contrats connus"),
    ),
    Described(
        "is_left_censored",
        "relation",
        "",
        ("Customer before history starts", "Client avant le début de l'historique"),
        _LEFT_CENSORED,
        ("no purchase is known, and no contract that has begun", "aucun achat connu, ni contrat commencé"),
    ),
    Described(
        "first_order_on",
        "activity",
        "date",
        ("First order", "Première commande"),
        ("Day of the first purchase known.", "Jour du premier achat connu."),
        _NO_ORDER,
    ),
    Described(
        "last_order_on",
        "activity",
        "date",
        ("Last order", "Dernière commande"),
        ("Day of the last purchase.", "Jour du dernier achat."),
        _NO_ORDER,
    ),
    Described(
        "days_since_last_order",
        "activity",
        "days",
        ("Days since last order", "Jours depuis la dernière commande"),
        ("Days from the last purchase to the as-of date.", "Jours écoulés entre le dernier achat et la date de situation."),
        _NO_ORDER,
    ),
    Described(
        "orders_12m",
        "activity",
        "orders",
        ("Orders, 12 months", "Commandes sur 12 mois"),
        (
            "Days with a purchase among the 365 that end on the as-of date; all purchases of a day are one order.",
            "Jours d'achat parmi les 365 qui s'achèvent à la date de situation ; tous les achats d'un jour font une commande.",
        ),
    ),
    Described(
        "revenue_12m_{cur}",
        "activity",
        "{CUR}",
        ("Revenue, 12 months ({CUR})", "Chiffre d'affaires sur 12 mois ({CUR})"),
        (
            "Net amount of purchases of the 365 days that end on the as-of date, returns taken off; no fees, no gift cards.",
            "Montant net des achats des 365 jours achevés à la date de situation, retours déduits ; hors frais et cartes cadeaux.",
        ),
    ),
    Described(
        "margin_12m_{cur}",
        "activity",
        "{CUR}",
        ("Margin, 12 months ({CUR})", "Marge sur 12 mois ({CUR})"),
        ("Margin of the same lines; see the source of the margin.", "Marge des mêmes lignes ; voir la source de la marge."),
        _NO_MARGIN,
    ),
    Described(
        "channel_profile",
        "activity",
        "",
        ("Channel profile", "Profil de canal"),
        ("single: bought through one channel; multi: through several.", "single : achats par un seul canal ; multi : par plusieurs."),
        ("no purchase whose channel is known", "aucun achat dont le canal soit connu"),
    ),
    Described(
        "baskets_12m",
        "activity",
        "baskets",
        ("Baskets, 12 months", "Paniers sur 12 mois"),
        ("Receipts, invoices or orders in the same 365 days.", "Tickets, factures ou commandes des mêmes 365 jours."),
    ),
    Described(
        "products_per_basket_12m",
        "activity",
        "products",
        ("Products per basket", "Produits par panier"),
        ("Mean number of different products in those baskets.", "Nombre moyen de produits différents dans ces paniers."),
        _NO_ORDER_12M,
    ),
    Described(
        "distinct_products_12m",
        "activity",
        "products",
        ("Different products, 12 months", "Produits différents sur 12 mois"),
        ("Number of different products in those baskets.", "Nombre de produits différents dans ces paniers."),
        _NO_ORDER_12M,
    ),
    Described(
        "top_category_12m",
        "activity",
        "",
        ("Main category", "Catégorie principale"),
        ("Broadest category with the largest amount in those baskets.", "Catégorie la plus large au plus fort montant dans ces paniers."),
        _NO_ORDER_12M,
    ),
    Described(
        "top_category_share_12m",
        "activity",
        "share",
        ("Share of the main category", "Part de la catégorie principale"),
        ("Its share of the amount of products with a category.", "Sa part du montant des produits qui ont une catégorie."),
        _NO_ORDER_12M,
    ),
    Described(
        "past_revenue_{cur}",
        "value",
        "{CUR}",
        ("Past revenue ({CUR})", "Chiffre d'affaires passé ({CUR})"),
        (
            "Net amount of all purchases known, returns and cancels taken off.",
            "Montant net de tous les achats connus, retours et annulations déduits.",
        ),
    ),
    Described(
        "past_margin_{cur}",
        "value",
        "{CUR}",
        ("Past margin ({CUR})", "Marge passée ({CUR})"),
        (
            (
                "Margin of all purchases known, returns and cancels taken off, and of the contracts: their margin a month times the "
                "months they have run since the history starts."
            ),
            (
                "Marge de tous les achats connus, retours et annulations déduits, et des contrats : leur marge mensuelle multipliée "
                "par les mois écoulés depuis le début de l'historique."
            ),
        ),
        _NO_PAST_MARGIN,
    ),
    Described(
        "margin_source",
        "value",
        "",
        ("Source of the margin", "Source de la marge"),
        (
            "measured: every margin comes from the sources; assumed: some rest on an assumption.",
            "measured : toutes les marges viennent des sources ; assumed : certaines reposent sur une hypothèse.",
        ),
        ("no margin is known", "aucune marge connue"),
    ),
    Described(
        "repeat_purchases",
        "model",
        "purchases",
        ("Repeat purchases (x)", "Réachats (x)"),
        ("Days with a purchase after the first.", "Jours d'achat après le premier."),
        _NO_ORDER,
    ),
    Described(
        "last_purchase_age_days",
        "model",
        "days",
        ("Age at last purchase (t_x)", "Âge au dernier achat (t_x)"),
        ("Days from the first purchase to the last.", "Jours entre le premier et le dernier achat."),
        _NO_ORDER,
    ),
    Described(
        "observed_days",
        "model",
        "days",
        ("Days observed (T)", "Jours observés (T)"),
        ("Days from the first purchase to the as-of date.", "Jours entre le premier achat et la date de situation."),
        _NO_ORDER,
    ),
    Described(
        "mean_repeat_value",
        "model",
        "{CUR}",
        ("Mean value of repeat purchases ({CUR})", "Valeur moyenne des réachats ({CUR})"),
        (
            "Mean amount a day of purchase after the first, less what was cancelled the same day, before returns.",
            "Montant moyen par jour d'achat après le premier, annulations du jour déduites, avant retours.",
        ),
        ("no repeat purchase", "aucun réachat"),
    ),
    Described(
        "active_contracts",
        "contract",
        "contracts",
        ("Contracts", "Contrats en cours"),
        ("Contracts running on the as-of date.", "Contrats en cours à la date de situation."),
    ),
    Described(
        "contract_age_days",
        "contract",
        "days",
        ("Age of main contract", "Ancienneté du contrat principal"),
        (
            "Days since the main contract began: the one with the largest monthly amount.",
            "Jours depuis le début du contrat principal : celui au plus fort montant mensuel.",
        ),
        _NO_CONTRACT,
    ),
    Described(
        "monthly_amount_{cur}",
        "contract",
        "{CUR}",
        ("Monthly amount ({CUR})", "Montant mensuel ({CUR})"),
        ("Billed a month for all running contracts.", "Facturé par mois pour tous les contrats en cours."),
        ("no running contract whose amount is known", "aucun contrat en cours dont le montant soit connu"),
    ),
    Described(
        "last_nps",
        "satisfaction",
        "points",
        ("Last recommendation score (0-10)", "Dernière note de recommandation (0-10)"),
        (
            "Last answer to the question whether the customer would recommend us.",
            "Dernière réponse à la question : nous recommanderiez-vous ?",
        ),
        _NO_ANSWER,
    ),
    Described(
        "nps_age_days",
        "satisfaction",
        "days",
        ("Days since that score", "Jours depuis cette note"),
        ("Days from that answer to the as-of date.", "Jours entre cette réponse et la date de situation."),
        _NO_ANSWER,
    ),
    Described(
        "has_open_case",
        "satisfaction",
        "",
        ("Open complaint", "Réclamation en cours"),
        ("A case was opened and is not yet repaired.", "Un dossier a été ouvert et n'est pas encore réparé."),
    ),
    Described(
        "human_contact_share_12m",
        "contact",
        "share",
        ("Human contacts, 12 months", "Contacts humains sur 12 mois"),
        (
            "Share of the contacts of the 365 days that end on the as-of date that were with a person.",
            "Part des contacts des 365 jours qui s'achèvent à la date de situation qui ont eu lieu avec une personne.",
        ),
        ("no contact in twelve months", "aucun contact sur douze mois"),
    ),
    Described(
        "contacts_30d_{channel}",
        "contact",
        "contacts",
        ("Contacts in 30 days: {channel}", "Contacts en 30 jours : {channel}"),
        (
            "Marketing contacts that the company began on this channel, in the 30 days that end on the as-of date.",
            "Contacts commerciaux à l'initiative de l'entreprise sur ce canal, dans les 30 jours qui s'achèvent à la date de situation.",
        ),
    ),
    Described(
        "consent_profiling",
        "contact",
        "",
        ("Consent: profiling", "Consentement : profilage"),
        (
            "granted, refused, expired or unknown: whether scores may be made of this customer.",
            "granted, refused, expired ou unknown : si des scores peuvent être établis pour ce client.",
        ),
    ),
    Described(
        "consent_{channel}",
        "contact",
        "",
        ("Consent: {channel}", "Consentement : {channel}"),
        (
            "granted, refused, expired or unknown: marketing on this channel as of the date; unknown is no agreement.",
            "granted, refused, expired ou unknown : prospection sur ce canal à la date de situation ; unknown ne vaut pas accord.",
        ),
    ),
    Described(
        "is_contactable",
        "contact",
        "",
        ("May be contacted", "Contactable"),
        ("Marketing may use at least one channel.", "La prospection peut passer par au moins un canal."),
        _NO_CONSENTS,
    ),
    Described(
        "may_contact_{channel}",
        "contact",
        "",
        ("May be contacted: {channel}", "Contactable : {channel}"),
        _MAY_CONTACT,
        _NO_CONSENTS,
    ),
    Described(
        "not_contactable_because",
        "contact",
        "",
        ("Why not to be contacted", "Pourquoi non contactable"),
        _BECAUSE,
        ("may be contacted", "contactable"),
        "personal",
    ),
    Described(
        "is_protected",
        "contact",
        "",
        ("Protected", "Personne protégée"),
        (
            "Protective exclusions in force cover every channel. Their reasons are sensitive and in no file.",
            "Des exclusions protectrices en vigueur couvrent tous les canaux. Leurs motifs sont sensibles et dans aucun fichier.",
        ),
        personal_data="personal",
    ),
    Described(
        "snapshot_age_days",
        "attribute",
        "days",
        ("Age of the snapshot", "Âge de la photo"),
        ("Days from the last snapshot to the as-of date.", "Jours entre la dernière photo et la date de situation."),
        _NO_SNAPSHOT,
    ),
)
"""Every column that relkit makes, in the order of the table."""

_BY_NAME = {described.name: described for described in DECLARED}


def dictionary(columns: Iterable[str], tables: TableSet) -> pl.DataFrame:
    """Return one row a column of the customer table, in the order given.

    Args:
        columns: names of the table's columns.
        tables: the company whose customer table it is, for its currency and its declared attributes.

    Returns:
        column, label_en, label_fr, unit, meaning, meaning_fr, null_means, null_means_fr, personal_data, family.

    Raises:
        TableError: a column is described nowhere.
    """
    return pl.DataFrame([_row(name, tables) for name in columns])


def _row(name: str, tables: TableSet) -> dict[str, str]:
    code = tables.facts.currency
    template = name.removesuffix(code.lower()) + "{cur}"
    found = _BY_NAME.get(name) or _BY_NAME.get(template)
    if found is not None:
        return found.named(name, cur=(code.lower(), code.lower()), CUR=(code, code))
    for start in ("contacts_30d_", "consent_", "may_contact_"):
        if name.startswith(start) and (start == "may_contact_" or tables.has(start.partition("_")[0].rstrip("s") + "s")):
            channel = name.removeprefix(start)
            return _BY_NAME[f"{start}{{channel}}"].named(name, channel=(channel, CHANNELS_FR.get(channel, channel)))
    return _attribute_row(name, tables)


def _attribute_row(name: str, tables: TableSet) -> dict[str, str]:
    """Return the row of a column of the customers table, or of an attribute of snapshots."""
    if tables.has("customers") and name in TABLES["customers"].names:
        column = TABLES["customers"][name]
        texts = Described(
            name,
            "attribute",
            column.unit,
            (column.label_en, column.label_fr),
            (column.meaning, column.meaning),
            _NONE,
            column.personal_data,
        )
        return texts.named(name) | {"null_means": column.null_means, "null_means_fr": column.null_means, "family": _family(name)}
    attribute = name.removeprefix(SNAPSHOT) if name.startswith(SNAPSHOT) else name
    if tables.has("customer_snapshots") and attribute in tables.columns("customer_snapshots"):
        said = tables.facts.attributes.get(attribute, {})
        label = (said.get("label_en") or attribute, said.get("label_fr") or attribute)
        meaning = said.get("meaning") or "Attribute of the last snapshot."
        fr = said.get("meaning") or "Attribut de la dernière photo."
        null = ("not given, or in no snapshot", "non renseigné, ou dans aucune photo")
        return Described(
            name, "attribute", said.get("unit", ""), label, (meaning, fr), null, said.get("personal_data") or "personal"
        ).named(name)
    raise TableError.unknown("column", name, [described.name for described in DECLARED], where="customer table")


def _family(name: str) -> str:
    return "key" if name == "entity_id" else "attribute"
