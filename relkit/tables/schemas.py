"""The tables of a company, declared once: columns, types, units, ranges, keys, labels in two languages.

From these contracts are made the checks of a reading (`relkit.tables.quarantine`), the dataframely
schemas and the page docs/tables.md (`relkit.tables.documentation`).

Names end in what they hold: `_on` a day (Date), `_at` an instant (UTC, microseconds), `_id` an
identifier (text), `_rate` a share in [0, 1], `_months` and `_s` months and seconds. `valid_from` and
`valid_to` are days. Money is Float64 in the currency of the programme, excluding VAT unless the
mapping says otherwise.

Ranges are of two kinds. Outside `low`, `above` and `high` a value is impossible and its row goes to
quarantine; outside `likely_low` and `likely_high` it is unlikely and only warned about.

Personal data are of four classes: `none` says nothing about a person by itself, `pseudonym`
identifies one within the company, `personal` describes or identifies one, `sensitive` needs
protection beyond that (free text, reasons for exclusion, health of a household's budget).

Examples:
    >>> TABLES["transactions"].key
    ('transaction_line_id',)
    >>> TABLES["transactions"]["line_kind"].default
    'sale'
"""

from __future__ import annotations

from typing import Any

import polars as pl

from relkit.contracts import INSTANT, Column, Contract, Rule

SOURCE = "_source"
"""Technical column of a raw frame: the file a row was read from."""
ROW = "_row"
"""Technical column of a raw frame: the number of the row in that file, 1 for the first row of data."""

BAD = "_bad"
"""Technical column of a raw frame: a list of 'column: text' for each value that could not be read, null where all is well."""

LINE_KINDS = ("sale", "return", "cancel", "fee", "gift_card")
"""A sale counts as a purchase; returns and cancels are negative; fees and gift cards are neither purchase nor revenue."""


MONEY = "currency"
"""Unit of the columns that hold money: their sums are reconciled when a table is read."""


def _column(name: str, dtype: Any, label_en: str, label_fr: str, meaning: str, **more: Any) -> Column:
    return Column(name=name, dtype=dtype, label_en=label_en, label_fr=label_fr, meaning=meaning, **more)


def _text(name: str, label_en: str, label_fr: str, meaning: str, **more: Any) -> Column:
    return _column(name, pl.String, label_en, label_fr, meaning, **more)


def _choice(name: str, allowed: tuple[str, ...], label_en: str, label_fr: str, meaning: str, **more: Any) -> Column:
    return _column(name, pl.String, label_en, label_fr, meaning, allowed=allowed, **more)


def _day(name: str, label_en: str, label_fr: str, meaning: str, **more: Any) -> Column:
    return _column(name, pl.Date, label_en, label_fr, meaning, unit="day", **more)


def _instant(name: str, label_en: str, label_fr: str, meaning: str, **more: Any) -> Column:
    return _column(name, INSTANT, label_en, label_fr, meaning, unit="UTC instant", **more)


def _money(name: str, label_en: str, label_fr: str, meaning: str, **more: Any) -> Column:
    return _column(name, pl.Float64, label_en, label_fr, meaning, unit=MONEY, **more)


def _number(name: str, label_en: str, label_fr: str, meaning: str, **more: Any) -> Column:
    return _column(name, pl.Float64, label_en, label_fr, meaning, **more)


def _whole(name: str, label_en: str, label_fr: str, meaning: str, **more: Any) -> Column:
    return _column(name, pl.Int32, label_en, label_fr, meaning, **more)


def _flag(name: str, label_en: str, label_fr: str, meaning: str, **more: Any) -> Column:
    return _column(name, pl.Boolean, label_en, label_fr, meaning, **more)


_NEEDED: dict[str, Any] = {"required": True, "nullable": False}


def _customer(meaning: str = "The customer.", **more: Any) -> Column:
    return _text("customer_id", "Customer", "Client", meaning, personal_data="pseudonym", **more)


def _entity() -> Column:
    return _text(
        "entity_id", "Entity", "Entité", "Company, brand or subsidiary of the group that holds the relation.", null_means="single entity"
    )


def _recorded(null_means: str = "recorded when it happened") -> Column:
    return _instant(
        "recorded_at",
        "Recorded at",
        "Enregistré le",
        "When the source learnt of the row; work as of a date reads only rows recorded by then.",
        null_means=null_means,
    )


def _valid_from(what: str) -> Column:
    return _day(
        "valid_from", "Valid from", "Valable à partir du", f"First day on which this version of {what} holds.", null_means="since ever"
    )


def _valid_to(what: str) -> Column:
    return _day("valid_to", "Valid to", "Valable jusqu'au", f"Last day on which {what} holds.", null_means="still valid")


def _after(early: str, late: str, *, impossible: bool = True) -> Rule:
    return Rule(
        name=f"{late}: before {early}",
        columns=(early, late),
        broken=pl.col(late) < pl.col(early),
        impossible=impossible,
        remedy=f"Check that {early} and {late} are not swapped in the mapping.",
    )


def _dated(name: str) -> Rule:
    year = pl.col(name).dt.year()
    return Rule(
        name=f"{name}: not between 1900 and 2100",
        columns=(name,),
        broken=(year < 1900) | (year > 2100),  # one row of the year 2205 would move the last day of all the data
        remedy="Check the date format in the mapping.",
    )


_CUSTOMERS = Contract(
    name="customers",
    key=("customer_id",),
    label_en="Customers",
    label_fr="Clients",
    meaning="Who is known: one row a person, household or company, prospects among them.",
    columns=(
        _customer("The customer.", **_NEEDED),
        _day("created_on", "Created on", "Créé le", "Day on which the customer became known to the company.", null_means="unknown"),
        _text("country", "Country", "Pays", "Country of residence, ISO 3166 code where the source has one.", personal_data="personal"),
        _text("language", "Language", "Langue", "Language in which to write, ISO 639 code.", personal_data="personal"),
        _whole(
            "birth_year",
            "Birth year",
            "Année de naissance",
            "Year of birth.",
            unit="year",
            low=1850,
            high=2100,
            likely_low=1915,
            likely_high=2012,
            personal_data="personal",
        ),
        _text("postcode", "Postcode", "Code postal", "Postal code of residence, as text: leading zeros count.", personal_data="personal"),
        _choice("type", ("person", "household", "company"), "Type", "Type", "What the customer is.", null_means="person"),
        _text("household_id", "Household", "Foyer", "Household of the customer.", personal_data="pseudonym", null_means="unknown"),
        _entity(),
        _flag("is_test", "Test account", "Compte de test", "Whether the account belongs to a test, never to a customer.", null_means="no"),
    ),
)

_CUSTOMER_SNAPSHOTS = Contract(
    name="customer_snapshots",
    key=("customer_id", "as_of"),
    label_en="Customer snapshots",
    label_fr="Photos clients",
    meaning="A monthly datamart: a customer's attributes as they stood at the end of a day, any number of declared columns. "
    "Where a mapping says which of them are the tenure and the end, it stands for contracts that are not there.",
    open_ended=True,
    references=(("customer_id", "customers"),),
    rules=(_dated("as_of"),),
    columns=(
        _customer("The customer.", **_NEEDED),
        _day("as_of", "As of", "À la date du", "Day at whose end the attributes held.", **_NEEDED),
        _recorded(),
    ),
)

_IDENTIFIERS = Contract(
    name="identifiers",
    key=("source", "id_type", "id_value", "valid_from"),
    label_en="Identifiers",
    label_fr="Identifiants",
    meaning="Which number, card, address or login leads to which customer, source by source.",
    references=(("customer_id", "customers"),),
    rules=(_after("valid_from", "valid_to"),),
    columns=(
        _text("source", "Source", "Source", "System that knows the identifier.", **_NEEDED),
        _text("id_type", "Type", "Type", "Kind of identifier: card, email, phone, cookie, account.", **_NEEDED),
        _text("id_value", "Value", "Valeur", "The identifier itself.", personal_data="personal", **_NEEDED),
        _valid_from("the link"),
        _customer("The customer to whom it leads.", **_NEEDED),
        _choice(
            "role",
            ("holder", "payer", "user"),
            "Role",
            "Rôle",
            "What the customer is to what the identifier stands for.",
            null_means="holder",
        ),
        _flag("is_verified", "Verified", "Vérifié", "Whether somebody or some process proved the link.", null_means="unknown"),
        _valid_to("the link"),
    ),
)

_SIGN_REMEDY = "Declare in the mapping how the source marks returns (kind and sign), or correct the lines."

_TRANSACTIONS = Contract(
    name="transactions",
    key=("transaction_line_id",),
    label_en="Transactions",
    label_fr="Transactions",
    meaning="What was bought, one row a line of a receipt, invoice or order; returns and fees are lines of their own kind.",
    references=(("customer_id", "customers"), ("product_id", "products"), ("store_id", "stores"), ("offer_id", "offers")),
    rules=(
        _dated("occurred_at"),
        Rule(
            name="net_amount: negative on a sale",
            columns=("net_amount", "line_kind"),
            broken=(pl.col("line_kind") == "sale") & (pl.col("net_amount") < 0),
            remedy=_SIGN_REMEDY,
        ),
        Rule(
            name="net_amount: positive on a return or cancel",
            columns=("net_amount", "line_kind"),
            broken=pl.col("line_kind").is_in(["return", "cancel"]) & (pl.col("net_amount") > 0),
            remedy=_SIGN_REMEDY,
        ),
        Rule(
            name="quantity: zero",
            columns=("quantity",),
            broken=pl.col("quantity") == 0,
            impossible=False,
            remedy="Kept: the amount counts, the line has no price per unit.",
        ),
        Rule(
            name="quantity: negative on a sale",
            columns=("quantity", "line_kind"),
            broken=(pl.col("line_kind") == "sale") & (pl.col("quantity") < 0),
            impossible=False,
            remedy="Kept: declare such lines as returns in the mapping where they are.",
        ),
    ),
    columns=(
        _text("transaction_line_id", "Line", "Ligne", "The line; a mapping can make it from file and row number.", **_NEEDED),
        _text("transaction_id", "Transaction", "Transaction", "Receipt, invoice or order that holds the line.", **_NEEDED),
        _customer("The customer who bought.", always=True, null_means="not identified (no card shown, guest order)"),
        _instant("occurred_at", "Occurred at", "Date et heure", "When it was bought.", **_NEEDED),
        _text("product_id", "Product", "Produit", "What was bought.", null_means="not known"),
        _number("quantity", "Quantity", "Quantité", "How much was bought; negative on a return.", likely_low=-1000.0, likely_high=1000.0),
        _text("quantity_unit", "Unit", "Unité", "Unit of the quantity: piece, kg, litre.", null_means="piece"),
        _money("net_amount", "Net amount", "Montant net", "Paid for the line after discounts; negative on returns and cancels.", **_NEEDED),
        _money(
            "discount_amount",
            "Discount",
            "Remise",
            "Taken off the line's price before net_amount, as a positive amount.",
            null_means="none or not known",
            likely_low=0.0,
        ),
        _choice(
            "discount_funder",
            ("own", "supplier", "shared"),
            "Discount funder",
            "Financeur de la remise",
            "Who paid for the discount.",
            null_means="own or none",
        ),
        _money(
            "margin_amount",
            "Margin",
            "Marge",
            "Net amount less cost of goods; negative on returns.",
            null_means="not measured for the line",
        ),
        _choice(
            "line_kind",
            LINE_KINDS,
            "Kind of line",
            "Nature de ligne",
            "What the line is: only sales count as purchases.",
            nullable=False,
            default="sale",
        ),
        _text("return_of", "Return of", "Retour de", "Line that a return or cancel takes back.", null_means="not known"),
        _text("channel_id", "Channel", "Canal", "Where it was bought: web, store, phone, app."),
        _text("store_id", "Store", "Magasin", "Store of the purchase.", null_means="no store"),
        _text("offer_id", "Offer", "Offre", "Offer or coupon that was used.", null_means="none"),
        _text(
            "currency",
            "Currency",
            "Devise",
            "Currency in which it was paid, ISO 4217; amounts stand in the programme's.",
            null_means="the programme's",
        ),
        _entity(),
        _recorded(),
    ),
)

_PRODUCTS = Contract(
    name="products",
    key=("product_id", "valid_from"),
    label_en="Products",
    label_fr="Produits",
    meaning="What is sold; a new version of a product's row begins at valid_from.",
    columns=(
        _text("product_id", "Product", "Produit", "The product.", **_NEEDED),
        _valid_from("the row"),
        _text("name", "Name", "Nom", "Name of the product."),
        _text("category_1", "Category", "Catégorie", "Broadest category."),
        _text("category_2", "Subcategory", "Sous-catégorie", "Category within category_1."),
        _text("category_3", "Family", "Famille", "Category within category_2."),
        _text("brand", "Brand", "Marque", "Brand."),
        _text("supplier", "Supplier", "Fournisseur", "Supplier."),
        _money("price", "Price", "Prix", "List price of one unit.", low=0.0),
        _column(
            "vat_rate",
            pl.Float64,
            "VAT rate",
            "Taux de TVA",
            "Rate of VAT: 0.2 for 20 %.",
            unit="share",
            low=0.0,
            high=1.0,
            likely_high=0.3,
        ),
        _money("unit_margin", "Unit margin", "Marge unitaire", "Margin on one unit.", null_means="not known"),
        _choice(
            "margin_source",
            ("measured", "assumed"),
            "Margin source",
            "Origine de la marge",
            "Whether the margin is measured; it follows every margin into every file.",
        ),
    ),
)

_STORES = Contract(
    name="stores",
    key=("store_id",),
    label_en="Stores",
    label_fr="Magasins",
    meaning="Points of sale.",
    rules=(_after("opened_on", "closed_on"),),
    columns=(
        _text("store_id", "Store", "Magasin", "The store.", **_NEEDED),
        _text("name", "Name", "Nom", "Name of the store."),
        _text("format", "Format", "Format", "Format or size class."),
        _text("region", "Region", "Région", "Region."),
        _flag("is_owned", "Owned", "Succursale", "Whether the company runs it itself (no: franchise, partner)."),
        _day("opened_on", "Opened on", "Ouvert le", "First day of business."),
        _day("closed_on", "Closed on", "Fermé le", "Last day of business.", null_means="still open"),
    ),
)

_CONTRACTS = Contract(
    name="contracts",
    key=("contract_id", "valid_from"),
    label_en="Contracts",
    label_fr="Contrats",
    meaning="Subscriptions, policies, accounts; a new version of a contract's row begins at valid_from.",
    references=(("customer_id", "customers"), ("product_id", "products")),
    rules=(
        _dated("started_on"),
        _after("started_on", "ended_on"),
        Rule(
            name="end_reason: given without ended_on",
            columns=("ended_on", "end_reason"),
            broken=pl.col("ended_on").is_null() & pl.col("end_reason").is_not_null(),
            impossible=False,
            remedy="Kept: the contract counts as running.",
        ),
    ),
    columns=(
        _text("contract_id", "Contract", "Contrat", "The contract.", **_NEEDED),
        _valid_from("the row"),
        _customer("The customer who holds it.", **_NEEDED),
        _text("product_id", "Product", "Produit", "What is subscribed to."),
        _text("status", "Status", "Statut", "State of the contract in the source's words: active, suspended, ended.", **_NEEDED),
        _day("started_on", "Started on", "Débuté le", "First day of the contract.", **_NEEDED),
        _day("ended_on", "Ended on", "Terminé le", "Day on which it ended.", null_means="running"),
        _choice(
            "end_reason",
            ("voluntary", "involuntary", "move", "other"),
            "End reason",
            "Motif de fin",
            "Why it ended: the customer's wish, non-payment or death, a move, other.",
            null_means="running, or not known",
        ),
        _whole("term_months", "Term", "Durée d'engagement", "Months of commitment at the start.", unit="months", low=0, likely_high=600),
        _day("commitment_ends_on", "Commitment ends on", "Fin d'engagement", "Last day of the commitment.", null_means="no commitment"),
        _day("renewal_on", "Renewal on", "Échéance", "Next day on which it renews."),
        _money("monthly_amount", "Monthly amount", "Montant mensuel", "Billed a month.", likely_low=0.0),
        _money("monthly_margin", "Monthly margin", "Marge mensuelle", "Margin a month."),
        _money("balance", "Balance", "Solde", "Balance of the account; negative is owed by the customer."),
        _text("payment_method", "Payment method", "Moyen de paiement", "How it is paid: direct_debit, card, transfer, cheque, other."),
        _entity(),
        _recorded(),
    ),
)

_CONTRACT_PARTIES = Contract(
    name="contract_parties",
    key=("contract_id", "customer_id", "role"),
    label_en="Contract parties",
    label_fr="Parties aux contrats",
    meaning="Everybody bound to a contract: joint holders, payers, beneficiaries.",
    references=(("contract_id", "contracts"), ("customer_id", "customers")),
    columns=(
        _text("contract_id", "Contract", "Contrat", "The contract.", **_NEEDED),
        _customer("A party to it.", **_NEEDED),
        _text("role", "Role", "Rôle", "What the party is: holder, joint_holder, payer, user, beneficiary.", **_NEEDED),
    ),
)

_OFFERS = Contract(
    name="offers",
    key=("offer_id",),
    label_en="Offers",
    label_fr="Offres",
    meaning="Coupons, gifts, discounts that an action may carry.",
    rules=(_after("starts_on", "ends_on"),),
    columns=(
        _text("offer_id", "Offer", "Offre", "The offer.", **_NEEDED),
        _text("name", "Name", "Nom", "Name of the offer."),
        _text("funder", "Funder", "Financeur", "Who pays for it: own, supplier, shared."),
        _money("unit_cost", "Unit cost", "Coût unitaire", "Cost of one use to the company.", low=0.0),
        _day("starts_on", "Starts on", "Débute le", "First day on which it can be used."),
        _day("ends_on", "Ends on", "Se termine le", "Last day on which it can be used.", null_means="no end"),
        _text("product_id", "Product", "Produit", "Product to which it is limited.", null_means="no limit to one product"),
        _text("category", "Category", "Catégorie", "Category to which it is limited.", null_means="no limit to one category"),
    ),
)

_ASSIGNMENTS = Contract(
    name="assignments",
    key=("unit_id", "wave_id", "action_id"),
    label_en="Assignments",
    label_fr="Tirages",
    meaning="Who was drawn into what, contacted or not: the only source of the word control.",
    references=(("customer_id", "customers"),),
    rules=(_dated("drawn_at"),),
    columns=(
        _text("unit_id", "Unit", "Unité tirée", "What was drawn: a customer, household or store.", personal_data="pseudonym", **_NEEDED),
        _text("wave_id", "Wave", "Vague", "Wave of the campaign.", **_NEEDED),
        _text("action_id", "Action", "Action", "Action that was drawn for.", **_NEEDED),
        _customer("The customer concerned.", **_NEEDED),
        _text("programme_id", "Programme", "Programme", "Programme that drew."),
        _choice("arm", ("treated", "control"), "Arm", "Groupe", "What the draw decided.", **_NEEDED),
        _number(
            "propensity",
            "Propensity",
            "Probabilité de tirage",
            "Probability of the arm treated.",
            unit="share",
            low=0.0,
            high=1.0,
            **_NEEDED,
        ),
        _day("eligible_on", "Eligible on", "Éligible le", "Day as of which eligibility was judged."),
        _flag(
            "selected_if_treated",
            "Selected if treated",
            "Retenu si traité",
            "Whether the unit would have been contacted had it been drawn treated.",
        ),
        _instant("drawn_at", "Drawn at", "Tiré le", "When it was drawn.", **_NEEDED),
        _text("salt", "Salt", "Sel", "Text that makes the draw repeatable."),
    ),
)

_CONTACTS = Contract(
    name="contacts",
    key=("contact_id",),
    label_en="Contacts",
    label_fr="Contacts",
    meaning="Contacts that took place, never a control.",
    references=(("customer_id", "customers"), ("offer_id", "offers")),
    rules=(_dated("sent_at"),),
    columns=(
        _text("contact_id", "Contact", "Contact", "The contact.", **_NEEDED),
        _customer("The customer contacted, or who made contact.", **_NEEDED),
        _text("channel_id", "Channel", "Canal", "Channel: email, sms, phone, post, app, store.", **_NEEDED),
        _instant("sent_at", "Sent at", "Envoyé le", "When it was sent or took place.", **_NEEDED),
        _text("action_id", "Action", "Action", "Action that it carried out.", null_means="outside any action"),
        _text("wave_id", "Wave", "Vague", "Wave of the campaign.", null_means="no wave"),
        _text("offer_id", "Offer", "Offre", "Offer that it carried.", null_means="none"),
        _choice("class", ("marketing", "commitment", "service"), "Class", "Classe", "What kind of contact it is.", null_means="marketing"),
        _choice(
            "direction",
            ("outbound", "inbound"),
            "Direction",
            "Sens",
            "Who began it: the company (outbound) or the customer.",
            null_means="outbound",
        ),
        _text("source_function", "Function", "Fonction", "Part of the company that made the contact: marketing, sales, care."),
        _money("cost", "Cost", "Coût", "Cost of the contact.", low=0.0, null_means="see costs"),
        _entity(),
        _recorded(),
    ),
)

OUTCOMES = (
    "delivered",
    "bounced",
    "opened",
    "clicked",
    "replied",
    "reached",
    "no_answer",
    "wrong_number",
    "refused",
    "callback",
    "appointment",
    "redeemed",
    "converted",
    "unsubscribed",
    "complained",
    "none",
)
"""What may come of a contact."""

_OUTCOMES = Contract(
    name="outcomes",
    key=("contact_id", "outcome", "occurred_at", "offer_id"),  # two coupons of one mailing are often redeemed together
    label_en="Outcomes",
    label_fr="Issues de contact",
    meaning="What came of a contact, one row each.",
    references=(("contact_id", "contacts"), ("offer_id", "offers")),
    rules=(_dated("occurred_at"),),
    columns=(
        _text("contact_id", "Contact", "Contact", "The contact.", **_NEEDED),
        _choice("outcome", OUTCOMES, "Outcome", "Issue", "What happened.", **_NEEDED),
        _instant("occurred_at", "Occurred at", "Survenu le", "When it happened.", **_NEEDED),
        _whole("attempt_no", "Attempt", "Tentative", "Number of the attempt, 1 for the first.", low=1, null_means="first"),
        _text("offer_id", "Offer", "Offre", "Offer redeemed.", null_means="none"),
        _money("value", "Value", "Valeur", "Amount that the outcome brought."),
        _flag("is_automated", "Automated", "Automatique", "Whether a machine caused it (mail scanners open and click).", null_means="no"),
        _recorded(),
    ),
)

_TOUCHPOINTS = Contract(
    name="touchpoints",
    key=("touchpoint_id",),
    label_en="Touchpoints",
    label_fr="Points de contact",
    meaning="Steps of journeys: what a known or anonymous person saw, visited, called.",
    references=(("customer_id", "customers"),),
    one_of=(("customer_id", "anonymous_id"),),
    rules=(_dated("occurred_at"),),
    columns=(
        _text("touchpoint_id", "Touchpoint", "Point de contact", "The touchpoint.", **_NEEDED),
        _customer("The customer, where known.", null_means="anonymous"),
        _text(
            "anonymous_id",
            "Anonymous id",
            "Identifiant anonyme",
            "Cookie or device, where the customer is not known.",
            personal_data="pseudonym",
        ),
        _instant("occurred_at", "Occurred at", "Date et heure", "When it took place.", **_NEEDED),
        _text("channel_id", "Channel", "Canal", "Channel: search, display, email, store.", **_NEEDED),
        _choice(
            "kind",
            ("impression", "click", "visit", "app", "store", "call", "social"),
            "Kind",
            "Nature",
            "What kind of touch it is.",
            null_means="not known",
        ),
        _text("campaign_id", "Campaign", "Campagne", "Campaign that brought it.", null_means="none"),
        _text("step", "Step", "Étape", "Step of the journey in the source's words."),
        _text("item", "Item", "Élément", "Page, product or content seen."),
        _number("duration_s", "Duration", "Durée", "How long it lasted.", unit="seconds", low=0.0, likely_high=86_400.0),
        _money("cost", "Cost", "Coût", "Cost of the touch.", low=0.0),
        _text("text", "Text", "Texte", "Words of the customer.", personal_data="sensitive"),
        _recorded(),
    ),
)

_SURVEYS = Contract(
    name="surveys",
    key=("response_id",),
    label_en="Survey answers",
    label_fr="Réponses aux enquêtes",
    meaning="Answers to questions of satisfaction, one row a question answered.",
    references=(("customer_id", "customers"),),
    rules=(
        _dated("answered_at"),
        _after("invited_at", "answered_at", impossible=False),
        Rule(
            name="score: below scale_min",
            columns=("score", "scale_min"),
            broken=pl.col("score") < pl.col("scale_min"),
            remedy="Check the scale that the mapping declares.",
        ),
        Rule(
            name="score: over scale_max",
            columns=("score", "scale_max"),
            broken=pl.col("score") > pl.col("scale_max"),
            remedy="Check the scale that the mapping declares.",
        ),
    ),
    columns=(
        _text("response_id", "Answer", "Réponse", "The answer.", **_NEEDED),
        _customer("The customer who answered.", null_means="anonymous answer"),
        _instant("answered_at", "Answered at", "Répondu le", "When it was answered.", **_NEEDED),
        _instant("invited_at", "Invited at", "Invité le", "When the customer was asked."),
        _choice("mode", ("cold", "hot"), "Mode", "Mode", "Asked at a distance (cold) or right after an event (hot).", **_NEEDED),
        _text("question", "Question", "Question", "The question's name: nps, csat, ces or the company's own.", **_NEEDED),
        _number(
            "score",
            "Score",
            "Note",
            "The answer as a number, on the scale of scale_min to scale_max.",
            unit="points of the scale",
            null_means="no number given",
        ),
        _number("scale_min", "Scale minimum", "Minimum d'échelle", "Lowest score of the scale.", unit="points of the scale"),
        _number("scale_max", "Scale maximum", "Maximum d'échelle", "Highest score of the scale.", unit="points of the scale"),
        _text("step", "Step", "Étape", "Step of the customer's journey that was asked about."),
        _text("comment", "Comment", "Commentaire", "Words of the customer.", personal_data="sensitive"),
        _number("weight", "Weight", "Poids", "Weight of the answer in averages.", above=0.0, null_means="1"),
        _recorded(),
    ),
)

_CONSENTS = Contract(
    name="consents",
    key=("customer_id", "identifier", "purpose", "channel_id", "changed_at", "status", "valid_to"),  # the stricter of two answers holds
    label_en="Consents",
    label_fr="Consentements",
    meaning="What a customer, or the holder of an identifier, allowed and refused, change by change.",
    references=(("customer_id", "customers"),),
    one_of=(("customer_id", "identifier"),),
    rules=(_dated("changed_at"),),
    columns=(
        _customer("The customer, where known.", null_means="known by identifier only"),
        _text(
            "identifier",
            "Identifier",
            "Identifiant",
            "Address or number to which the consent belongs.",
            personal_data="personal",
            null_means="the customer's consent",
        ),
        _text(
            "purpose", "Purpose", "Finalité", "What it is for: marketing, profiling (whose refusal blanks the scores), partners.", **_NEEDED
        ),
        _text("channel_id", "Channel", "Canal", "Channel: email, sms, phone, post.", null_means="all channels"),
        _instant("changed_at", "Changed at", "Modifié le", "When it was given or taken back.", **_NEEDED),
        _choice("status", ("granted", "refused", "withdrawn", "expired"), "Status", "Statut", "What holds since then.", **_NEEDED),
        _text("legal_basis", "Legal basis", "Base légale", "Ground in law: consent, contract, legitimate interest."),
        _text("capture_source", "Captured by", "Recueilli par", "Form, call or store where it was given."),
        _text("wording_version", "Wording", "Version du texte", "Version of the wording that was shown."),
        _flag("is_double_opt_in", "Double opt-in", "Double opt-in", "Whether it was confirmed from the address itself.", null_means="no"),
        _text("proof_ref", "Proof", "Preuve", "Where the proof is kept."),
        _valid_to("the consent"),
        _entity(),
        _recorded(),
    ),
)

_SUPPRESSIONS = Contract(
    name="suppressions",
    key=("customer_id", "reason", "starts_at", "scope"),  # one decision may cover two channels, a row each
    label_en="Suppressions",
    label_fr="Exclusions protectrices",
    meaning="Protective exclusions that no action overrides.",
    references=(("customer_id", "customers"),),
    rules=(_after("starts_at", "ends_at"),),
    columns=(
        _customer("The customer.", **_NEEDED),
        _text(
            "reason",
            "Reason",
            "Motif",
            "Why: over_indebted, guardianship, minor, deceased, staff, litigation, or the company's own.",
            personal_data="sensitive",
            **_NEEDED,
        ),
        _instant("starts_at", "Starts at", "Débute le", "When the exclusion begins.", **_NEEDED),
        _instant("ends_at", "Ends at", "Se termine le", "When it ends.", null_means="until further notice"),
        _text(
            "scope",
            "Scope",
            "Périmètre",
            "What is excluded: all, or a channel, class or entity; anything else counts as all.",
            null_means="all",
        ),
    ),
)

_CALENDAR = Contract(
    name="calendar",
    key=("kind", "starts_on", "scope"),
    label_en="Calendar",
    label_fr="Calendrier",
    meaning="What moves sales without being an action: promotions, sales seasons, holidays, price changes, stock-outs, closures.",
    rules=(_after("starts_on", "ends_on"),),
    columns=(
        _text(
            "kind", "Kind", "Nature", "promotion, sales_season, holiday, price_change, stock_out, closure, or the company's own.", **_NEEDED
        ),
        _day("starts_on", "Starts on", "Débute le", "First day.", **_NEEDED),
        _text("scope", "Scope", "Périmètre", "Store, region, category or product concerned.", null_means="everything"),
        _day("ends_on", "Ends on", "Se termine le", "Last day.", null_means="one day"),
        _text("label", "Label", "Libellé", "Name of the event."),
        _recorded(null_means="declared beforehand"),
    ),
)

_LOYALTY_MOVEMENTS = Contract(
    name="loyalty_movements",
    key=("movement_id",),
    label_en="Loyalty movements",
    label_fr="Mouvements de fidélité",
    meaning="Points earned, burned and expired, and changes of tier.",
    references=(("customer_id", "customers"),),
    rules=(_dated("occurred_at"),),
    columns=(
        _text("movement_id", "Movement", "Mouvement", "The movement.", **_NEEDED),
        _customer("The customer.", **_NEEDED),
        _text("card_id", "Card", "Carte", "Card or account.", personal_data="pseudonym"),
        _instant("occurred_at", "Occurred at", "Date et heure", "When it took place.", **_NEEDED),
        _choice("kind", ("earned", "burned", "expired", "tier"), "Kind", "Nature", "What moved.", **_NEEDED),
        _number("points", "Points", "Points", "Points moved; the kind tells whether they come or go.", unit="points"),
        _text("tier", "Tier", "Niveau", "Tier reached.", null_means="no change of tier"),
        _money("value", "Value", "Valeur", "Worth of the points."),
        _recorded(),
    ),
)

_COSTS = Contract(
    name="costs",
    key=("cost_id",),
    label_en="Costs",
    label_fr="Coûts",
    meaning="What a channel, action or service costs, to six decimals.",
    rules=(_after("valid_from", "valid_to"),),
    columns=(
        _text("cost_id", "Cost", "Coût", "The cost.", **_NEEDED),
        _choice("scope", ("channel", "action", "service", "acquisition"), "Scope", "Périmètre", "What kind of thing costs.", **_NEEDED),
        _text("scope_id", "Scope id", "Identifiant du périmètre", "The channel, action or service.", null_means="all of that kind"),
        _choice("per", ("unit", "contact", "minute", "month"), "Per", "Par", "What the amount is for.", **_NEEDED),
        _money("amount", "Amount", "Montant", "Cost of one.", low=0.0, **_NEEDED),
        _valid_from("the cost"),
        _valid_to("the cost"),
    ),
)

_CASES = Contract(
    name="cases",
    key=("case_id",),
    label_en="Cases",
    label_fr="Dossiers de réclamation",
    meaning="Complaints and alerts, and how the loop with the customer was closed.",
    references=(("customer_id", "customers"),),
    rules=(
        _dated("opened_at"),
        *(
            _after("opened_at", step, impossible=False)
            for step in ("recalled_at", "listened_at", "soothed_at", "learned_at", "repaired_at", "escalated_at")
        ),
    ),
    columns=(
        _text("case_id", "Case", "Dossier", "The case.", **_NEEDED),
        _customer("The customer.", **_NEEDED),
        _instant("opened_at", "Opened at", "Ouvert le", "When it was opened.", **_NEEDED),
        _text("origin", "Origin", "Origine", "What opened it: a survey, a call, a letter, an alert."),
        _instant("recalled_at", "Recalled at", "Rappelé le", "When the customer was called back.", null_means="not yet"),
        _instant("listened_at", "Listened at", "Écouté le", "When the customer was heard.", null_means="not yet"),
        _instant("soothed_at", "Soothed at", "Apaisé le", "When the customer was content with the answer.", null_means="not yet"),
        _instant("learned_at", "Learned at", "Appris le", "When the company drew its lesson.", null_means="not yet"),
        _instant("repaired_at", "Repaired at", "Réparé le", "When it was repaired; closes the case.", null_means="still open"),
        _instant("escalated_at", "Escalated at", "Escaladé le", "When it was handed up.", null_means="not escalated"),
        _text("cause", "Cause", "Cause", "Cause in the company's words."),
        _money("repair_cost", "Repair cost", "Coût de réparation", "What the repair cost.", low=0.0),
        _recorded(),
    ),
)

OPEN_PERSONAL = ("none", "pseudonym")
"""Kinds of personal data of which a value may be shown in a message."""

TABLES: dict[str, Contract] = {
    contract.name: contract
    for contract in (
        _CUSTOMERS,
        _CUSTOMER_SNAPSHOTS,
        _IDENTIFIERS,
        _TRANSACTIONS,
        _PRODUCTS,
        _STORES,
        _CONTRACTS,
        _CONTRACT_PARTIES,
        _OFFERS,
        _ASSIGNMENTS,
        _CONTACTS,
        _OUTCOMES,
        _TOUCHPOINTS,
        _SURVEYS,
        _CONSENTS,
        _SUPPRESSIONS,
        _CALENDAR,
        _LOYALTY_MOVEMENTS,
        _COSTS,
        _CASES,
    )
}
"""Every table, by name, in the order of the documentation."""

FACT_TABLES = ("transactions", "contracts", "customer_snapshots")
"""At least one of these must exist: without it nothing is known about what customers did."""
