"""The tables of a company: columns, types, units, ranges, keys, labels in two languages, by subject in `relkit.tables.declared`.

The checks of a reading (`relkit.tables.quarantine`), the dataframely schemas and the page
docs/tables.md (`relkit.tables.documentation`) are made from these contracts.

Names end in what they contain: `_on` a day (Date), `_at` an instant (UTC, microseconds), `_id` an
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

from typing import TYPE_CHECKING

from relkit.tables.declared import campaigns, contracts, customers, permissions, sales, satisfaction

if TYPE_CHECKING:
    from relkit.contracts import Contract

SOURCE = "_source"
"""Technical column of a raw frame: the file a row was read from."""
ROW = "_row"
"""Technical column of a raw frame: the number of the row in that file, 1 for the first row of data."""

BAD = "_bad"
"""Technical column of a raw frame: a list of 'column: text' for each value that could not be read, null if there is none."""

LONG, SHORT = "(long line)", "(short line)"
"""Stand for the column in `_bad` if a line has more or fewer fields than there are columns."""

OPEN_PERSONAL = ("none", "pseudonym")
"""Classes of personal data of which a value may be shown in a message."""

TABLES: dict[str, Contract] = {
    contract.name: contract
    for contract in (
        customers.CUSTOMERS,
        customers.CUSTOMER_SNAPSHOTS,
        customers.IDENTIFIERS,
        sales.TRANSACTIONS,
        sales.PRODUCTS,
        sales.STORES,
        contracts.CONTRACTS,
        contracts.CONTRACT_PARTIES,
        campaigns.OFFERS,
        campaigns.ASSIGNMENTS,
        campaigns.CONTACTS,
        campaigns.CONTACT_OUTCOMES,
        campaigns.TOUCHPOINTS,
        campaigns.PATHS,
        satisfaction.SURVEYS,
        permissions.CONSENTS,
        permissions.SUPPRESSIONS,
        campaigns.CALENDAR,
        sales.LOYALTY_MOVEMENTS,
        campaigns.COSTS,
        campaigns.LIFT_TESTS,
        satisfaction.CASES,
    )
}
"""Every table, by name, in the order of the documentation."""

FACT_TABLES = ("transactions", "contracts", "customer_snapshots", "paths")
"""At least one of these must exist: without it nothing is known about what customers did."""
