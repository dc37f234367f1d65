"""Drafts as a whole: what is proposed, what is asked, what is listed."""

from __future__ import annotations

import pytest

from relkit.errors import ParameterError, TableError
from relkit.tables.drafting.draft import draft_mapping
from relkit.tables.mapping_file import load_mapping
from relkit.tables.schemas import TABLES
from tests.tables.answered import answered, first
from tests.tables.drafting.drafted import answers, block, export, parsed, written
from tests.tables.drafting.exports import EXPORTS

FOUND = {
    "sap": {
        "transaction_line_id": "concat(VBELN, '-', POSNR)",
        "transaction_id": "VBELN",
        "customer_id": "KUNNR",
        "occurred_at": {"column": "ERDAT", "format": "%Y%m%d", "precision": "day"},
        "product_id": "MATNR",
        "quantity": "MENGE",
        "net_amount": "NETWR",
    },
    "till": {
        "transaction_line_id": 'concat("N° ticket", \'-\', "N° ligne")',
        "transaction_id": "N° ticket",
        "occurred_at": {"column": "Date ticket", "format": "%d/%m/%Y %H:%M"},
        "product_id": "Code EAN",
        "quantity": "Qté",
        "net_amount": "CA TTC",
        "store_id": "Code magasin",
    },
    "woocommerce": {"customer_id": "customer_id", "occurred_at": "order_date", "net_amount": "order_total"},
    "prestashop": {"transaction_id": "id_order", "customer_id": "id_customer", "occurred_at": "date_add"},
    "magento": {"transaction_id": "increment_id", "product_id": "sku", "quantity": "qty_ordered", "net_amount": "row_total"},
    "stripe": {"customer_id": "Customer ID", "occurred_at": "Created (UTC)", "net_amount": "Amount"},
    "sage": {"transaction_id": "N° pièce", "customer_id": "Code client", "product_id": "Référence article", "quantity": "Quantité"},
    "shopify": {"occurred_at": "Created at", "product_id": "Lineitem sku", "quantity": "Lineitem quantity"},
}


@pytest.mark.parametrize("name", FOUND)
def test_columns_of_an_export_are_found(name):
    columns = block(name, "transactions")["columns"]
    assert {key: columns[key] for key in FOUND[name]} == FOUND[name]


@pytest.mark.parametrize(
    ("name", "column", "offered"),
    [
        ("sage", "net_amount", {"Montant HT", "Montant TTC", 'round(Quantité * "Prix unitaire HT", 2)'}),
        ("prestashop", "net_amount", {"total_paid_tax_incl", "total_paid_tax_excl"}),
        ("shopify", "customer_id", {"Email"}),
        ("till", "customer_id", {"Code carte fidélité"}),
        ("cents", "net_amount", {"amount", "amount / 100"}),
        ("coffee", "net_amount", {"amount", "amount / 100"}),
        ("thousands", "net_amount", {'{column: amount, decimal: ","}', '{column: amount, thousands: ","}'}),
        ("stripe", "transaction_id", {'concat("Customer ID", \'-\', "Created (UTC)")', "id", "Description", "\"concat('row ', _row)\""}),
    ],
)
def test_what_can_be_two_things_is_asked(name, column, offered):
    value = block(name, "transactions")["columns"][column]
    assert set(answers(export(name)[0], value)) == offered


def test_the_order_of_day_and_month_is_asked_once_if_both_read_all():
    draft, content = export("us_days")
    rule = content["tables"]["transactions"][0]["columns"]["occurred_at"]
    assert answers(draft, rule["format"]) == ['"%d/%m/%Y"', '"%m/%d/%Y"']
    assert content["tables"]["customers"][0]["columns"]["created_on"]["format"] == rule["format"]


@pytest.mark.parametrize("name", EXPORTS)
def test_an_answered_draft_is_a_mapping(name, tmp_path):
    draft, content = export(name)
    path = tmp_path / "mapping.yaml"
    path.write_text(draft.text)
    with pytest.raises(ParameterError, match=f"{draft.questions} questions of the draft are open"):
        load_mapping(path)
    if not content["tables"]:
        assert draft.unplaced
        return
    path.write_text(answered(draft.text, first))
    assert set(load_mapping(path).file.tables) == set(draft.tables)


def test_every_column_is_read_or_listed():
    for name, text in EXPORTS.items():
        draft, _ = export(name)
        heads = text.splitlines()[0].split(";" if ";" in text.splitlines()[0] else ",")
        assert [head for head in heads if head not in draft.text] == []


def test_what_is_no_table_is_listed_and_nothing_is_guessed(tmp_path):
    (tmp_path / "notes.txt").write_text("just words\nand more words\n")
    (tmp_path / "plan.pdf").write_bytes(b"%PDF-1.4")
    written(tmp_path, sales=EXPORTS["sap"])
    draft = draft_mapping(tmp_path)
    assert [line.split(":")[0].split(" ")[0] for line in draft.unplaced][:1] == ["plan.pdf"]
    assert any(line.startswith("notes.txt") for line in draft.unplaced)
    assert draft.tables == ("customers", "transactions")


def test_a_folder_without_tables_is_refused(tmp_path):
    (tmp_path / "plan.pdf").write_bytes(b"%PDF-1.4")
    with pytest.raises(TableError, match=r"nothing there can be read as a table. plan\.pdf"):
        draft_mapping(tmp_path)


def test_a_draft_is_the_same_for_any_order_of_rows(tmp_path):
    head, *rows = EXPORTS["sage"].splitlines()
    texts = []
    for name, lines in (("a", rows), ("b", rows[::-1])):
        folder = tmp_path / name
        folder.mkdir()
        texts.append(draft_mapping(written(folder, sales="\n".join([head, *lines]) + "\n")).text)
    assert texts[0] == texts[1]


def test_comments_are_french_on_demand(tmp_path):
    draft = draft_mapping(written(tmp_path, sales=EXPORTS["sage"]), language="fr", command="relkit check .")
    assert "# QUESTION 1: dans quelle devise sont les montants ?" in draft.text
    assert draft.text.rstrip().endswith("#   relkit check .")
    assert parsed(draft)["tables"]["transactions"][0]["columns"]["transaction_id"] == "N° pièce"


def test_no_value_of_a_person_is_in_a_draft(tmp_path):
    lines = "N° client;Nom;E-mail;Téléphone;Ville;Date d'inscription\n" + "".join(
        f"C{i};Canari{i};canari{i}@example.org;061234567{i};Ville{i};2024-01-{i + 10}\n" for i in range(8)
    )
    text = draft_mapping(written(tmp_path, clients=lines, sales=EXPORTS["sage"])).text
    assert not [word for word in ("Canari", "canari", "0612345", "Ville1") if word in text]


def test_customers_beside_sales_are_a_list_and_their_ids_are_compared(tmp_path):
    clients = "Code client;Pays;Date création\nCL007;FR;2023-01-13\nCL008;BE;2023-02-14\nCL009;FR;2023-03-15\n"
    content = parsed(draft_mapping(written(tmp_path, clients=clients, sales=EXPORTS["sage"])))
    (listed,) = content["tables"]["customers"]
    assert listed["columns"] == {"customer_id": "Code client", "created_on": "Date création", "country": "Pays"}


def test_tables_are_those_of_the_contracts():
    assert {table for name in EXPORTS for table in export(name)[0].tables} <= set(TABLES)
