"""Contracts."""

from __future__ import annotations

from tests.tables.drafting.drafted import block


def test_contracts_are_told_from_sales():
    columns = block("subscriptions", "contracts")["columns"]
    assert columns["contract_id"] == "N° contrat"
    assert columns["started_on"] == {"column": "Date de souscription", "format": "%d/%m/%Y"}
    assert columns["ended_on"] == {"column": "Date de résiliation", "format": "%d/%m/%Y"}
    assert (columns["customer_id"], columns["monthly_amount"], columns["status"]) == ("N° abonné", "Mensualité", "Statut")
