"""Customers, snapshots, consents and draws from invented lists."""

from __future__ import annotations

from relkit.tables.drafting.draft import draft_mapping
from tests.tables.drafting.drafted import answers, parsed, written


def drafted(folder, text):
    draft = draft_mapping(written(folder, liste=text))
    return draft, parsed(draft)


def lines(head, row, n=30):
    return head + "\n" + "".join(row(i) + "\n" for i in range(1, n + 1))


def test_a_tenure_is_asked_for_its_unit_and_an_end_by_name_is_taken(tmp_path):
    text = lines(
        "id_client;anciennete;resilie;mensualite;forfait", lambda i: f"C{i};{i * 3};{'oui' if i % 3 else 'non'};{i},50;{'AB'[i % 2]}"
    )
    draft, content = drafted(tmp_path, text)
    (block,) = content["tables"]["customer_snapshots"]
    attributes = block["attributes"]
    assert block["columns"]["customer_id"] == "id_client"
    assert attributes["anciennete"]["role"] == "tenure"
    assert answers(draft, attributes["anciennete"]["unit"]) == ["days", "weeks", "months", "years"]
    assert (attributes["resilie"]["role"], attributes["resilie"]["type"]) == ("ended", "yes_no")
    assert attributes["mensualite"]["role"] == "monthly_amount"
    assert answers(draft, block["columns"]["as_of"]["constant"]) == ["2025-06-30"]


def test_the_end_behind_a_mark_of_censoring_is_asked(tmp_path):
    draft, content = drafted(tmp_path, lines("customer;duration_days;censor;x", lambda i: f"{i};{i * 9};{i % 2};{i % 7}"))
    attributes = content["tables"]["customer_snapshots"][0]["attributes"]
    assert attributes["duration_days"]["unit"] == "days"
    assert answers(draft, attributes["censor"]["expression"]) == ["censor = 0", "censor = 1"]


def test_an_id_without_a_name_of_people_is_asked(tmp_path):
    draft, content = drafted(tmp_path, lines("Id;pays;age;genre;score", lambda i: f"{i};FR;{20 + i};F;{i % 5}"))
    (block,) = content["tables"]["customer_snapshots"]
    assert answers(draft, block["columns"]["customer_id"]) == ["Id"]


def test_opt_outs_are_asked_and_opt_ins_of_each_channel_are_blocks(tmp_path):
    text = lines("N° client;Optin email;STOP SMS;Opt-in", lambda i: f"C{i};{'Oui' if i % 2 else 'Non'};{i % 2};{'O' if i % 3 else 'N'}")
    draft, content = drafted(tmp_path, text)
    email, sms, other = content["tables"]["consents"]
    assert email["columns"]["channel_id"] == {"constant": "email"}
    assert email["columns"]["status"] == "case when \"Optin email\" = 'Oui' then 'granted' when \"Optin email\" = 'Non' then 'refused' end"
    assert answers(draft, sms["columns"]["status"]) == [
        f"case when \"STOP SMS\" = '{a}' then 'granted' when \"STOP SMS\" = '{b}' then 'refused' end" for a, b in ((0, 1), (1, 0))
    ]
    assert answers(draft, other["columns"]["channel_id"]["constant"]) == ["email", "sms", "phone", "post"]
    assert email["columns"]["changed_at"] == sms["columns"]["changed_at"]


def test_arms_of_a_draw_become_assignments_with_the_probability_asked(tmp_path):
    text = lines("client;segment;visit;spend;age", lambda i: f"C{i};{('E-mail', 'Témoin')[i % 2]};{i % 2};{i}.50;{30 + i}")
    draft, content = drafted(tmp_path, text)
    treated, control = content["tables"]["assignments"]
    assert treated["where"] == "segment <> 'Témoin'"
    assert control["columns"]["arm"] == {"constant": "control"}
    assert answers(draft, treated["columns"]["propensity"]["constant"]) == ["0.5"]
    before, after = content["tables"]["customer_snapshots"]
    assert set(before["attributes"]) == {"age"}
    assert set(after["attributes"]) == {"visit", "spend"}
    assert content["tables"]["contacts"][0]["where"] == "segment <> 'Témoin'"


def test_rows_without_any_id_are_customers_only_if_somebody_says_so(tmp_path):
    draft, content = drafted(tmp_path, lines("age;job;loan;month;calls", lambda i: f"{20 + i % 9};{'ab'[i % 2]};yes;may;{i % 4}"))
    (block,) = content["tables"]["customer_snapshots"]
    assert answers(draft, block["key"]) == ["file and row"]
    folder = tmp_path / "more"
    folder.mkdir()
    draft, content = drafted(folder, lines("deal_id;seller_id;size;kind;state", lambda i: f"L{i};S{i % 14};{i % 9};{'ab'[i % 2]};x"))
    (block,) = content["tables"]["customer_snapshots"]
    assert answers(draft, block["columns"]["customer_id"]) == ["deal_id", "seller_id", "\"concat('liste:', _row)\""]
