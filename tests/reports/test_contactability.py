"""Contactability in words and tables, small groups masked."""

from __future__ import annotations

import polars as pl
import pytest

from relkit.features.contactability import REASONS
from relkit.reports.contactability import TEXTS, Contactability
from relkit.reports.pictures import Gallery

COUNTS = {None: 700, "protected": 20, "unreachable": 4, "consent_expired": 30, "consent_refused": 200, "consent_unknown": 46}


def people(counts: dict[str | None, int] | None = None) -> pl.DataFrame:
    reasons = [reason for reason, n in (COUNTS if counts is None else counts).items() for _ in range(n)]
    may = pl.col("not_contactable_because").is_null()
    made = pl.DataFrame({"not_contactable_because": reasons}, schema={"not_contactable_because": pl.String})
    return made.with_columns(may_contact_email=may, may_contact_phone=may & (pl.int_range(pl.len()) < 300))


def test_both_languages_say_the_same_things():
    assert all(text.en and text.fr for text in TEXTS.values())
    assert set(REASONS) <= set(TEXTS)


def test_reasons_and_the_contactable_add_up_to_everybody():
    contact = Contactability.of(people(), language="en")
    assert contact.reasons == {"contactable": 700, **{name: n for name, n in COUNTS.items() if name}}
    assert sum(contact.reasons.values()) == contact.people == 1000
    assert contact.channels == {"email": 700, "phone": 300}


def test_the_headline_masks_a_small_group_and_the_one_that_would_give_it_away():
    assert Contactability.of(people(), language="en").sentences() == (
        "700 of 1,000 people known (70%) may be contacted: 700 by email, 300 by phone.",
        (
            "300 may not: some are protected, fewer than 10 are out of reach on the channels they agreed to, the consent of 30 has "
            "expired, 200 refuse, 46 never said."
        ),
    )
    french = [line.replace("\u202f", " ").replace("\xa0", " ") for line in Contactability.of(people(), language="fr").sentences()]
    assert french == [
        "700 des 1 000 personnes connues (70 %) peuvent être contactées : 700 par e-mail, 300 par téléphone.",
        (
            "300 ne peuvent pas l’être : certaines protégées, moins de 10 injoignables sur les canaux qu’elles acceptent, 30 dont "
            "l’accord a expiré, 200 qui refusent, 46 qui ne se sont jamais exprimées."
        ),
    ]


@pytest.mark.parametrize(
    ("counts", "lines"),
    [
        (
            {None: 990, "protected": 6},
            ("All of 996 people known may be contacted, but for fewer than 10.", "The others may not: fewer than 10 are protected."),
        ),
        (
            {None: 12, "protected": 5, "consent_refused": 900},
            ("Of 917 people known, some may be contacted.", "The others may not: fewer than 10 are protected, 900 refuse."),
        ),
        (
            {None: 3, "consent_refused": 900, "consent_unknown": 40},
            ("Of 943 people known, fewer than 10 may be contacted.", "The others may not: 900 refuse, some never said."),
        ),
    ],
)
def test_sentence_and_table_together_do_not_give_a_small_group_away(counts, lines):
    contact = Contactability.of(people(counts), language="en")
    assert contact.sentences() == lines
    shown = {row[1] for row in contact.by_reason().cells()[:-1]}
    assert {word for line in lines for word in line.replace(",", "").rstrip(".").split() if word in {"12", "990", "905"}} == set()
    assert {"< 10", "hidden"} <= shown


def test_the_table_adds_up_and_masks():
    cells = Contactability.of(people(), language="en").by_reason().cells()
    assert [row[:2] for row in cells] == [
        ["May be contacted", "700"],
        ["Protected", "hidden"],
        ["Agreed, but out of reach", "< 10"],
        ["Consent expired", "30"],
        ["Consent refused or withdrawn", "200"],
        ["Never said", "46"],
        ["All", "1,000"],
    ]
    assert Contactability.of(people(), language="fr").by_channel().cells()[1][:2] == ["téléphone", "300"]


@pytest.mark.parametrize("protected", [0, 12])
def test_without_consents_it_says_that_nothing_is_known(protected):
    contact = Contactability.of(people({"consents_absent": 90, "protected": protected}), language="en")
    lines = contact.sentences()
    assert lines[0].startswith("No consents are known to relkit")
    assert lines[1:] == (("12 may not: 12 are protected.",) if protected else ())
    assert isinstance(contact.by_channel(), Gallery)
    assert contact.by_reason().cells()[-1][1] == str(90 + protected)


def test_a_file_that_does_not_say_is_not_read():
    assert Contactability.of(pl.DataFrame({"customer_id": ["a"]}), language="en") is None
