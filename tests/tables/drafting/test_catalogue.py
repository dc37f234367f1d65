"""Products and the sales that refer to them."""

from __future__ import annotations

from relkit.tables.drafting.draft import draft_mapping
from tests.tables.drafting.drafted import parsed, written


def test_products_are_known_by_the_sales_that_refer_to_them(tmp_path):
    sales = "no_ticket;no_client;date;article;montant\n" + "".join(f"{i};C{i % 4};2024-01-{i + 10};R{i % 3};{i},50\n" for i in range(1, 19))
    listed = "Référence;Désignation;Famille\nR0;Thé;X\nR1;Café;X\nR2;Sac;Y\n"
    content = parsed(draft_mapping(written(tmp_path, sales=sales, listed=listed)))
    assert content["tables"]["products"][0]["columns"]["product_id"] == "Référence"
