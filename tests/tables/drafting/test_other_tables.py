"""Tables other than sales and customers, from invented exports."""

from __future__ import annotations

import pytest

from relkit.tables.drafting.draft import draft_mapping
from relkit.tables.mapping_file import load_mapping
from tests.tables.answered import answered, first
from tests.tables.drafting.drafted import written

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
