"""Permission to contact customers: every rule by itself, then invariants of any rows."""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from relkit.features.channels import CHANNELS
from relkit.features.contactability import REASONS, contactability, protected_customers, unknown_scopes
from relkit.features.customer_table import customer_table
from relkit.periods import AsOf
from tests.features.conftest import typed, write_company

if TYPE_CHECKING:
    from relkit.tables.table_set import TableSet

EDGE = AsOf.parse("2024-06-30")
NOON = datetime(2024, 6, 30, 12, tzinfo=UTC)


def ago(days: float) -> datetime:
    return NOON - timedelta(days=days)


def consents(*rows: tuple[str, str | None, str], **more: list[Any]) -> dict[str, list[Any]]:
    """Return marketing consents of a year ago from (customer, channel, status)."""
    columns = {name: [row[i] for row in rows] for i, name in enumerate(("customer_id", "channel_id", "status"))}
    return columns | {"purpose": ["marketing"] * len(rows), "changed_at": [ago(365)] * len(rows)} | more


def excluded(*rows: tuple[str, datetime, datetime | None, str | None]) -> dict[str, list[Any]]:
    """Return exclusions from (customer, starts_at, ends_at, scope)."""
    names = ("customer_id", "starts_at", "ends_at", "scope")
    return {name: [row[i] for row in rows] for i, name in enumerate(names)} | {"reason": [f"r{i}" for i in range(len(rows))]}


def contacted(*rows: tuple[str, str, datetime], **more: list[Any]) -> dict[str, dict[str, list[Any]]]:
    """Return contacts of "a", one each, and their outcomes from (channel, outcome, occurred_at)."""
    ids = [str(i) for i in range(len(rows))]
    contacts = {
        "contact_id": ids,
        "customer_id": ["a"] * len(rows),
        "channel_id": [row[0] for row in rows],
        "sent_at": [ago(300)] * len(rows),
    }
    outcomes = {"contact_id": ids, "outcome": [row[1] for row in rows], "occurred_at": [row[2] for row in rows]} | more
    return {"contacts": contacts, "outcomes": outcomes}


def everybody_agrees(*customers: str) -> dict[str, list[Any]]:
    return consents(*((who, None, "granted") for who in customers))


def answers(tables: TableSet, customer: str = "a", as_of: AsOf = EDGE) -> dict[str, Any]:
    return contactability(pl.DataFrame({"customer_id": [customer]}), tables, as_of).row(0, named=True)


def allowed(tables: TableSet, customer: str = "a", as_of: AsOf = EDGE) -> set[str]:
    return {
        name.removeprefix("may_contact_") for name, value in answers(tables, customer, as_of).items() if name.startswith("may_") and value
    }


ALL = set(CHANNELS)


class TestConsent:
    """The stated consent decides unless contact is forbidden."""

    @pytest.mark.parametrize(
        ("states", "because", "may"),
        [
            ({"email": "granted", "sms": "refused"}, None, {"email"}),
            ({"email": "expired", "sms": "refused"}, "consent_expired", set()),
            ({"email": "refused"}, "consent_refused", set()),
            ({"email": "withdrawn", "sms": "expired"}, "consent_expired", set()),
        ],
    )
    def test_the_reason_nearest_to_a_contact_decides(self, company, states, because, may):
        tables = company({"consents": consents(*(("a", channel, state) for channel, state in states.items()))})
        found = answers(tables)
        assert (found["not_contactable_because"], found["is_contactable"]) == (because, because is None)
        assert allowed(tables) == may
        assert not found["is_protected"]

    def test_silence_is_no_agreement(self, company):
        found = answers(company({"consents": consents(("b", "email", "granted"))}))
        assert (found["is_contactable"], found["not_contactable_because"]) == (False, "consent_unknown")
        assert found["may_contact_email"] is False

    def test_an_agreement_whose_last_day_is_past_has_expired(self, company):
        rows = consents(("a", "email", "granted"), ("b", "email", "granted"), valid_to=[date(2024, 6, 29), date(2024, 6, 30)])
        tables = company({"consents": rows})
        assert answers(tables)["not_contactable_because"] == "consent_expired"
        assert allowed(tables, "b") == {"email"}

    def test_a_channel_of_the_company_has_its_column(self, company):
        tables = company({"consents": consents(("a", "Push web", "granted"))})
        assert allowed(tables) == {"push_web"}

    def test_without_a_consents_table_nothing_is_known(self, company):
        tables = company({"suppressions": excluded(("b", ago(10), None, "all"), ("c", ago(10), None, "phone"))})
        assert answers(tables) == {
            "customer_id": "a",
            **dict.fromkeys([f"may_contact_{channel}" for channel in CHANNELS]),
            "is_contactable": None,
            "is_protected": False,
            "not_contactable_because": "consents_absent",
        }
        protected, partly = answers(tables, "b"), answers(tables, "c")
        assert (protected["is_contactable"], protected["not_contactable_because"]) == (False, "protected")
        assert (partly["may_contact_phone"], partly["may_contact_email"], partly["is_contactable"]) == (False, None, None)

    def test_without_any_of_the_tables_the_columns_are_there(self, company):
        tables = company({"stores": {"store_id": ["s"]}})
        assert answers(tables)["not_contactable_because"] == "consents_absent"


class TestOptOuts:
    """A customer who unsubscribes or complains withdraws consent on that channel, until a later agreement."""

    @pytest.mark.parametrize("outcome", ["unsubscribed", "complained"])
    def test_an_opt_out_is_a_withdrawal_on_its_channel(self, company, outcome):
        tables = company({"consents": everybody_agrees("a"), **contacted(("email", outcome, ago(100)))})
        assert allowed(tables) == ALL - {"email"}
        assert answers(tables)["consent_email"] == "refused"
        assert allowed(tables, as_of=AsOf.parse("2024-01-31")) == ALL

    def test_a_later_agreement_undoes_it(self, company):
        rows = consents(("a", None, "granted"), ("a", "email", "granted"), changed_at=[ago(365), ago(50)])
        assert allowed(company({"consents": rows, **contacted(("email", "unsubscribed", ago(100)))})) == ALL

    def test_what_a_machine_did_is_no_opt_out(self, company):
        machine = contacted(("email", "unsubscribed", ago(100)), is_automated=[True])
        assert allowed(company({"consents": everybody_agrees("a"), **machine})) == ALL

    def test_it_goes_for_a_consent_of_an_address_too(self, company):
        rows = consents(("a", "email", "granted"), identifier=["a@example.org"])
        assert allowed(company({"consents": rows, **contacted(("email", "unsubscribed", ago(100)))})) == set()

    def test_it_counts_without_a_consents_table(self, company):
        found = answers(company(contacted(("email", "unsubscribed", ago(100)))))
        assert (found["may_contact_email"], found["may_contact_sms"]) == (False, None)


class TestExclusions:
    """Exclusions in force or not, and the scope of each."""

    @pytest.mark.parametrize(
        ("starts", "ends", "in_force"),
        [
            (ago(10), None, True),
            (ago(10), ago(-10), True),
            (ago(10), ago(1), False),
            (ago(-1), None, False),
            (datetime(2024, 6, 30, 23, 59, 59, tzinfo=UTC), None, True),
            (datetime(2024, 7, 1, tzinfo=UTC), None, False),
            (ago(10), datetime(2024, 6, 30, 23, 59, 59, tzinfo=UTC), False),
            (ago(10), datetime(2024, 7, 1, tzinfo=UTC), True),
        ],
    )
    def test_one_holds_from_its_start_until_its_end(self, company, starts, ends, in_force):
        tables = company({"consents": everybody_agrees("a"), "suppressions": excluded(("a", starts, ends, None))})
        found = answers(tables)
        assert found["is_protected"] is in_force
        assert found["not_contactable_because"] == ("protected" if in_force else None)
        assert allowed(tables) == (set() if in_force else ALL)

    def test_as_of_an_instant(self, company):
        tables = company({"consents": everybody_agrees("a"), "suppressions": excluded(("a", NOON, None, None))})
        before, at = AsOf.parse("2024-06-30T11:59:59Z"), AsOf.parse("2024-06-30T12:00:00Z")
        assert (answers(tables, as_of=before)["is_protected"], answers(tables, as_of=at)["is_protected"]) == (False, True)

    def test_one_that_was_closed_later_was_in_force_then(self, company):
        tables = company({"consents": everybody_agrees("a"), "suppressions": excluded(("a", ago(100), ago(5), "all"))})
        assert answers(tables, as_of=AsOf.parse("2024-06-01"))["is_protected"]
        assert not answers(tables)["is_protected"]

    @pytest.mark.parametrize(
        ("scope", "barred"),
        [
            (None, ALL),
            ("", ALL),
            (" All ", ALL),
            ("marketing", ALL),
            ("email", {"email"}),
            ("Phone", {"phone"}),
            ("service", set()),
            ("commitment", set()),
            ("store", set()),
            ("everything but the newsletter", ALL),
            ("North", ALL),
            ("South", set()),
        ],
    )
    def test_the_scope_says_what_is_covered(self, company, scope, barred):
        rows = {
            "consents": everybody_agrees("a"),
            "suppressions": excluded(("a", ago(10), None, scope)),
            "customers": {"customer_id": ["a", "z"], "entity_id": ["North", "South"]},
            **contacted(("store", "reached", ago(20))),
        }
        tables = company(rows)
        assert allowed(tables) == ALL - barred
        assert answers(tables)["is_protected"] is (barred == ALL)
        assert unknown_scopes(tables, EDGE) == (scope == "everything but the newsletter")

    def test_an_entity_covers_customers_whose_entity_is_not_known(self, company):
        lines = {"contract_id": ["k"], "customer_id": ["z"], "status": ["active"], "started_on": [date(2024, 1, 1)], "entity_id": ["South"]}
        tables = company({"contracts": lines, "suppressions": excluded(("a", ago(10), None, "South"))})
        assert answers(tables)["is_protected"]
        assert unknown_scopes(tables, EDGE) == 0

    def test_channel_by_channel_all_are_covered(self, company):
        each = excluded(*(("a", ago(10 + i), None, channel) for i, channel in enumerate(CHANNELS)))
        assert answers(company({"consents": everybody_agrees("a"), "suppressions": each}))["not_contactable_because"] == "protected"

    def test_the_protected_are_those_whose_every_channel_is_covered_also_one_that_only_consents_name(self, company):
        each = excluded(*(("a", ago(10 + i), None, channel) for i, channel in enumerate(CHANNELS)), ("b", ago(10), None, None))
        usual = company({"consents": everybody_agrees("a", "b"), "suppressions": each})
        assert protected_customers(usual, EDGE)["customer_id"].to_list() == ["a", "b"]
        more = company({"consents": consents(("a", "push", "granted")), "suppressions": each}, folder="more")
        assert protected_customers(more, EDGE)["customer_id"].to_list() == ["b"]
        assert protected_customers(company({"customers": {"customer_id": ["a"]}}, folder="none"), EDGE).is_empty()

    def test_agreed_channels_that_are_covered_leave_nobody_to_reach(self, company):
        tables = company({"consents": consents(("a", "email", "granted")), "suppressions": excluded(("a", ago(10), None, "email"))})
        assert answers(tables)["not_contactable_because"] == "unreachable"

    def test_protection_wins_over_every_other_reason(self, company):
        tables = company({"consents": consents(("a", "email", "refused")), "suppressions": excluded(("a", ago(10), None, None))})
        assert answers(tables)["not_contactable_because"] == "protected"

    def test_customers_known_by_an_exclusion_alone_are_in_the_table(self, company):
        tables = company(
            {"suppressions": excluded(("over", ago(10), ago(5), None), ("in force", ago(10), None, None), ("later", ago(-5), None, None))}
        )
        assert customer_table(tables, EDGE).select("customer_id", "is_protected").rows() == [("in force", True), ("over", False)]


class TestReach:
    """The last informative outcome for the address decides."""

    def of(self, company, *rows: tuple[str, str, datetime], **more: Any) -> set[str]:
        return ALL - allowed(company({"consents": everybody_agrees("a"), **contacted(*rows), **more}))

    @pytest.mark.parametrize(
        ("channel", "outcome"), [("email", "bounced"), ("sms", "bounced"), ("post", "bounced"), ("phone", "wrong_number")]
    )
    def test_one_failure_is_enough(self, company, channel, outcome):
        assert self.of(company, (channel, outcome, ago(20))) == {channel}

    @pytest.mark.parametrize("outcome", ["delivered", "opened", "clicked", "replied", "redeemed"])
    def test_a_later_proof_of_reach_undoes_it(self, company, outcome):
        assert self.of(company, ("email", "bounced", ago(20)), ("email", outcome, ago(10))) == set()
        assert self.of(company, ("email", "bounced", ago(10)), ("email", outcome, ago(20))) == {"email"}

    @pytest.mark.parametrize("outcome", ["no_answer", "converted", "none"])
    def test_what_says_nothing_of_the_address_changes_nothing(self, company, outcome):
        assert self.of(company, ("phone", "wrong_number", ago(20)), ("phone", outcome, ago(10))) == {"phone"}

    def test_a_proof_on_another_channel_changes_nothing(self, company):
        assert self.of(company, ("email", "bounced", ago(20)), ("sms", "delivered", ago(10))) == {"email"}

    def test_of_two_at_one_instant_the_failure_wins(self, company):
        assert self.of(company, ("email", "delivered", ago(20)), ("email", "bounced", ago(20))) == {"email"}

    def test_a_machine_proves_nothing(self, company):
        rows = contacted(("email", "bounced", ago(20)), ("email", "opened", ago(10)), is_automated=[None, True])
        assert allowed(company({"consents": everybody_agrees("a"), **rows})) == ALL - {"email"}

    def test_a_failure_recorded_late_is_not_yet_known(self, company):
        rows = contacted(("email", "bounced", ago(20)), recorded_at=[ago(-5)])
        assert allowed(company({"consents": everybody_agrees("a"), **rows})) == ALL

    @pytest.mark.parametrize(
        ("valid_from", "valid_to", "lost"), [(9, None, set()), (10, None, {"email"}), (9, 2, {"email"}), (None, None, {"email"})]
    )
    def test_a_newer_address_undoes_it(self, company, valid_from, valid_to, lost):
        """The failure was ten days ago."""
        link = {
            "source": ["crm"],
            "id_type": ["Email"],
            "id_value": ["x"],
            "customer_id": ["a"],
            "valid_from": [valid_from and ago(valid_from).date()],
            "valid_to": [valid_to and ago(valid_to).date()],
        }
        assert self.of(company, ("email", "bounced", ago(10)), identifiers=link) == lost

    def test_agreed_but_out_of_reach(self, company):
        tables = company(
            {"consents": consents(("a", "email", "granted"), ("a", "sms", "expired")), **contacted(("email", "bounced", ago(9)))}
        )
        assert answers(tables)["not_contactable_because"] == "unreachable"


PEOPLE = [f"p{i}" for i in range(6)]
DAYS = st.integers(-40, 400)
SCOPES = st.sampled_from([None, "all", "marketing", *CHANNELS, "service", "nonsense"])
EXCLUSIONS = st.lists(st.tuples(st.sampled_from(PEOPLE), DAYS, st.none() | DAYS, SCOPES), max_size=8)
CONSENTS = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE), st.sampled_from([None, *CHANNELS]), DAYS, st.sampled_from(["granted", "refused", "withdrawn", "expired"])
    ),
    min_size=1,
    max_size=20,
)
CONTACTS = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE), st.sampled_from(CHANNELS), DAYS, st.sampled_from(["delivered", "bounced", "wrong_number", "reached"])
    ),
    max_size=12,
)


def built(folder: Path, forms: list[Any], barred: list[Any], sent: list[Any]) -> TableSet:
    """Return a company of these consents, exclusions and outcomes, each with its days before the cutoff."""
    ids = [str(i) for i in range(len(sent))]
    rows = {
        "consents": consents(*((who, channel, status) for who, channel, _, status in forms), changed_at=[ago(day) for *_, day, _ in forms]),
        "suppressions": excluded(*((who, ago(start), None if end is None else ago(end), scope) for who, start, end, scope in barred)),
        "contacts": {
            "contact_id": ids,
            "customer_id": [row[0] for row in sent],
            "channel_id": [row[1] for row in sent],
            "sent_at": [ago(row[2]) for row in sent],
        },
        "outcomes": {"contact_id": ids, "outcome": [row[3] for row in sent], "occurred_at": [ago(row[2]) for row in sent]},
    }
    return write_company(folder, {name: typed(name, columns) for name, columns in rows.items()})


def decided(forms: list[Any], barred: list[Any], sent: list[Any]) -> pl.DataFrame:
    with tempfile.TemporaryDirectory() as folder:
        tables = built(Path(folder), forms, barred, sent)
        found = contactability(pl.DataFrame({"customer_id": PEOPLE}), tables, EDGE)
        assert protected_customers(tables, EDGE)["customer_id"].to_list() == found.filter("is_protected")["customer_id"].to_list()
        return found


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(forms=CONSENTS, barred=EXCLUSIONS, sent=CONTACTS, order=st.randoms())
def test_whatever_the_rows(forms, barred, sent, order):
    found = decided(forms, barred, sent)
    covered = {
        who
        for who, start, end, scope in barred
        if start >= 0 and (end is None or end < 0) and scope in {None, "all", "marketing", "nonsense"}
    }
    may = [f"may_contact_{channel}" for channel in CHANNELS]
    for row in found.iter_rows(named=True):
        assert row["is_contactable"] == any(row[name] for name in may)
        assert row["is_contactable"] == (row["not_contactable_because"] is None)
        assert row["is_protected"] == (row["not_contactable_because"] == "protected")
        if row["customer_id"] in covered:
            assert row["is_protected"]
        assert all(row[f"consent_{name.removeprefix('may_contact_')}"] == "granted" for name in may if row[name])
    counts = found["not_contactable_because"].drop_nulls().value_counts()
    assert set(counts["not_contactable_because"]) <= set(REASONS)
    assert int(counts["count"].sum()) + int(found["is_contactable"].sum()) == len(PEOPLE)
    shuffled = [order.sample(rows, len(rows)) for rows in (forms, barred, sent)]
    assert_frame_equal(decided(*shuffled), found)
    past = [[row for row in rows if row[day] >= 0] for rows, day in ((forms, 2), (barred, 1), (sent, 2))]
    if past[0]:
        assert_frame_equal(decided(*past), found)
