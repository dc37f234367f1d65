"""Facts of the company that the files state or leave open."""

from __future__ import annotations

from tests.tables.drafting.drafted import export


def test_a_tax_basis_and_a_currency_are_stated_if_the_file_states_them():
    assert export("till")[1]["company"]["tax_basis"] == "incl"
    assert export("sap")[1]["company"]["currency"] == "EUR"
    for name, key in (("magento", "tax_basis"), ("magento", "currency"), ("sage", "tax_basis"), ("till", "business_zone")):
        assert export(name)[1]["company"][key].startswith("?")
