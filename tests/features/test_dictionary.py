from __future__ import annotations

import pytest

from relkit.errors import TableError
from relkit.features.columns import ATTRIBUTES, DECLARED
from relkit.features.dictionary import dictionary
from relkit.tables.schemas import TABLES


def words(company, everything, name: str, **facts) -> dict[str, str]:
    return dictionary([name], company(everything, **facts)).row(0, named=True)


def test_both_languages_say_everything():
    for column in (*DECLARED, *ATTRIBUTES):
        for text in (column.label, column.meaning, *column.codes.values()):
            assert text.en, column.name
            assert text.fr, column.name
        for text in (column.null_means, column.absent_means):
            assert bool(text.en) == bool(text.fr), column.name


def test_money_is_described_in_the_currency(company, everything):
    found = words(company, everything, "past_margin_usd", currency="USD")
    assert (found["label_en"], found["label_fr"], found["unit"], found["family"]) == (
        "Past margin (USD)",
        "Marge passée (USD)",
        "USD",
        "value",
    )


def test_channels_have_their_names_in_french(company, everything):
    assert words(company, everything, "contacts_30d_post")["label_fr"] == "Contacts en 30 jours : courrier"
    assert words(company, everything, "consent_push_web")["label_en"] == "Consent: push web"


def test_columns_of_the_customers_table_keep_their_class_of_personal_data(company, everything):
    found = words(company, everything, "postcode")
    assert (found["label_fr"], found["personal_data"], found["family"]) == ("Code postal", "personal", "attribute")
    assert words(company, everything, "entity_id")["family"] == "key"
    assert found["meaning_fr"] == "Code postal de résidence, en texte : les zéros de tête comptent."


def test_the_columns_of_the_customers_table_are_all_described(company, everything):
    made_of_them = {"customer_id", "is_test"}
    assert [column.name for column in ATTRIBUTES] == [name for name in TABLES["customers"].names if name not in made_of_them]


def test_codes_are_listed_at_the_end_of_the_meaning(company, everything):
    found = words(company, everything, "channel_profile")
    assert found["meaning"].endswith("one channel or several. single = one channel; multi = several channels.")
    assert found["meaning_fr"].endswith("ou par plusieurs. single = un seul canal ; multi = plusieurs canaux.")
    assert "scores may be made" in words(company, everything, "consent_profiling")["meaning"]


def test_attributes_are_what_the_mapping_declared(company, everything):
    entry = {"label_en": "Income", "label_fr": "Revenu", "meaning": "Class of income.", "unit": "USD", "personal_data": "sensitive"}
    found = words(company, everything, "income", attributes={"income": entry})
    assert {key: found[key] for key in entry} == entry
    undeclared = words(company, everything, "snapshot_country")
    assert (undeclared["label_en"], undeclared["personal_data"]) == ("country", "personal")


def test_a_column_that_nobody_described_is_refused(company, everything):
    with pytest.raises(TableError, match="unknown column 'orders_24m'; did you mean 'orders_12m'"):
        words(company, everything, "orders_24m")
