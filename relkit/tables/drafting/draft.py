"""A mapping drafted from what is there: every table that can be recognised, every doubt asked, the rest listed.

    text = draft_mapping(Path("data")).text

Days, signs, units, keys, the tax basis, the currency and the zone are written only if the values leave no doubt; otherwise
a numbered question waits in their place, and `relkit check` refuses the mapping until it is answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from relkit.errors import TableError
from relkit.tables.data_place import DataPlace
from relkit.tables.drafting import agreements, campaigns, catalogue, journeys, ours, people, sales, voices
from relkit.tables.drafting.company import company_lines
from relkit.tables.drafting.desk import Desk
from relkit.tables.drafting.found import Found, Unplaced, find_sources
from relkit.tables.drafting.pieces import Answer, DraftBlock, Line, Question
from relkit.tables.drafting.writing import Sheet
from relkit.tables.findings import counted
from relkit.tables.schemas import FACT_TABLES, TABLES
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


@dataclass(frozen=True, kw_only=True, eq=False)
class Draft:
    """A drafted mapping.

    Attributes:
        text: YAML with comments.
        questions: number of open ones.
        tables: of ours that it fills.
        sources: number of sources that it reads.
        unplaced: files, sheets and columns that it does not.
    """

    text: str
    questions: int
    tables: tuple[str, ...]
    sources: int
    unplaced: tuple[str, ...]

    def sentences(self) -> tuple[str, ...]:
        """Return the contents of the draft in a few sentences."""
        made = (
            f"A draft of {counted(len(self.tables), 'table')} from {counted(self.sources, 'source')}: {', '.join(self.tables) or 'none'}."
        )
        asked = (
            f"Answer its questions first: {self.questions}. Each stands where its answer goes."
            if self.questions
            else "It asks no question."
        )
        left = (f"Not placed: {len(self.unplaced)}, listed at its end.",) if self.unplaced else ()
        return (made, asked, *left)


def draft_mapping(data: Path | str, *, language: str = "en", command: str = "") -> Draft:
    r"""Return the draft of a mapping for what is at `data`.

    Args:
        data: a folder, one file, or a SQL URL.
        language: of the comments.
        command: the command that tries the draft, for its last line.

    Raises:
        TableError: nothing there can be read as a table.

    Examples:
        >>> from pathlib import Path
        >>> from tempfile import mkdtemp
        >>> folder = Path(mkdtemp())
        >>> lines = "No ticket;No client;Date;Montant TTC\n1;007;31/12/2024;12,50\n2;007;02/01/2025;9,90\n3;019;02/01/2025;5,00\n"
        >>> _ = (folder / "tickets.csv").write_text(lines)
        >>> draft = draft_mapping(folder)
        >>> draft.tables, draft.questions
        (('customers', 'transactions'), 3)
        >>> print(*[line.strip() for line in draft.text.splitlines() if "occurred_at" in line])
        occurred_at: {column: Date, format: "%d/%m/%Y", precision: day}
    """
    place = DataPlace.of(data)
    found, unread = find_sources(place)
    if not found:
        listed = "; ".join(f"{each.name}: {each.reason}" for each in unread[:4])
        raise TableError(f"nothing there can be read as a table. {listed}".strip(), where=str(place), remedy="Check the path of the data.")
    desks = [Desk(each) for each in found]
    blocks = _blocks(desks)
    return _written(desks, blocks, unread, language, command)


def _blocks(desks: Sequence[Desk]) -> list[DraftBlock]:
    """Return the blocks of all tables, in the order of the tables; a source counts for the first table that it suits."""
    rest = list(desks)
    listed = campaigns.campaigns_of(rest)
    if listed is not None:
        rest.remove(listed.desk)
    sorted_out = {name: _pick(rest, test, desks) for name, test in _TESTS.items()}
    found = [block for name, make in _MAKERS.items() for desk in sorted_out[name] for block in make(desk)]
    found += [block for desk in sorted_out["redemptions"] for block in campaigns.outcomes(desk, sorted_out["contacts"])]
    found += [block for desk in sorted_out["contacts"] for block in campaigns.contacts(desk, listed)]
    found += [block for desk in sorted_out["offers"] for block in campaigns.offers(desk, listed)]
    found += [block for desk in sorted_out["products"] for block in catalogue.products(desk, desks)]
    found += _people(sorted_out["people"], has_facts=any(block.table in FACT_TABLES for block in found))
    found += _derived(sorted_out["sales"], {block.table for block in found})
    order = list(TABLES)
    return sorted(_once(found), key=lambda block: order.index(block.table))


_TESTS: dict[str, Callable[[Desk, Sequence[Desk]], bool]] = {
    "ours": lambda desk, _: ours.is_ours(desk),
    "paths": lambda desk, _: journeys.is_paths(desk),
    "redemptions": lambda desk, _: campaigns.is_redemptions(desk),
    "movements": lambda desk, _: voices.is_movements(desk),
    "contracts": lambda desk, _: agreements.is_contracts(desk),
    "touchpoints": lambda desk, _: journeys.is_touchpoints(desk),
    "sales": lambda desk, _: sales.is_sales(desk),
    "surveys": lambda desk, _: voices.is_surveys(desk),
    "offers": lambda desk, _: campaigns.is_offers(desk),
    "contacts": lambda desk, _: campaigns.is_contacts(desk),
    "products": catalogue.is_products,
    "stores": lambda desk, _: catalogue.is_stores(desk),
    "people": lambda desk, _: people.is_people(desk),
}
"""Tests of the kinds of sources, in the order in which they are tried."""

_MAKERS: dict[str, Callable[[Desk], list[DraftBlock]]] = {
    "ours": ours.ours,
    "paths": journeys.paths,
    "movements": voices.movements,
    "surveys": voices.surveys,
    "contracts": agreements.contracts,
    "touchpoints": lambda desk: [*journeys.touchpoints(desk), *sales.conversions_of(desk)],
    "stores": catalogue.stores,
    "sales": sales.transactions,
}
"""Blocks of the sources that need no other source."""


def _pick(rest: list[Desk], test: Callable[[Desk, Sequence[Desk]], bool], desks: Sequence[Desk]) -> list[Desk]:
    """Take the sources out that pass, and return them."""
    taken = [desk for desk in rest if test(desk, desks)]
    for desk in taken:
        rest.remove(desk)
    return taken


def _people(desks: Sequence[Desk], *, has_facts: bool) -> list[DraftBlock]:
    """Return customers beside sales or contracts; snapshots if the list itself is all that is known, or says more."""
    found: list[DraftBlock] = []
    for desk in desks:
        if has_facts and people.has_facts(desk) and people.keys_of(desk):
            found += people.customers(desk)
        else:
            found += [*people.snapshots(desk), *people.draw(desk)]
        found += people.consents(desk)
    return found


def _derived(desks: Sequence[Desk], given: set[str]) -> list[DraftBlock]:
    """Return customers and products made from sales, if no list of them is there."""
    found: list[DraftBlock] = []
    for desk in desks:
        found += [] if "customers" in given else sales.customers_of(desk)
        found += [] if "products" in given else sales.products_of(desk)
    return found


def _once(blocks: Sequence[DraftBlock]) -> list[DraftBlock]:
    """Return the blocks that have all required columns of their table, so that the draft is whole once it is answered."""
    kept = []
    for block in blocks:
        contract = TABLES[block.table]
        made = {line.key for line in (*block.columns, *block.attributes)}
        made |= {contract.key[0]} if any(line.key == "key" for line in block.head) else set()
        lacking = [c.name for c in contract.columns if c.required and c.default is None and c.name not in made]
        if not lacking:
            kept.append(block)
    return kept


def _written(desks: Sequence[Desk], blocks: Sequence[DraftBlock], unread: Sequence[Unplaced], language: str, command: str) -> Draft:
    sheet = Sheet(language=language)
    by_name = {desk.found.name: desk.found for desk in desks}
    used = {block.source for block in blocks} | _joined(blocks)
    _head(sheet, [by_name[name] for name in sorted(used)])
    body = Sheet(language=language, asked=sheet.asked)
    body.plain("company:")
    for line in company_lines(desks, blocks):
        body.line(line, 2)
    if any(block.table == "transactions" for block in blocks):
        body.plain("# history_starts_on: 2024-01-01", 2)
        body.comment(_HISTORY, 2)
        if not any(line.key in {"margin_amount", "unit_margin"} for block in blocks for line in block.columns):
            body.plain("# assumed_margin_rate: 0.30", 2)
            body.comment(_MARGIN, 2)
    body.plain()
    _sources(body, [desk.found for desk in desks if desk.found.name in used], blocks)
    _tables(body, blocks)
    unplaced = _rest(body, desks, blocks, unread, used)
    if not any(block.table in FACT_TABLES for block in blocks):
        body.comment(_NO_FACTS)
    if command:
        body.plain()
        body.comment(_TRY)
        body.plain(f"#   {command}")
    sheet.comment(_ASKED.filled(n=len(sheet.asked)) if sheet.asked else _NOTHING_ASKED)
    sheet.plain()
    sheet.lines += body.lines
    tables = tuple(dict.fromkeys(block.table for block in blocks))
    return Draft(text=sheet.text(), questions=len(sheet.asked), tables=tables, sources=len(used), unplaced=tuple(unplaced))


_TITLE = Text(
    "Draft of a mapping, made by relkit from the files themselves. Read it before you use it.",
    "Ébauche de mapping, faite par relkit d’après les fichiers eux-mêmes. Relisez-la avant de l’utiliser.",
)
_ASKED = Text(
    "Open questions: {n}. Each stands where its answer goes; until all are answered, the draft is refused.",
    "Questions ouvertes : {n}. Chacune est à la place de sa réponse ; tant qu’il en reste, l’ébauche est refusée.",
)
_NOTHING_ASKED = Text("There is no open question.", "Aucune question n’est ouverte.")
_TRY = Text("To try it:", "Pour l’essayer :")
_NO_FACTS = Text(
    "No source looks like sales, contracts, snapshots or paths, and one of them is needed: write its block, see docs/mappings.md.",
    "Aucune source ne ressemble à des ventes, des contrats, des photos de clients ou des parcours, or il en faut une : écrivez son bloc, "
    "voir docs/mappings.md.",
)
_HISTORY = Text(
    "(if customers bought before the files begin: uncomment it, with the first day of the files)",
    "(si des clients achetaient avant le début des fichiers : décommentez, avec le premier jour des fichiers)",
)
_MARGIN = Text(
    "(no file has margins, and values in margin need a rate: uncomment it, with yours)",
    "(aucun fichier n’a de marge, et les valeurs en marge demandent un taux : décommentez, avec le vôtre)",
)
_LEFT = Text("Not placed, each to be mapped by hand or left out:", "Non placés, à compléter à la main ou à laisser de côté :")


def _head(sheet: Sheet, found: Sequence[Found]) -> None:
    sheet.comment(_TITLE)
    sheet.comment(Text("", ""))
    for each in found:
        files = each.files[0] if len(each.files) == 1 else f"{each.files[0]} ... {each.files[-1]} ({len(each.files)})"
        detected = "; ".join(note.partition("detected ")[2].rstrip(".") for note in each.notes if "detected " in note)
        detected = detected if sheet.language == "en" else _in_french(detected)
        sheet.comment(Text(*(f"{each.name}: {files}, {_rows(each.rows, x)}{f' ({detected})' if detected else ''}" for x in ("en", "fr"))))
    sheet.comment(Text("", ""))


_FRENCH = {
    "semicolon-separated": "séparateur point-virgule",
    "comma-separated": "séparateur virgule",
    "tab-separated": "séparateur tabulation",
    "bar-separated": "séparateur barre verticale",
    "with a header": "avec en-têtes",
    "without header": "sans en-têtes",
    "decimal comma": "virgule décimale",
    "decimal point": "point décimal",
}


def _in_french(detected: str) -> str:
    """Return the detected properties in French; others are names that both languages share."""
    for english, french in _FRENCH.items():
        detected = detected.replace(english, french)
    return detected


def _rows(rows: int, language: str) -> str:
    return f"{rows:,} rows" if language == "en" else f"{rows:,} lignes".replace(",", "\u202f")


def _joined(blocks: Sequence[DraftBlock]) -> set[str]:
    return {line.value["source"] for block in blocks for line in block.head if line.key == "join" and isinstance(line.value, dict)}


def _sources(sheet: Sheet, found: Sequence[Found], blocks: Sequence[DraftBlock]) -> None:
    sheet.plain("sources:" if found else "sources: {}")
    for each in found:
        sheet.plain(f"{each.name}:", 2)
        for key, value in each.keys.items():
            if key == "columns":
                sheet.comment(_UNNAMED, 4)
            sheet.line(Line(key=key, value=value), 4)
        for line in (*_marks(each), *_clock(each, blocks)):
            sheet.line(line, 4)
    sheet.plain()


_UNNAMED = Text(
    "The file does not name its columns: give them names here and wherever the draft has column_1, column_2 ...",
    "Le fichier ne nomme pas ses colonnes : renommez-les ici et partout où l’ébauche écrit column_1, column_2…",
)


def _marks(found: Found) -> list[Line]:
    """Return the marks of decimals and thousands if they are not those that a reading detects."""
    numbers = [c.numbers for c in found.columns if c.numbers is not None and c.kind == "text"]
    thousands = {n.thousands for n in numbers if n.thousands and n.is_sure}
    if len(thousands) != 1:
        return []
    mark = thousands.pop()
    return [Line(key="decimal", value="," if mark == "." else "."), Line(key="thousands", value=mark)]


def _clock(found: Found, blocks: Sequence[DraftBlock]) -> list[Line]:
    """Return the question on the clock of a source with clock times that do not state their offset."""
    read = {name for block in blocks if block.source == found.name for name in block.reads}
    timed = [c for c in found.columns if c.name in read and any(f.has_clock and not f.has_zone for f in c.days)]
    if not timed:
        return []
    text = Text(f"which clock do the times of {timed[0].name!r} show?", f"de quel fuseau sont les heures de « {timed[0].name} » ?")
    answers = (Answer("Europe/Paris"), Answer("UTC"), Answer("America/New_York"))
    return [Line(key="zone", value=Question(text, answers))]


def _tables(sheet: Sheet, blocks: Sequence[DraftBlock]) -> None:
    sheet.plain("tables:" if blocks else "tables: {}")
    for table in dict.fromkeys(block.table for block in blocks):
        sheet.plain(f"{table}:", 2)
        for block in blocks:
            if block.table == table:
                sheet.block(block, 4)
        sheet.plain()


def _rest(sheet: Sheet, desks: Sequence[Desk], blocks: Sequence[DraftBlock], unread: Sequence[Unplaced], used: set[str]) -> list[str]:
    """List what the draft does not read: files, sources, columns."""
    lines: list[str] = [f"{each.name}: {each.reason}" for each in unread]
    joined = _joined(blocks)
    for desk in desks:
        reads = {name for block in blocks if block.source == desk.found.name for name in block.reads}
        reads |= {c.name for c in desk.all("currency") if len(c.levels) == 1}
        others = [c.name for c in desk.found.columns if c.name not in reads and desk.found.name not in joined]
        if desk.found.name not in used:
            lines.append(f"{', '.join(desk.found.files[:3])} ({desk.found.name}): {', '.join(c.name for c in desk.found.columns)}")
        elif others:
            lines.append(f"{desk.found.name}: {', '.join(others)}")
    if lines:
        sheet.comment(_LEFT)
        for text in lines:
            sheet.comment(Text(f"  - {text}", f"  - {text}"))
    return lines
