"""Contacts, with the list of campaigns."""

from __future__ import annotations

from relkit.tables.drafting.draft import draft_mapping
from tests.tables.drafting.drafted import parsed, written


def test_contacts_take_the_days_of_the_list_of_campaigns(tmp_path):
    campaigns = "campaign_id,type,start_date\nK1,mail,2024-01-13\nK2,mail,2024-02-14\n"
    sent = "campaign_id,client\nK1,C1\nK1,C2\nK2,C1\n"
    content = parsed(draft_mapping(written(tmp_path, campaigns=campaigns, sent=sent)))
    (block,) = content["tables"]["contacts"]
    assert block["join"] == {"source": "campaigns", "on": {"campaign_id": "campaign_id"}}
    assert block["columns"]["contact_id"] == "concat(campaign_id, '-', client)"
