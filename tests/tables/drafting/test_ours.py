"""Files that have our names."""

from __future__ import annotations

from relkit.tables.drafting.draft import draft_mapping
from tests.tables.drafting.drafted import parsed, written

STORES = "store_id,name,opened_on,manager\nL1,Lyon,31/01/2020,x\nN1,Nîmes,01/02/2021,y\n"


def test_our_names_are_taken_and_days_are_judged_by_their_values(tmp_path):
    draft = draft_mapping(written(tmp_path, stores=STORES))
    assert parsed(draft)["tables"]["stores"][0]["columns"] == {
        "store_id": "store_id",
        "name": "name",
        "opened_on": {"column": "opened_on", "format": "%d/%m/%Y"},
    }
    assert draft.unplaced == ("stores: manager",)
