"""Contactability as pages report it: people who may be contacted, by channel, and those who may not, by reason.

    contact = Contactability.of(people, language="fr")
    contact.sentences(), contact.by_reason(), contact.by_channel()

Groups of fewer than ten are masked. The kind of a protective exclusion is in no file and on no page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from relkit.features.contactability import MAY, REASONS
from relkit.file_column import channel_in_words
from relkit.plots.style import number, percent
from relkit.reports.pictures import Gallery
from relkit.reports.summary_tables import SMALLEST_GROUP, Shown, SummaryTable, hidden_groups
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

CONTACTABLE = "contactable"
TEXTS: dict[str, Text] = {
    "may": Text(
        "{n} of {all} {who} ({share}) may be contacted: {channels}.", "{n} des {all} {who} ({share}) peuvent être contactées : {channels}."
    ),
    "all_but": Text("All of {all} {who} may be contacted, but for {n}.", "Les {all} {who} peuvent toutes être contactées, sauf {n}."),
    "few_may": Text("Of {all} {who}, {n} may be contacted.", "Sur {all} {who}, {n} peuvent être contactées."),
    "others_not": Text("The others may not: {reasons}.", "Les autres ne peuvent pas l’être : {reasons}."),
    "known": Text("people known", "personnes connues"),
    "under_contract": Text("people under contract with a forecast", "personnes sous contrat dotées d’une prévision"),
    "some": Text("some", "certaines"),
    "may_channel": Text("{n} by {channel}", "{n} par {channel}"),
    "not": Text("{n} may not: {reasons}.", "{n} ne peuvent pas l’être : {reasons}."),
    "absent": Text(
        "No consents are known to relkit, so nothing is known of who may be contacted, but for what the next sentence says.",
        "Aucun consentement n’est connu de relkit : on ne sait pas qui peut être contacté, sauf ce que dit la phrase suivante.",
    ),
    "absent_whole": Text(
        "No consents are known to relkit, so nothing is known of who may be contacted.",
        "Aucun consentement n’est connu de relkit : on ne sait pas qui peut être contacté.",
    ),
    "under": Text("fewer than {n}", "moins de {n}"),
    "s_protected": Text("{n} are protected", "{n} protégées"),
    "s_unreachable": Text("{n} are out of reach on the channels they agreed to", "{n} injoignables sur les canaux qu’elles acceptent"),
    "s_consent_expired": Text("the consent of {n} has expired", "{n} dont l’accord a expiré"),
    "s_consent_refused": Text("{n} refuse", "{n} qui refusent"),
    "s_consent_unknown": Text("{n} never said", "{n} qui ne se sont jamais exprimées"),
    "contactable": Text("May be contacted", "Contactables"),
    "protected": Text("Protected", "Personnes protégées"),
    "unreachable": Text("Agreed, but out of reach", "Accord donné, mais injoignables"),
    "consent_expired": Text("Consent expired", "Accord expiré"),
    "consent_refused": Text("Consent refused or withdrawn", "Refus ou retrait"),
    "consent_unknown": Text("Never said", "Jamais exprimé"),
    "consents_absent": Text("No consents known", "Aucun consentement connu"),
    "group": Text("May be contacted, or why not", "Contactables, sinon le motif"),
    "people": Text("People", "Personnes"),
    "share": Text("Share", "Part"),
    "total": Text("All", "Ensemble"),
    "by_reason": Text("Who may be contacted", "Qui peut être contacté"),
    "reason_note": Text(
        "Of several reasons protection counts first, then the one nearest to a contact.",
        "Si plusieurs motifs valent, la protection l’emporte, puis le motif le plus proche d’un contact.",
    ),
    "channel": Text("Channel", "Canal"),
    "by_channel": Text("Who may be contacted on which channel", "Qui peut être contacté par quel canal"),
    "channel_note": Text(
        "Consent given and not expired, no protective exclusion, no bounce or wrong number since the last proof of reach.",
        "Accord donné et non expiré, aucune exclusion protectrice, ni rejet ni faux numéro depuis un contact abouti.",
    ),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Contactability:
    """Counts of the people who may be contacted.

    Attributes:
        people: number of all people counted.
        reasons: number of people by reason, and under `contactable` of those who may be contacted; they add up to `people`.
        channels: number of people who may be contacted, by channel; None if no consents are known.
        language: en or fr.
        who: known or under_contract, the word for the people counted.
    """

    people: int
    reasons: dict[str, int]
    channels: dict[str, int] | None
    language: str
    who: Literal["known", "under_contract"] = "known"

    @classmethod
    def of(cls, people: pl.DataFrame, *, language: str, who: Literal["known", "under_contract"] = "known") -> Contactability | None:
        """Count the people of a scored customer file, full view; None if it does not say who may be contacted."""
        if "not_contactable_because" not in people.columns:
            return None
        found = people.select(pl.col("not_contactable_because").fill_null(CONTACTABLE)).to_series()
        reasons = {name: int((found == name).sum()) for name in (CONTACTABLE, *REASONS)}
        named = [name for name in people.columns if name.startswith(MAY)]
        channels = None if reasons["consents_absent"] else {name.removeprefix(MAY): int(people[name].sum()) for name in named}
        given = {name: n for name, n in reasons.items() if n}
        return cls(people=len(people), reasons=given, channels=channels, language=language, who=who)

    def sentences(self) -> tuple[str, ...]:
        """Return the number of contactable people, by channel, and the others by reason; masked like the table of the reasons."""
        masks = dict(zip(self.reasons, hidden_groups([*self.reasons.values()], has_total=True), strict=True))
        barred = {name: n for name, n in self.reasons.items() if name not in {CONTACTABLE, "consents_absent"}}
        is_masked = bool(masks.get(CONTACTABLE))
        absent = self._say("absent" if barred else "absent_whole")
        may = absent if self.channels is None else self._may(sum(barred.values()), is_masked=is_masked)
        if not barred:
            return (may,)
        reasons = ", ".join(self._say(f"s_{name}", n=self._masked(n, masks[name])) for name, n in barred.items())
        key = "others_not" if is_masked else "not"
        return (may, self._say(key, n=self._counted(sum(barred.values())), reasons=reasons))

    def _may(self, others: int, *, is_masked: bool) -> str:
        """Return the number of contactable people; not exact if that would give a small group away."""
        n, channels = self.reasons.get(CONTACTABLE, 0), self.channels or {}
        all_, who = number(self.people, self.language), self._say(self.who)
        if is_masked and 0 < others < SMALLEST_GROUP:
            return self._say("all_but", n=self._counted(others), all=all_, who=who)
        if is_masked:
            return self._say("few_may", n=self._counted(n) if n < SMALLEST_GROUP else self._say("some"), all=all_, who=who)
        by = [self._say("may_channel", n=self._counted(n), channel=self._channel(name)) for name, n in channels.items()]
        share = percent(n / max(self.people, 1), self.language)
        return self._say("may", n=self._counted(n), all=all_, who=who, share=share, channels=", ".join(by))

    def by_reason(self) -> SummaryTable:
        """Return the people who may be contacted, and the others by reason; they add up to all."""
        rows = [{"group": self._say(name), "people": n, "share": n / max(self.people, 1)} for name, n in self.reasons.items()]
        columns = (
            Shown("group", self._say("group")),
            Shown("people", self._say("people"), "count"),
            Shown("share", self._say("share"), "share", 1),
        )
        total = {"group": self._say("total"), "people": self.people, "share": 1.0}
        return self._table(rows, columns, "by_reason", "reason_note", total=total)

    def by_channel(self) -> SummaryTable | Gallery:
        """Return the number of contactable people on each channel; nothing if no consents are known."""
        if self.channels is None:
            return Gallery((), self._say("absent_whole"))
        rows = [{"channel": self._channel(name), "people": n, "share": n / max(self.people, 1)} for name, n in self.channels.items()]
        columns = (
            Shown("channel", self._say("channel")),
            Shown("people", self._say("people"), "count"),
            Shown("share", self._say("share"), "share", 1),
        )
        return self._table(rows, columns, "by_channel", "channel_note")

    def _table(self, rows: list[dict[str, Any]], columns: Sequence[Shown], caption: str, note: str, **more: Any) -> SummaryTable:
        schema = {columns[0].name: pl.String, "people": pl.Int64, "share": pl.Float64}
        return SummaryTable(
            frame=pl.DataFrame(rows, schema=schema),
            columns=tuple(columns),
            caption=self._say(caption),
            language=self.language,
            count="people",
            notes=(self._say(note),),
            **more,
        )

    def _channel(self, name: str) -> str:
        return channel_in_words(name)[self.language]

    def _masked(self, n: int, mask: str) -> str:
        """Return a count, or a word if it is masked only to keep another from being found by difference."""
        return self._say("some") if mask and n >= SMALLEST_GROUP else self._counted(n)

    def _counted(self, n: int) -> str:
        return number(n, self.language) if n >= SMALLEST_GROUP or n == 0 else self._say("under", n=number(SMALLEST_GROUP, self.language))

    def _say(self, key: str, **values: str) -> str:
        return TEXTS[key][self.language].format(**values)
