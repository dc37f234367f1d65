"""Grammar of mapping files, and the report of each problem: line, name, nearest match."""

# ruff: noqa: E501  (one case a line)

from __future__ import annotations

import pytest

from relkit.errors import ParameterError
from relkit.tables.mapping_file import ColumnRule, SourceDeclaration, load_mapping

GOOD = """\
company:
  currency: EUR
  business_zone: Europe/Paris
sources:
  till:
    files: till.csv
  shops: {files: [a.csv, b.csv]}
tables:
  transactions:
    from: till
    key: file and row
    join: {source: shops, on: shop}
    columns:
      transaction_id: no
      occurred_at: {column: day, format: "%d/%m/%Y"}
      net_amount: price * quantity
      currency: {constant: EUR}
      quantity: 1
    returns: {where: kind = 'R'}
  customer_snapshots:
    - from: shops
      columns: {customer_id: id, as_of: {constant: 2024-01-31}}
      attributes:
        town: {column: town, label: {en: Town, fr: Ville}, known_at: later}
        score: points
"""


def load(folder, text=GOOD):
    path = folder / "mapping.yaml"
    path.write_text(text, encoding="utf-8")
    return load_mapping(path)


def refused(folder, old, new, *, text=GOOD):
    assert old in text
    with pytest.raises(ParameterError) as caught:
        load(folder, text.replace(old, new))
    return str(caught.value).replace(str(folder) + "/", "")


def test_short_forms_mean_what_long_ones_do(tmp_path):
    mapping = load(tmp_path)
    block = mapping.file.tables["transactions"][0]
    assert mapping.file.sources["till"].files == ("till.csv",)
    assert mapping.file.sources["shops"].files == ("a.csv", "b.csv")
    assert block.columns["transaction_id"] == ColumnRule(read="no")
    assert block.columns["occurred_at"] == ColumnRule(column="day", format="%d/%m/%Y")
    assert block.columns["quantity"] == ColumnRule(constant=1)
    assert block.join[0].on == {"shop": "shop"}
    assert block.returns[0].kind == "return"
    snapshots = mapping.file.tables["customer_snapshots"][0]
    assert snapshots.columns["as_of"].constant == "2024-01-31"
    assert snapshots.attributes["town"].known_at == "later"
    assert snapshots.attributes["score"].read == "points"
    assert snapshots.attributes["score"].type == "text"


def test_places_are_found_whether_a_list_was_written_or_not(tmp_path):
    mapping = load(tmp_path)
    assert mapping.at("tables", "transactions", 0, "columns", "net_amount").endswith("mapping.yaml, line 16, column 7")
    assert mapping.at("tables", "customer_snapshots", 0, "attributes", "town").endswith("line 24, column 9")
    assert mapping.at("tables", "transactions", 0, "join", 0, "on").endswith("line 12, column 27")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("currency: EUR\n", "curency: EUR\n", "line 2, column 3: unknown key 'curency'; did you mean 'currency'? Known: currency, business_zone"),
        ("    files: till.csv", "    file: till.csv", "line 6, column 5: unknown key 'file'; did you mean 'files'? Known: files, url, url_from, format, delimiter"),
        ("    key:", "    kee:", "line 11, column 5: unknown key 'kee'; did you mean 'key'? Known: from, key, where, join, columns"),
        ('format: "%d', 'formt: "%d', "line 15, column 34: unknown key 'formt'; did you mean 'format'? Known: column, expression, constant, format, zone"),
        ("on: shop}", "onn: shop}", "2 problems. line 12: the key 'on' is missing. line 12: unknown key 'onn'; did you mean 'on'? Known: source, on"),
        ("{where: kind = 'R'}", "{where: x, knd: cancel}", "line 19, column 25: unknown key 'knd'; did you mean 'kind'? Known: where, kind, amounts"),
        ("fr: Ville", "frr: Ville", "unknown key 'frr'; did you mean 'fr'? Known: en, fr."),
        ("known_at: later", "known: later", "line 24, column 60: unknown key 'known'; did you mean 'known_at'?"),
        ("sources:\n", "source:\n", "line 4: unknown key 'source'; did you mean 'sources'? Known: company, sources, tables, controls, rules."),
        ("Europe/Paris", "Europe/Pris", "line 3, column 3: business_zone: this is not an IANA time zone, like Europe/Paris."),
        *(
            ("business_zone: Europe/Paris", f"business_zone: {zone}", "no IANA time zone, like Europe/Paris")
            for zone in ("localtime", "posixrules", "Factory", "posix/Europe/Paris")
        ),
        ("currency: EUR\n", "currency: euro\n", "line 2, column 3: currency is 'euro': string should match pattern"),
        ("currency: EUR\n", "assumed_margin_rate: 30\n", "assumed_margin_rate is 30: input should be less than or equal to 1"),
        ("known_at: later", "known_at: soon", "known_at: write as_of, later, or a day of the calendar like 2024-01-31"),
        ("known_at: later", "known_at: '9999-99-99'", "known_at: write as_of, later, or a day of the calendar like 2024-01-31"),
        ("{constant: EUR}", "{constant: EUR, column: x}", "line 17, column 7: currency: give one of column, expression and constant."),
        ("{constant: EUR}", "{format: x}", "line 17, column 7: currency: give one of column, expression and constant."),
        ("from: till", "from: tille", "line 10, column 5: unknown source 'tille'; did you mean 'till'? Known: shops, till."),
        ("source: shops", "source: shop", "line 12, column 12: unknown source 'shop'; did you mean 'shops'?"),
        ("  transactions:", "  transaction:", "line 9, column 3: unknown table 'transaction'; did you mean 'transactions'? Known: assignments, calendar"),
        ("net_amount:", "net_amout:", "line 16, column 7: unknown column of transactions 'net_amout'; did you mean 'net_amount'? Known: channel_id"),
        ("      net_amount: price * quantity\n", "", "line 13, column 5: transactions needs net_amount."),
        ("      transaction_id: no\n      occurred_at", "      occurred_at", "transactions needs transaction_id."),
        ("{customer_id: id, as_of", "{customer_id: id, town: t, as_of", "column of customer_snapshots 'town'. Known: as_of, customer_id, recorded_at. Declare it under attributes."),
        ("town: {column", "as_of: {column", "'as_of' cannot name an attribute: letters, digits and _ only, and no column of the table."),
        ("score: points", "my score: points", "line 25, column 9: 'my score' cannot name an attribute"),
        ("    returns:", "    attributes: {a: b}\n    returns:", "line 19, column 5: attributes belong to customer_snapshots."),
        ("    - from: shops", "    - from: shops\n      returns: {where: x}", "returns belong to transactions."),
        ("  customer_snapshots:\n    - from: shops", "  contracts:\n    - from: shops\n      key: file and row", "key: file and row needs a table with one key column; contracts has contract_id, valid_from, status, ended_on."),
        ("score: points", "score: {column: points, role: outcome}", "the role outcome needs the type yes_no, number or integer; score is of type text."),
        ("    key: file and row", "    one_per: client\n    key: file and row", "line 11, column 5: one_per names 'client', which is not among the columns."),
        ("on: shop}", "on: shop, many: true}", "line 12, column 37: a join that multiplies rows cannot go with key: file and row, which would repeat."),
        ("    files: till.csv", "    files: till.csv\n    history_starts_on: 9999-99-99", "history_starts_on is '9999-99-99'"),
        ("    files: till.csv", "    files: till.csv\n    history_starts_on: 9999-12-31", "history_starts_on: 9999-12-31 is not between 1800-01-01"),
        ("    files: till.csv", "    files: till.csv\n    history_starts_on: 0001-01-01", "0001-01-01 is not between 1800-01-01 and 2200-12-31"),
        ("    files: till.csv", "    files: till.csv\n    history_starts_on: 2024", "history_starts_on: write a day, like 2024-01-31"),
        ("    files: till.csv", "    files: till.csv\n    history_starts_on: 2024-02-30", "history_starts_on is '2024-02-30'"),
        ("on: shop}", "on: [{a: b}]}", "on: name columns by text, as in on: customer_id."),
        ("on: shop}", "on: [shop, 5]}", "on: name columns by text"),
        ("on: shop}", "on: 5}", "on: name columns by text"),
        ("    files: till.csv", "    files: till.csv\n    url: sqlite:///x", "line 5, column 3: till: give one of files, url and url_from."),
        ("    files: till.csv", "    table: a\n    query: b", "till: give a table or a query, not both."),
        ("    files: till.csv", "    format: fixed", "till: a fixed-width file needs columns with their places, like {customer_id: 2-6}."),
        ("    files: till.csv", "    format: csv\n    columns: {a: 1-3}", "till: places of columns belong to format: fixed, not to csv."),
        ("    files: till.csv", "    columns: {a: 3-1}", "columns: the place of 'a' is '3-1'; write first and last character, counted from 1, like 2-6."),
        ("    files: till.csv", "    delimiter: ';;'", "delimiter is ';;': string should have at most 1 character."),
    ],
)  # fmt: skip
def test_a_problem_is_reported_with_its_line_and_the_nearest_name(tmp_path, old, new, expected):
    message = refused(tmp_path, old, new)
    assert message.startswith("mapping.yaml")
    assert expected in message
    assert message.endswith("See docs/mappings.md.")


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ("tenure: {column: t, type: integer, unit: months, role: tenure}", "line 23, column 7: the role tenure needs an attribute with the role ended beside it."),
        ("left: {column: l, type: yes_no, role: ended}", "the role ended needs an attribute with the role tenure beside it."),
        ("why: {column: w, role: end_reason}", "the role end_reason needs an attribute with the role tenure and ended beside it."),
        ("a: {column: t, type: integer, unit: months, role: tenur}", "role is 'tenur': input should be 'covariate', 'tenure', 'ended'"),
        ("a: {column: t, unit: months, role: tenure}", "the role tenure needs the type number or integer; a is of type text."),
        ("a: {column: t, type: integer, unit: quarters, role: tenure}", "a has the role tenure; its unit is 'quarters', and must be one of days, weeks, months, years."),
        ("a: {column: l, type: integer, role: ended}", "the role ended needs the type yes_no; a is of type integer."),
        ("a: {column: l, type: yes_no, role: ended}\n        b: {column: l, type: yes_no, role: ended}", "a and b both have the role ended: there is one at most."),
        ("a: {column: l, type: yes_no, role: ended, known_at: later}", "a has the role ended, and must be known on the day of the snapshot; map what is known only later on the later"),
    ],
)  # fmt: skip
def test_invalid_roles_are_reported(tmp_path, attributes, expected):
    assert expected in refused(tmp_path, "score: points", attributes)


def test_attributes_say_how_long_a_customer_has_been_there(tmp_path):
    attributes = "tenure: {column: t, type: integer, unit: months, role: tenure}\n        left: {column: l, type: yes_no, role: ended}"
    attributes += "\n        fee: {column: f, type: number, role: monthly_amount}\n        paid: {column: p, type: number, role: left_out}"
    mapping = load(tmp_path, GOOD.replace("score: points", attributes))
    roles = {name: attribute.role for name, attribute in mapping.file.tables["customer_snapshots"][0].attributes.items()}
    assert roles == {"town": "covariate", "tenure": "tenure", "left": "ended", "fee": "monthly_amount", "paid": "left_out"}


def test_all_problems_are_reported_at_once(tmp_path):
    text = GOOD.replace("currency: EUR\n", "curency: EUR\n").replace("    key:", "    kee:")
    message = refused(tmp_path, "Europe/Paris", "Europe/Pris", text=text)
    assert message.startswith("mapping.yaml: 3 problems. line 3: business_zone: this is not")
    assert "line 2: unknown key 'curency'" in message
    assert "line 11: unknown key 'kee'" in message


@pytest.mark.parametrize("text", ["", "- 1\n", "hello\n"])
def test_what_is_no_mapping_at_all(tmp_path, text):
    with pytest.raises(ParameterError, match="a mapping file has the keys company, sources and tables"):
        load(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("company: {currency: EUR\nsources:\n  a: b\n", "line 2, column 8: not valid YAML"),
        ("company:\n\tcurrency: EUR\n", r"line 2, column 1: not valid YAML: found character '\\t'"),
        ("company: {}\ncompany: {}\n", "line 2, column 1: the key 'company' is there twice, first on line 1"),
        ("company: !!python/object/apply:os.system ['ls']\n", "the tag .*os.system is not allowed"),
        ("tables: !thing x\n", "the tag !thing is not allowed"),
    ],
)
def test_broken_yaml_names_its_line(tmp_path, text, expected):
    with pytest.raises(ParameterError, match=expected):
        load(tmp_path, text)


def test_a_mapping_that_is_not_there(tmp_path):
    load(tmp_path)
    with pytest.raises(ParameterError, match=r"mappin\.yaml: there is no such file\. Did you mean .*mapping\.yaml\?"):
        load_mapping(tmp_path / "mappin.yaml")


def test_a_declaration_becomes_options_of_the_readers():
    fixed = SourceDeclaration.model_validate({"columns": {"no": "1-3", "flag": 5}})
    assert fixed.options().format == "fixed"
    assert fixed.options().places == {"no": (1, 3), "flag": (5, 5)}
    assert fixed.options().columns == ()
    plain = SourceDeclaration.model_validate({"columns": ["no", "day"], "quote": "none", "nulls": "?", "decimal": ","})
    assert plain.options().columns == ("no", "day")
    assert plain.options().quote is None
    assert plain.nulls == ("?",)


def test_a_source_that_is_only_joined_has_no_age(tmp_path):
    path = tmp_path / "mapping.yaml"
    path.write_text(
        "sources:\n  a: {files: a.csv}\n  b: {files: b.csv, freshness_days: 2}\n"
        "tables:\n  stores: {from: a, join: {source: b, on: id}, columns: {store_id: id}}\n"
    )
    with pytest.raises(ParameterError, match=r"line 3, column .*: freshness_days needs a table that is read from b"):
        load_mapping(path)
