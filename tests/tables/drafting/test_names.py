"""Meanings of names that nobody trained the vocabulary on one by one."""

from __future__ import annotations

import pytest

from relkit.tables.drafting.names import channel, identifier, meanings, notions, plain, tax_basis, words


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("no_client", "customer_id"),
        ("NumeroClient", "customer_id"),
        ("ID_CLIENT", "customer_id"),
        ("Code adhérent", "customer_id"),
        ("custid", "customer_id"),
        ("KUNNR", "customer_id"),
        ("Invoice #", "order_id"),
        ("n° de commande", "order_id"),
        ("Date d’achat", "order_day"),
        ("dateCommande", "order_day"),
        ("transaction_timestamp", "order_day"),
        ("prix_ttc", "price"),
        ("Montant HT", "amount"),
        ("total_paid_tax_incl", "amount"),
        ("Prix unitaire", "unit_price"),
        ("Qté", "quantity"),
        ("Code postal", "postcode"),
        ("Zip", "postcode"),
        ("Sous-famille", "category_2"),
        ("Lineitem sku", "product_id"),
        ("Date de naissance", "birth_day"),
        ("Customer Name", "person"),
        ("Date de résiliation", "contract_end"),
        ("total_conversions", "conversions"),
        ("total_conversion_value", "conversion_value"),
        ("Taux de TVA", "vat_rate"),
        ("Ship Date", "other_day"),
    ],
)
def test_the_best_meaning_of_a_name(name, meaning):
    assert meanings(name)[0].name == meaning


@pytest.mark.parametrize("name", ["foo", "Ship Mode", "won_date", "q1", "StreamingTV", "emp.var.rate"])
def test_names_without_a_meaning(name):
    assert meanings(name) == ()


def test_an_order_total_may_be_an_order_or_an_amount():
    assert [m.name for m in meanings("order_total")] == ["order_id", "amount"]


def test_words_of_names():
    assert words("idclient") == ("id", "client")
    assert words("CustomerID") == ("customer", "id")
    assert words("Réf. article") == ("ref", "article")
    assert plain("Nº Œuvre É") == "no œuvre e"
    assert "OPTIN" in notions("Accepts Marketing")


def test_tax_channel_and_identifier():
    assert [tax_basis(name) for name in ("CA TTC", "PU HT", "Total incl. VAT", "Total")] == ["incl", "excl", "incl", None]
    assert [channel(name) for name in ("Opt-in e-mail", "accord téléphone", "STOP SMS", "rgpd")] == ["email", "phone", "sms", None]
    assert [identifier(name) for name in ("Zip/Postal Code", "Âge", "2024")] == ["zip_postal_code", "age", "column_2024"]
