"""Keys and the columns that refer to them."""

from __future__ import annotations

from relkit.tables.data_place import DataPlace
from relkit.tables.drafting.desk import Desk
from relkit.tables.drafting.found import find_sources
from relkit.tables.drafting.references import reference
from tests.tables.drafting.drafted import written


def test_the_share_of_values_that_a_key_has(tmp_path):
    folder = written(tmp_path, sales="ticket;client\n1;C1\n2;C2\n3;C9\n4;C1\n", people="client;nom\nC1;x\nC2;y\n")
    people, sales = (Desk(each) for each in find_sources(DataPlace.of(folder))[0])
    found = reference(people, people.found["client"], [people, sales], "customer_id")
    assert (found.source, found.column) == ("sales", "client")
    assert abs(found.share - 2 / 3) < 1e-9
    assert found.remark["en"] == "has 66.7% of the values of client in sales"
