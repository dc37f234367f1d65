"""Customers known to a company, their snapshots, their identifiers."""

from __future__ import annotations

from relkit.contracts import Contract
from relkit.tables.declared.columns import (
    NEEDED,
    after,
    choice,
    customer,
    dated,
    day,
    entity,
    flag,
    recorded,
    text,
    valid_from,
    valid_to,
    whole,
)
from relkit.texts import Text

CUSTOMERS = Contract(
    name="customers",
    key=("customer_id",),
    label=Text("Customers", "Clients"),
    meaning="Who is known: one row a person, household or company, prospects among them.",
    columns=(
        customer("The customer.", **NEEDED),
        day("created_on", "Created on", "Créé le", "Day on which the customer became known to the company.", null_means="unknown"),
        text("country", "Country", "Pays", "Country of residence, ISO 3166 code where the source has one.", personal_data="personal"),
        text("language", "Language", "Langue", "Language in which to write, ISO 639 code.", personal_data="personal"),
        whole(
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
        text("postcode", "Postcode", "Code postal", "Postal code of residence, as text: leading zeros count.", personal_data="personal"),
        choice("type", ("person", "household", "company"), "Type", "Type", "What the customer is.", null_means="person"),
        text("household_id", "Household", "Foyer", "Household of the customer.", personal_data="pseudonym", null_means="unknown"),
        entity(),
        flag("is_test", "Test account", "Compte de test", "Whether the account belongs to a test, never to a customer.", null_means="no"),
    ),
)

CUSTOMER_SNAPSHOTS = Contract(
    name="customer_snapshots",
    key=("customer_id", "as_of"),
    label=Text("Customer snapshots", "Photos clients"),
    meaning="A monthly datamart: a customer's attributes as they stood at the end of a day, any number of declared columns. "
    "Where a mapping says which of them are the tenure and the end, it stands for contracts that are not there.",
    open_ended=True,
    references=(("customer_id", "customers"),),
    rules=(dated("as_of"),),
    columns=(
        customer("The customer.", **NEEDED),
        day("as_of", "As of", "À la date du", "Day at whose end the attributes held.", **NEEDED),
        recorded(),
    ),
)

IDENTIFIERS = Contract(
    name="identifiers",
    key=("source", "id_type", "id_value", "valid_from"),
    label=Text("Identifiers", "Identifiants"),
    meaning="Which number, card, address or login leads to which customer, source by source.",
    references=(("customer_id", "customers"),),
    rules=(after("valid_from", "valid_to"),),
    columns=(
        text("source", "Source", "Source", "System that knows the identifier.", **NEEDED),
        text("id_type", "Type", "Type", "Kind of identifier: card, email, phone, cookie, account.", **NEEDED),
        text("id_value", "Value", "Valeur", "The identifier itself.", personal_data="personal", **NEEDED),
        valid_from("the link"),
        customer("The customer to whom it leads.", **NEEDED),
        choice(
            "role",
            ("holder", "payer", "user"),
            "Role",
            "Rôle",
            "What the customer is to what the identifier stands for.",
            null_means="holder",
        ),
        flag("is_verified", "Verified", "Vérifié", "Whether somebody or some process proved the link.", null_means="unknown"),
        valid_to("the link"),
    ),
)
