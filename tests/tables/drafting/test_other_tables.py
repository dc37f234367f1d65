"""Tables other than sales and customers, from invented exports."""

from __future__ import annotations

import pytest

from relkit.tables.drafting.draft import draft_mapping
from relkit.tables.mapping_file import load_mapping
from tests.tables.answered import answered, first
from tests.tables.drafting.drafted import parsed, written

TEXTS = {
    "surveys": "client;date enquête;NPS;verbatim\nC1;2024-01-13;9;bien\nC2;2024-01-14;3;non\nC1;2024-01-15;7;\n",
    "loyalty_movements": "client;date;points;type\nC1;2024-01-13;10;gain\nC1;2024-01-14;-5;usage\nC2;2024-01-15;7;gain\n",
    "touchpoints": "cookie;horodatage;canal\na1;2024-01-13 10:00:00;search\na1;2024-01-14 11:00:00;email\nb2;2024-01-15 12:00:00;search\n",
    "paths": "path;conversions;value;null\na > b;3;10.5;7\nb;1;2.0;9\na > c > b;2;4.5;1\n",
    "stores": "code magasin;nom magasin;région\nL1;Lyon 1;ARA\nN1;Nîmes 1;OCC\n",
    "products": "Code article;Libellé;Famille;Marque;Prix HT\nA1;Thé;Épicerie;X;4,50\nA2;Sac;Maison;Y;9,90\n",
    "contacts": "client;campagne;date envoi\nC1;K1;2024-01-13\nC2;K1;2024-01-13\nC1;K2;2024-02-14\n",
}


@pytest.mark.parametrize("table", TEXTS)
def test_a_table_is_told_by_its_columns(table, tmp_path):
    draft = draft_mapping(written(tmp_path, export=TEXTS[table]))
    assert draft.tables == (table,)
    path = tmp_path / "answered.yaml"
    path.write_text(answered(draft.text, first))
    assert set(load_mapping(path).file.tables) == {table}


def test_kinds_and_modes_are_asked(tmp_path):
    columns = parsed(draft_mapping(written(tmp_path, export=TEXTS["surveys"])))["tables"]["surveys"][0]["columns"]
    assert columns["score"] == "NPS"
    assert columns["mode"]["constant"].startswith("?")
    folder = tmp_path / "more"
    folder.mkdir()
    columns = parsed(draft_mapping(written(folder, export=TEXTS["loyalty_movements"])))["tables"]["loyalty_movements"][0]["columns"]
    assert columns["kind"].startswith("?")


def test_contacts_take_the_days_of_the_list_of_campaigns(tmp_path):
    campaigns = "campaign_id,type,start_date\nK1,mail,2024-01-13\nK2,mail,2024-02-14\n"
    sent = "campaign_id,client\nK1,C1\nK1,C2\nK2,C1\n"
    content = parsed(draft_mapping(written(tmp_path, campaigns=campaigns, sent=sent)))
    (block,) = content["tables"]["contacts"]
    assert block["join"] == {"source": "campaigns", "on": {"campaign_id": "campaign_id"}}
    assert block["columns"]["contact_id"] == "concat(campaign_id, '-', client)"


def test_products_are_known_by_the_sales_that_refer_to_them(tmp_path):
    sales = "no_ticket;no_client;date;article;montant\n" + "".join(f"{i};C{i % 4};2024-01-{i + 10};R{i % 3};{i},50\n" for i in range(1, 19))
    listed = "Référence;Désignation;Famille\nR0;Thé;X\nR1;Café;X\nR2;Sac;Y\n"
    content = parsed(draft_mapping(written(tmp_path, sales=sales, listed=listed)))
    assert content["tables"]["products"][0]["columns"]["product_id"] == "Référence"
