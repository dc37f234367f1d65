"""Blocks of customers: who they are, what is known of them on a day, and what they allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from relkit.tables.drafting.desk import day_line, filled, id_answer, id_line, is_day, is_id, is_number, plain_line
from relkit.tables.drafting.lexicon import CONTROL_WORDS, NO, YES, several
from relkit.tables.drafting.names import channel, identifier, notions, plain, words
from relkit.tables.drafting.pieces import Answer, DraftBlock, Line, Question, literal, quoted, scalar, written
from relkit.tables.drafting.totals import totals_line
from relkit.tables.schemas import TABLES
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.tables.drafting.desk import Desk
    from relkit.tables.drafting.profile import Profile

_ARMS = 8
_SENSITIVE = several("health sante default defaut incident credit religion handicap disability scoring")
_LATER = several("visit visite conversion converted spend response reponse clicked click")
_UNITS = {"days": "days jours jour day", "weeks": "weeks semaines", "months": "months mois month", "years": "years ans annees year yr"}
_CENSORED = several("censor censored censure event evenement")


def is_people(desk: Desk) -> bool:
    """Return whether a source has one row a customer: by an id that no row repeats, or without any id of people or sales."""
    keys = keys_of(desk)
    if keys:
        return True
    nobody = not desk.all("customer_id", "order_id", "any_id", "product_id", "contract_id", fits=is_id)
    return nobody and desk.found.rows > 20 and len(desk.found.columns) >= 5 and not desk.one("path")


def keys_of(desk: Desk) -> list[Profile]:
    """Return the columns that may identify the customer of a row: named so and never repeated; without such a name, any id."""
    named = desk.all("customer_id", fits=is_id)
    unique = [column for column in named if column.is_unique]
    return unique if named else desk.all("any_id", "card_id", fits=lambda c: c.is_unique and is_id(c))


def has_facts(desk: Desk) -> bool:
    """Return whether there are columns of the table customers."""
    names = ("created_on", "country", "postcode", "language", "birth_day", "birth_year")
    return any(desk.one(name) is not None for name in names)


def customers(desk: Desk) -> list[DraftBlock]:
    """Return the block of the list of customers."""
    birth = desk.one("birth_day", fits=is_day)
    lines: list[Line] = [*_key(desk)]
    created = desk.one("created_on", "contract_start", fits=is_day)
    if created is not None:
        lines.append(day_line("created_on", created))
    if birth is not None:
        lines += _year_of(birth)
    else:
        lines += plain_line("birth_year", desk.one("birth_year", "birth_day", fits=is_number))
    for meaning in ("country", "postcode", "language"):
        lines += plain_line(meaning, desk.one(meaning))
    return [DraftBlock(table="customers", source=desk.found.name, head=totals_line(desk), columns=tuple(lines))]


def _year_of(birth: Profile) -> tuple[Line, ...]:
    """Return the line of the year of a day of birth: its four figures, wherever they are."""
    form = birth.days[0].format if birth.days else None
    if birth.kind != "text" or (form is not None and "%Y" not in form):
        return ()
    start = 1 if form is None or form.startswith("%Y") else 7
    if form in {"%d%m%Y", "%m%d%Y"}:
        start = 5
    made = f"cast(substr({quoted(birth.name)}, {start}, 4) as integer)"
    return (Line(key="birth_year", value=made, reads=(birth.name,)),)


def _key(desk: Desk) -> tuple[Line, ...]:
    return desk.once("key", _key_line)


def _key_line(desk: Desk) -> tuple[Line, ...]:
    named = desk.all("customer_id", fits=lambda c: c.is_unique and is_id(c))
    if len(named) == 1:
        return (id_line("customer_id", named[0], Text("tells all rows apart", "distingue toutes les lignes")),)
    columns = named or keys_of(desk)
    if not columns:
        return ()
    text = Text("which column identifies the customer, elsewhere too?", "quelle colonne identifie le client, y compris ailleurs ?")
    answers = tuple(id_answer(c) for c in columns)
    return (Line(key="customer_id", value=Question(text, answers), reads=tuple(c.name for c in columns)),)


def snapshots(desk: Desk, taken: Sequence[str] = ()) -> list[DraftBlock]:
    """Return the blocks of what is known of customers on a day, with the draw of a campaign if the file has one.

    Args:
        desk: the source.
        taken: columns that another table reads.
    """
    arm = arm_of(desk)
    key = _key(desk) or _asked_id(desk, arm)
    head: tuple[Line, ...] = () if key else (_by_row(desk),)
    as_of = _as_of(desk)
    skipped = {name for line in (*key, *as_of) for name in line.reads} | set(taken) | ({arm.name} if arm is not None else set())
    given = [c for c in desk.found.columns if c.name not in skipped and _says_something(desk, c)]
    later = [c for c in given if arm is not None and set(words(c.name)) & _LATER]
    blocks = [_snapshot(desk, (*head, *totals_line(desk)), (*key, *as_of), [c for c in given if c not in later])]
    if later:
        names = ", ".join(c.name for c in later)
        text = Text(
            f"on which day after the draw were these outcomes known: {names}?",
            f"à quelle date, après le tirage, ces résultats étaient-ils connus : {names} ?",
        )
        day = Line(key="as_of", value={"constant": Question(text, (_A_DAY,))})
        blocks.append(_snapshot(desk, head, (*key, day), later, outcome=True))
    return blocks


_A_DAY = Answer("2025-06-30", Text("or another day, in this form", "ou une autre date, sous cette forme"))


def _asked_id(desk: Desk, arm: Profile | None) -> tuple[Line, ...]:
    """Return the line that asks for the customer's id, if columns may have it or a draw needs it; rows are one of the answers."""
    return desk.once("asked id", lambda _: _asked_id_line(desk, arm))


def _asked_id_line(desk: Desk, arm: Profile | None) -> tuple[Line, ...]:
    columns = [c for c in desk.found.columns if is_id(c) and not desk.is_personal(c) and (c.is_unique or _is_named_id(c))]
    if not columns and arm is None:
        return ()
    text = Text(
        "no column is named like the customer. Which one identifies the customer, or does each row stand for one customer?",
        "aucune colonne ne porte le nom du client. Laquelle l’identifie, ou chaque ligne est-elle un client ?",
    )
    row = Answer(scalar(_row_id(desk)), Text("each row is a customer", "chaque ligne est un client"))
    answers = (*(id_answer(c) for c in columns), row)
    return (Line(key="customer_id", value=Question(text, answers), reads=tuple(c.name for c in columns)),)


def _is_named_id(column: Profile) -> bool:
    return "ID" in notions(column.name) and column.distinct > _ARMS


def _by_row(desk: Desk) -> Line:
    text = Text(
        f"no column identifies customers. Does each row of {desk.found.name} stand for one? If not, take this block out.",
        f"aucune colonne n’identifie les clients. Chaque ligne de {desk.found.name} en est-elle un ? Sinon, supprimez ce bloc.",
    )
    return Line(key="key", value=Question(text, (Answer("file and row"),)))


def _row_id(desk: Desk) -> str:
    return f"concat({literal(desk.found.name + ':')}, _row)"


def _as_of(desk: Desk) -> tuple[Line, ...]:
    named = desk.one("as_of", fits=is_day)
    if named is not None:
        return (day_line("as_of", named),)
    text = Text(
        f"{desk.found.name} does not say of which day it is. At the end of which day was this true?",
        f"{desk.found.name} n’indique pas sa date. À la fin de quel jour ces données étaient-elles vraies ?",
    )
    return (Line(key="as_of", value={"constant": Question(text, (_A_DAY,))}),)


def _says_something(desk: Desk, column: Profile) -> bool:
    """Return whether a column may be an attribute: no name or address of a person, no number of the row, not empty."""
    is_number_of_row = column.is_unique and column.is_code and bool(desk.by_meaning.get("line_id", ()) and column in desk.all("line_id"))
    return bool(column.present) and not is_number_of_row and not desk.is_personal(column)


def _snapshot(desk: Desk, head: tuple[Line, ...], columns: tuple[Line, ...], given: list[Profile], *, outcome: bool = False) -> DraftBlock:
    roles = {} if outcome else _roles(desk, given)
    seen: dict[str, int] = {}
    attributes = []
    for column in given:
        name = _attribute_name(column, seen)
        attributes.append(_attribute(desk, name, column, roles.get(column.name, {}), outcome=outcome))
    remarks: tuple[Text, ...] = ()
    if attributes:
        remarks = (
            Text(
                "Attributes are personal data until you write otherwise: models use those with personal_data: none or purpose: profiling. "
                "What is known only later than the day of the snapshot needs known_at: later.",
                "Les attributs sont des données personnelles tant que vous n’écrivez pas le contraire : les modèles utilisent ceux qui ont "
                "personal_data: none ou purpose: profiling. Ce qui n’est connu qu’après la date de la photo demande known_at: later.",
            ),
        )
    return DraftBlock(
        table="customer_snapshots", source=desk.found.name, head=head, columns=columns, attributes=tuple(attributes), remarks=remarks
    )


def _attribute_name(column: Profile, seen: dict[str, int]) -> str:
    made = identifier(column.name)
    if made in TABLES["customer_snapshots"].names:
        made = f"{made}_given"
    seen[made] = seen.get(made, 0) + 1
    return made if seen[made] == 1 else f"{made}_{seen[made]}"


def _attribute(desk: Desk, name: str, column: Profile, role: dict[str, Any], *, outcome: bool) -> Line:
    rule: dict[str, Any] = {"column": column.name, **_type(column), **role}
    if "expression" in role:
        rule.pop("column")
    if outcome:
        text = Text(f"is {column.name!r} an outcome of the campaign?", f"« {column.name} » est-elle un résultat de la campagne ?")
        rule["role"] = Question(text, (Answer("outcome"), Answer("left_out", Text("no", "non"))))
    elif desk.one("target") is column and column.is_yes_no and not role:
        text = Text(
            f"is {column.name!r} what came of an offer (outcome), or known on the day (covariate)?",
            f"« {column.name} » est-elle le résultat d’une offre (outcome) ou connue ce jour-là (covariate) ?",
        )
        rule |= {"role": Question(text, (Answer("outcome"), Answer("covariate"), Answer("left_out")))}
        rule |= {"known_at": Question(_KNOWN.filled(column=column.name), (Answer("later"), Answer("as_of")))}
    rule["personal_data"] = "sensitive" if set(words(column.name)) & _SENSITIVE else "personal"
    return Line(key=name, value=rule, reads=(column.name,))


_KNOWN = Text(
    "was {column} known on the day of the snapshot, or only later?", "{column} était-elle connue à la date de la photo, ou après ?"
)


def _type(column: Profile) -> dict[str, Any]:
    if column.is_yes_no and not {"gender", "sex", "sexe", "genre"} & set(words(column.name)):
        return {"type": "yes_no"}
    if column.is_day:
        rule = day_line("x", column).value
        return {"type": "date", **({k: v for k, v in rule.items() if k != "column"} if isinstance(rule, dict) else {})}
    if column.numbers is not None and not _is_text_of_figures(column):
        return {"type": "integer" if column.numbers.is_whole else "number"}
    return {}


def _is_text_of_figures(column: Profile) -> bool:
    """Return whether figures are a code: a postal code, an id."""
    return bool(notions(column.name) & {"POSTCODE", "ID"}) and not notions(column.name) & {"QUANTITY", "AMOUNT", "DATE"}


def _roles(desk: Desk, given: list[Profile]) -> dict[str, dict[str, Any]]:
    """Return the roles in a model of churn: the tenure, if there is one, and the end, if there is one with it."""
    tenure = desk.one("tenure", fits=lambda c: is_number(c) and not c.is_yes_no)
    left = desk.one("left", fits=lambda c: c.is_yes_no)
    censor = next((c for c in given if c.is_yes_no and set(words(c.name)) & _CENSORED), None)
    if left is not None and (tenure is None or tenure not in given):
        text = Text(
            f"is {left.name!r} known only after the day of the snapshot?",
            f"« {left.name} » n’est-elle connue qu’après la date de la photo ?",
        )
        return {left.name: {"known_at": Question(text, (Answer("later"), Answer("as_of"))), "role": "left_out"}}
    if tenure is None or tenure not in given or (left is None and censor is None):
        return {}
    roles: dict[str, dict[str, Any]] = {tenure.name: {"role": "tenure", "unit": _unit(tenure)}}
    if left is not None:
        roles[left.name] = {"role": "ended"}
    elif censor is not None:
        roles[censor.name] = _ended(censor)
    monthly = desk.one("monthly_amount", fits=is_number)
    if monthly is not None and monthly in given:
        roles[monthly.name] = {"role": "monthly_amount"}
    return roles


def _ended(censor: Profile) -> dict[str, Any]:
    text = Text(
        f"which value of {censor.name!r} means that the customer has left?", f"quelle valeur de « {censor.name} » signifie un départ ?"
    )
    answers = tuple(Answer(scalar(f"{quoted(censor.name)} = {_written(level)}")) for level in censor.levels)
    return {"expression": Question(text, answers), "role": "ended"}


def _written(level: str) -> str:
    return level if level.replace(".", "", 1).isdigit() else literal(level)


def _unit(tenure: Profile) -> Any:
    named = set(words(tenure.name))
    for unit, texts in _UNITS.items():
        if named & set(texts.split()):
            return unit
    text = Text(f"in which unit is {tenure.name!r}?", f"dans quelle unité est « {tenure.name} » ?")
    numbers = tenure.numbers
    reach = Text(f"up to {numbers.high:,.0f}", f"jusqu’à {numbers.high:,.0f}") if numbers is not None else Text()
    return Question(text, tuple(Answer(unit, reach) for unit in _UNITS))


def arm_of(desk: Desk) -> Profile | None:
    """Return the column of the arms of a draw: few values, one of which names those to whom nothing was sent."""
    for column in desk.found.columns:
        if 2 <= len(column.levels) <= _ARMS and any(_is_control(level) for level in column.levels) and _names_arms(desk, column):
            return column
    return None


def _is_control(level: str) -> bool:
    bare = plain(level).replace("-", "").replace(" ", "")
    return bare in {word.replace("_", "") for word in CONTROL_WORDS} - {"none"}


def _names_arms(desk: Desk, column: Profile) -> bool:
    named = {"ARM", "SEGMENT", "CAMPAIGN"} & notions(column.name)
    return bool(named) or desk.one("arm") is column


def draw(desk: Desk) -> list[DraftBlock]:
    """Return the blocks of who was drawn into which arm: one of each treated, and of the controls one for each action."""
    arm, key = arm_of(desk), _key(desk)
    if arm is None:
        return []
    control = next(level for level in arm.levels if _is_control(level))
    actions = [level for level in arm.levels if level != control]
    (given,) = key or _asked_id(desk, arm)
    person, reads = given.value, given.reads
    asked = _drawn(arm)
    blocks = []
    for action in (None, *actions):
        where = f"{quoted(arm.name)} <> {literal(control)}" if action is None else f"{quoted(arm.name)} = {literal(control)}"
        columns = (
            Line(key="unit_id", value=person, reads=reads),
            Line(key="customer_id", value=person, reads=reads),
            Line(key="wave_id", value={"constant": identifier(desk.found.name)}),
            Line(key="action_id", value=arm.name, reads=(arm.name,))
            if action is None
            else Line(key="action_id", value={"constant": action}),
            Line(key="arm", value={"constant": "treated" if action is None else "control"}),
            Line(key="propensity", value={"constant": asked["propensity"]}),
            Line(key="drawn_at", value={"constant": asked["day"], "precision": "day"}),
        )
        head = (Line(key="where", value=where, reads=(arm.name,)),)
        blocks.append(DraftBlock(table="assignments", source=desk.found.name, head=head, columns=columns, reads_more=(arm.name,)))
    blocks.append(_sent(desk, arm, control, Line(key="customer_id", value=person, reads=reads)))
    return blocks


def _sent(desk: Desk, arm: Profile, control: str, person: Line) -> DraftBlock:
    """Return the block of the contacts of those who were drawn to be treated."""
    by = Text("by which channel were the treated contacted?", "par quel canal les traités ont-ils été contactés ?")
    day = Text("on which day were they contacted?", "quel jour ont-ils été contactés ?")
    columns = (
        Line(key="contact_id", value=person.value, reads=person.reads),
        person,
        Line(key="channel_id", value={"constant": Question(by, tuple(Answer(name) for name in ("email", "sms", "phone", "post")))}),
        Line(key="sent_at", value={"constant": Question(day, (_A_DAY,)), "precision": "day"}),
        Line(key="action_id", value=arm.name, reads=(arm.name,)),
        Line(key="wave_id", value={"constant": identifier(desk.found.name)}),
    )
    head = (Line(key="where", value=f"{quoted(arm.name)} <> {literal(control)}", reads=(arm.name,)),)
    return DraftBlock(table="contacts", source=desk.found.name, head=head, columns=columns)


def _drawn(arm: Profile) -> dict[str, Question]:
    levels = len(arm.levels)
    chance = Answer(f"{1 / levels:.16g}", Text(f"if {levels} arms were drawn alike", f"si {levels} bras ont été tirés à parts égales"))
    texts = {
        "propensity": Text(
            f"does {arm.name!r} come from a draw by lot, and with which probability was each action drawn? Without a draw, take these "
            "blocks out: nothing is then a control.",
            f"« {arm.name} » vient-elle d’un tirage au sort, et quelle était la probabilité de chaque action ? Sans tirage, supprimez ces "
            "blocs : il n’y a alors pas de témoins.",
        ),
        "day": Text("on which day was it drawn?", "quel jour a eu lieu le tirage ?"),
    }
    return {name: Question(text, (chance,) if name == "propensity" else (_A_DAY,)) for name, text in texts.items()}


def consents(desk: Desk) -> list[DraftBlock]:
    """Return a block for each column of consent: a channel, granted or refused."""
    key = _key(desk) or ((id_line("customer_id", column),) if (column := desk.one("customer_id", fits=is_id)) is not None else ())
    asked = [c for c in desk.found.columns if c.is_yes_no and notions(c.name) & {"OPTIN", "OPTOUT"}]
    if not key or not asked:
        return []
    changed = Line(key="changed_at", value=_changed(desk, [column.name for column in asked]))
    return [_consent(desk, column, key[0], changed) for column in asked]


def _consent(desk: Desk, column: Profile, key: Line, changed: Line) -> DraftBlock:
    turned = notions(column.name) & {"OPTIN", "OPTOUT"} == {"OPTOUT"}
    yes = tuple(level for level in column.levels if plain(level).removesuffix(".0") in YES)
    no = tuple(level for level in column.levels if plain(level).removesuffix(".0") in NO)
    granted, refused = (no, yes) if turned else (yes, no)
    status = f"case when {_is(column, granted)} then 'granted' when {_is(column, refused)} then 'refused' end"
    value: Any = status
    if turned:
        text = Text(f"does yes in {column.name!r} mean a refusal?", f"oui dans « {column.name} » signifie-t-il un refus ?")
        other = f"case when {_is(column, yes)} then 'granted' when {_is(column, no)} then 'refused' end"
        value = Question(text, (Answer(scalar(status), Text("yes", "oui")), Answer(scalar(other), Text("no", "non"))))
    known = channel(column.name)
    lines = [key, Line(key="purpose", value={"constant": "marketing"})]
    if known is not None:
        lines.append(Line(key="channel_id", value={"constant": known}))
    else:
        text = Text(
            f"for which channel is {column.name!r}? Without the line, for all.",
            f"pour quel canal vaut « {column.name} » ? Sans la ligne, pour tous.",
        )
        answers = tuple(Answer(name) for name in ("email", "sms", "phone", "post"))
        lines.append(Line(key="channel_id", value={"constant": Question(text, answers, may_go=True)}))
    lines += [changed, Line(key="status", value=value, reads=(column.name,))]
    head = (Line(key="where", value=f"{quoted(column.name)} is not null"),)
    return DraftBlock(table="consents", source=desk.found.name, head=head, columns=tuple(lines), reads_more=(column.name,))


def _is(column: Profile, levels: tuple[str, ...]) -> str:
    if column.kind == "bool":
        return quoted(column.name) if levels[0].lower() == "true" else f"not {quoted(column.name)}"
    written = [level if column.kind != "text" else literal(level) for level in levels]
    return f"{quoted(column.name)} = {written[0]}" if len(written) == 1 else f"{quoted(column.name)} in ({', '.join(written)})"


def _changed(desk: Desk, names: Sequence[str]) -> Question:
    """Return the question on the day of the consents, the columns of days being among the answers."""
    listed = ", ".join(names)
    text = Text(f"since which day do the answers of {listed} hold?", f"depuis quelle date valent les réponses de {listed} ?")
    days = [c for c in desk.found.columns if c.is_day and c not in desk.all("birth_day")]
    answers = [Answer(written(day_line("changed_at", day, instant=True).value), filled(day)) for day in days if _is_settled(day)]
    constant = Answer(
        "{constant: 2025-06-30, precision: day}", Text("the day of the export, in this form", "la date de l’export, sous cette forme")
    )
    return Question(text, (constant, *answers))


def _is_settled(day: Profile) -> bool:
    """Return whether there is one way to read the days."""
    rule = day_line("changed_at", day, instant=True).value
    return not isinstance(rule, dict) or not any(isinstance(part, Question) for part in rule.values())
