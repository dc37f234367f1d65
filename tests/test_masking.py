"""Every kind of address with a secret, written down one by one, and thousands of generated ones."""

from __future__ import annotations

import json
import random
from urllib.parse import quote, quote_plus

import pytest

from relkit.errors import ParameterError
from relkit.jobs.base import Result
from relkit.masking import ENVIRONMENT, MASK, is_secret, masked, masked_deep

S = "s3cr3t"
ADDRESSES = {
    "user and password": f"postgresql://bob:{S}@h/shop",
    "an @ in the password": f"postgresql://bob:{S}@{S}@h",
    "an @ in every place": f"postgresql://bob:@{S}@@h/shop?x=1",
    "percent-encoded": f"postgresql://bob:{S}%40x@h",
    "an @ and a slash": f"mysql://bob:s@{S}/x@h/db",
    "a slash in the password": f"mysql://bob:a/{S}@h/db",
    "marks in the password": f"mysql://bob:a?{S}#x@h/db",
    "a blank in the password": f"mysql://bob:a {S} b@h/db",
    "no user": f"redis://:{S}@h:6379/0",
    "a token as the user": f"https://{S}@github.example/x.git",
    "a driver": f"postgresql+psycopg://bob:{S}@h/shop",
    "a slash lost by a path": f"postgresql:/bob:{S}@h/shop",
    "two addresses": f"x postgresql://bob:{S}@h/shop, postgresql://bob:{S}@h2/y",
    "in a sentence": f"relkit: mysql://bob:{S}@h/db: the database does not answer. Check the URL.",
    "password as parameter": f"postgresql://h/shop?user=bob&password={S}",
    "sslpassword": f"postgresql://h/shop?sslpassword={S}",
    "token": f"https://h/x?token={S}",
    "access token": f"https://h/x?a=1&access_token={S}#part",
    "api_key": f"https://h/x?api_key={S}",
    "api-key": f"https://h/x?api-key={S}",
    "key of an API": f"https://h/x?key={S}",
    "client secret": f"https://h/x?client_secret={S}",
    "an encoded name": f"postgresql://h/?pass%77ord={S}",
    "a semicolon in the value": f"postgresql://h/?password=a;{S}",
    "an access key": f"s3://bucket/x?access_key={S}",
    "S3": f"https://b.s3.example/k?X-Amz-Signature={S}&X-Amz-Credential={S}%2F2026&X-Amz-Expires=60",
    "S3, session": f"https://b.s3.example/k?X-Amz-Security-Token={S}",
    "S3, older": f"https://b.s3.example/k?AWSAccessKeyId={S}&Signature={S}",
    "Azure SAS": f"https://acc.blob.example/c?sv=2020&sig={S}%2F&se=1",
    "Azure account": f"DefaultEndpointsProtocol=https;AccountName=x;AccountKey={S}==;EndpointSuffix=x",
    "Azure SAS in words": f"BlobEndpoint=https://x;SharedAccessSignature=sv=1&sig={S}",
    "Google": f"https://s.example/?X-Goog-Signature={S}&X-Goog-Credential={S}",
    "odbc": f"mssql+pyodbc:///?odbc_connect=DRIVER%3D%7BODBC%7D%3BUID%3Dsa%3BPWD%3Da%26{S}%3B",
    "odbc, double encoding": f"mssql+pyodbc:///?odbc_connect=DRIVER%253Dx%253BPWD%253D{S}",
    "odbc, as it is": f"mssql+pyodbc:///?odbc_connect=DRIVER={{ODBC Driver 17}};UID=sa;PWD={{a;{S}}}}}x}};Database=z",
    "odbc words": f"Driver={{x}};Uid=sa;Pwd={S};Server=h",
    "odbc braces": f"Driver={{x}};Pwd={{a;{S}}};",
    "odbc, blanks": f"Server=h; Password = {S} ; Database=x",
    "jdbc": f"jdbc:postgresql://h/db;user=a;password={S};x=y",
    "jdbc with braces": f"jdbc:sqlserver://h:1433;databaseName=x;password={{a;{S}}};encrypt=true",
    "libpq": f"host=h user=u password={S} dbname=x",
    "libpq, quoted": f"host=h password='a {S}' dbname=x",
    "libpq, escaped": f"host=h password = 'a\\' {S}' dbname=x",
    "bearer": f"Authorization: Bearer {S}.abc",
    "bearer alone": f"sent Bearer {S}123",
    "basic": f"Authorization: Basic {S}=",
    "headers in Python": f"{{'Authorization': 'Basic {S}', 'x': 1}}",
    "an API key header": f"X-Api-Key: {S}",
    "a variable": f"MLFLOW_TRACKING_PASSWORD={S}",
    "a variable in YAML": f"MLFLOW_TRACKING_TOKEN: {S}",
    "PGPASSWORD": f"PGPASSWORD='{S}' psql",
    "JSON": f'{{"password": "{S}", "x": 1}}',
    "YAML": f"password: {S}",
    "a flag": f"--token={S}",
    "a GitHub token": "ghp_" + S * 6,
    "a web token": f"eyJhbGciOi{S}.eyJzdWIi{S}.{S}",
}  # fmt: skip


@pytest.mark.parametrize("kind", ADDRESSES)
def test_no_secret_remains(kind):
    text = masked(ADDRESSES[kind])
    assert S not in text
    assert MASK in text
    assert masked(text) == text, "masking twice is masking once"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://bob:s3cr@ret@h/shop?sslmode=require", "postgresql://bob:***@h/shop?sslmode=require"),
        ("postgresql://h/shop?user=bob&password=x&sslmode=require", "postgresql://h/shop?user=bob&password=***&sslmode=require"),
        ("Driver={x};Pwd={a;b};Database=z", "Driver={x};Pwd=***;Database=z"),
        ("host=h password='a b' dbname=x", "host=h password='***' dbname=x"),
        ("mysql://bob:x@h/db: no answer. Write to a@b.example.", "mysql://bob:***@h/db: no answer. Write to a@b.example."),
        ('{"token": "x", "rows": 3}', '{"token": "***", "rows": 3}'),
    ],
)
def test_the_rest_of_an_address_stays(address, shown):
    assert masked(address) == shown


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://shop@db/sales",
        "sqlite:////data/shop.db",
        "http://h:5000/api/2.0?page=2",
        "transactions: 3 rows kept, 2 quarantined (0.02%).",
        "token: empty: 3 rows (first: row 7 of till.csv)",
        "n_tokens=3, key: file and row",
        "case when kind = 'R' then 'return' end",
        "mapping.yaml, line 25, column 7: column 'Prixx' is not in till_2024.csv; did you mean 'Prix'?",
        "user@example.org",
        "",
    ],
)
def test_texts_without_a_secret_stay_as_they_are(text):
    assert masked(text) == text


FORMS = (
    "{scheme}://{user}:{raw}@{host}/{base}",
    "{scheme}://{user}:{encoded}@{host}:5432/{base}?sslmode=require",
    "{scheme}://{host}/{base}?user={user}&{name}={encoded}&x=1",
    "{scheme}://{host}/{base}?{name}={plus}",
    "jdbc:{scheme}://{host}/{base};user={user};{name}={braced};x=1",
    "Driver={{D 1}};Server={host};Uid={user};{name}={braced};Database={base}",
    "host={host} user={user} {name}='{escaped}' dbname={base}",
    "mssql+pyodbc:///?odbc_connect={odbc}",
)
NAMES = ("password", "Password", "PWD", "sslpassword", "api_key", "access_token", "client_secret", "AccountKey", "sig", "X-Amz-Signature")


def _generated(seed: int) -> tuple[str, str]:
    """Return an address of one of the forms with a random password, and the part of the password that may not remain."""
    rng = random.Random(seed)
    core = "".join(rng.choices("abcXYZ0189", k=8)) + "Q7"
    marks = "@:/?#%&=+!$*();,[]~^"
    password = "".join(rng.choices(marks, k=rng.randint(0, 3))) + core + "".join(rng.choices(marks, k=rng.randint(0, 3)))
    name = rng.choice(NAMES)
    words = {
        "scheme": rng.choice(["postgresql", "mysql+pymysql", "mssql+pyodbc", "http", "https", "snowflake"]),
        "user": rng.choice(["bob", "shop_ro", "a.b", ""]),
        "host": rng.choice(["h", "db.example", "127.0.0.1", "[::1]"]),
        "base": rng.choice(["shop", "x/y", ""]),
        "name": name,
        "raw": password,
        "encoded": quote(password, safe=""),
        "plus": quote_plus(password),
        "braced": "{" + password.replace("}", "}}") + "}",
        "escaped": password.replace("\\", "\\\\").replace("'", "\\'"),
        "odbc": quote_plus(f"DRIVER={{D}};UID=sa;PWD={password}"),
    }
    return rng.choice(FORMS).format(**words), core


def test_generated_addresses():
    for seed in range(800):
        address, core = _generated(seed)
        for text in (address, f"relkit: {address}: no answer.", json.dumps({"where": address})):
            assert core not in masked(text), (seed, text, masked(text))


def test_secrets_of_the_environment_are_masked_wherever_they_occur(monkeypatch):
    for name in ENVIRONMENT:
        monkeypatch.setenv(name, f"plain words of {name}")
        assert masked(f"denied: plain words of {name}") == "denied: ***"
    monkeypatch.setenv("PGPASSWORD", "a")  # too short to tell from a letter
    assert masked("a day") == "a day"


def test_names_of_secrets():
    assert all(map(is_secret, NAMES))
    assert not any(map(is_secret, ("user", "host", "sslmode", "n_tokens", "passenger", "author", "signal", "key")))


def test_values_of_dictionaries_by_their_key():
    assert masked_deep({"password": "x", "of": ["mysql://a:b@h"], "rows": (1, "?sig=x")}) == {
        "password": "***",
        "of": ["mysql://a:***@h"],
        "rows": (1, "?sig=***"),
    }


def test_errors_and_results_mask_what_they_are_made_of():
    error = ParameterError("no answer from mysql://a:b@h.", where="mysql://a:b c@h/x", remedy="Try https://h?token=b.")
    assert str(error) == "mysql://a:***@h/x: no answer from mysql://a:***@h. Try https://h?token=***"
    result = Result(job="check", sentences=("mysql://a:b@h",), warnings=("?sig=b",), details={"data": {"url": "mysql://a:b@h"}})
    assert "b@h" not in result.model_dump_json()
    assert result.sentences == ("mysql://a:***@h",)
