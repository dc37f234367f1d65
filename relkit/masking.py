"""Addresses without their secrets, for every message, log, manifest and registry.

An address may carry a secret as user information (`//bob:s3cret@host`), as a parameter (`?password=`, `&sig=`), as a word of a
connection string (`PWD={a;b}`, `password='a b'`) or as a header (`Authorization: Bearer ...`). A text is searched for all of
them; in doubt, too much is masked. The secrets that the environment gives to MLflow, databases and clouds are masked wherever they occur.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MASK = "***"

ENVIRONMENT = (
    "MLFLOW_TRACKING_PASSWORD",
    "MLFLOW_TRACKING_TOKEN",
    "PGPASSWORD",
    "MYSQL_PWD",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AZURE_STORAGE_ACCESS_KEY",
    "AZURE_STORAGE_CONNECTION_STRING",
    "DATABRICKS_TOKEN",
)
"""Environment variables whose values are secret; one shorter than `_SHORTEST` characters is like any word."""
_SHORTEST = 4

_PARTS = (
    "password", "passwd", "passphrase", "passcode", "pwd", "motdepasse", "secret", "token", "apikey", "accesskey", "accountkey",
    "sharedkey", "sharedaccess", "signature", "credential", "authorization", "privatekey", "odbcconnect", "googleaccessid",
    "connectionstring",
)  # fmt: skip
"""Letters that make the name of a parameter that of a secret, at any place."""
_WHOLE = {"pass", "pw", "mdp", "sig", "sas", "auth", "jwt", "bearer", "cookie"}
_IN_QUERIES = {"key", "code", "p"}
"""Names that are secret among the parameters of a URL, but not in a text, where they are words."""

_USER = re.compile(r"\b([a-z][a-z0-9+.-]+:/+)([^\s:/?#@\[]*):[^\s/?#;{]*@", re.IGNORECASE)
_USER_WITH_MARKS = re.compile(r"\b([a-z][a-z0-9+.-]+:/+)([^\s:/?#@\[]*):\S*@", re.IGNORECASE)
_WHOLE_ADDRESS = re.compile(r"\A(\s*(?:jdbc:)?[a-z][a-z0-9+.-]+:/+)([^\s:/?#@\[]*):(?!\*\*\*@).*@", re.IGNORECASE | re.DOTALL)
_TOKEN_AS_USER = re.compile(r"\b(https?:/+)[^\s:/?#@]+@", re.IGNORECASE)
_QUERY = re.compile(r"([?&])([^=&?\s]+)=((?:\{(?:[^{}]|\}\})*\}|[^&\s])*)")
_VALUE = re.compile(r"""'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|\{(?:[^{}]|\}\})*\}|[^\s&;]*""")
_WORD = re.compile(r"""(?<![\w*?&])(["']?)([A-Za-z][\w.-]*(?: (?:key|signature|password))?)\1\s*(?:=|%3D)\s*""", re.IGNORECASE)
_ENTRY = re.compile(r"""(?<![\w*])(["']?)([A-Za-z][\w-]*)\1\s*:\s*(?!//)""")
_HEADER = re.compile(r"""\b((?:proxy-)?authorization["']?\s*[:=]\s*["']?)[^"'\r\n]+""", re.IGNORECASE)
_BEARER = re.compile(r"\b(bearer)\s+[\w.~+/=-]{6,}", re.IGNORECASE)
_ENCODED_WORD = re.compile(r"(?i)(%3B|%26|%3F)((?:password|pwd|passwd)%3D)[^&\s]*")
_KNOWN = re.compile(
    r"\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|AKIA[0-9A-Z]{12,}|ASIA[0-9A-Z]{12,}|dapi[0-9a-f]{24,}|hf_\w{20,}"
    r"|xox[abprs]-[\w-]{10,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)"
)


def masked(text: str) -> str:
    """Return a text with the secrets of every address in it replaced; a text without any is returned as it is.

    Examples:
        >>> masked("postgresql://shop:s3cret@db/sales")
        'postgresql://shop:***@db/sales'
        >>> masked("no answer from postgresql://db/sales?user=shop&password=s3cret.")
        'no answer from postgresql://db/sales?user=shop&password=***'
        >>> masked("Driver={SQL Server};Uid=shop;Pwd={a;b};Database=sales")
        'Driver={SQL Server};Uid=shop;Pwd=***;Database=sales'
    """
    text = _without_environment(text)
    text = _USER.sub(rf"\1\2:{MASK}@", text)
    text = _TOKEN_AS_USER.sub(rf"\1{MASK}@", text)
    text = _HEADER.sub(rf"\1{MASK}", text)
    text = _BEARER.sub(rf"\1 {MASK}", text)
    text = _QUERY.sub(_parameter, text)
    text = _ENCODED_WORD.sub(rf"\1\2{MASK}", text)
    text = _without_values(text, _WORD, _is_word)
    text = _without_values(text, _ENTRY, _is_entry)
    text = _WHOLE_ADDRESS.sub(rf"\1\2:{MASK}@", text)
    text = _USER_WITH_MARKS.sub(rf"\1\2:{MASK}@", text)
    return _KNOWN.sub(MASK, text)


def masked_deep(value: Any) -> Any:
    """Return a value with the secrets of every text in its lists and dictionaries masked.

    Examples:
        >>> masked_deep({"data": ["sqlite:///shop.db", "mysql://a:b@h/s"], "rows": 3})
        {'data': ['sqlite:///shop.db', 'mysql://a:***@h/s'], 'rows': 3}
    """
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, dict):
        return {key: _entry_of(key, inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(masked_deep(inner) for inner in value) if type(value) in (list, tuple) else value
    return value


def _entry_of(key: Any, value: Any) -> Any:
    if isinstance(key, str) and isinstance(value, str) and value and _normal(key).endswith(("password", "passwd", "pwd", "secret")):
        return MASK
    return masked_deep(value)


def is_secret(name: str) -> bool:
    """Return whether a parameter of this name holds a secret.

    Examples:
        >>> [is_secret(name) for name in ("sslpassword", "X-Amz-Signature", "Api_Key", "user", "sslmode")]
        [True, True, True, False, False]
    """
    normal = _normal(name).replace("tokens", "")  # which are counted, as in n_tokens
    return normal in _WHOLE or any(part in normal for part in _PARTS)


def _normal(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", unquote_plus(name).lower())


def _without_environment(text: str) -> str:
    for value in _environment():
        text = text.replace(value, MASK)
    return text


def _environment() -> Iterator[str]:
    values = {os.environ.get(name, "") for name in ENVIRONMENT}
    return iter(sorted((value for value in values if len(value) >= _SHORTEST), key=len, reverse=True))


def _parameter(found: re.Match[str]) -> str:
    before, name, value = found.groups()
    hidden = value and (is_secret(name) or _normal(name) in _IN_QUERIES)
    return f"{before}{name}={MASK}" if hidden else found[0]


def _without_values(text: str, head: re.Pattern[str], hides: Callable[[re.Match[str]], bool]) -> str:
    """Return a text with the value masked that follows each head, a name and its sign, that hides one."""
    made, place = [], 0
    while found := head.search(text, place):
        value = _VALUE.match(text, found.end()) if hides(found) else None
        made.append(text[place : found.end()])
        place = found.end()
        if value is not None and _is_open(value[0]):
            made.append(_quoted_mask(value[0]))
            place = value.end()
    return "".join([*made, text[place:]])


def _is_word(found: re.Match[str]) -> bool:
    return is_secret(found[2])


def _is_entry(found: re.Match[str]) -> bool:
    """Return true for `"token": "x"`, `PGPASSWORD: x` and `password: x`; other words before a colon belong to sentences."""
    quote, name = found.groups()
    plain = _normal(name).endswith(("password", "passwd", "pwd")) or (name.isupper() and "_" in name) or name.lower().startswith("x-")
    return is_secret(name) and bool(quote or plain)


def _is_open(value: str) -> bool:
    """Return whether there is a value, and it is not masked yet."""
    return bool(value) and not value.strip("'\"").startswith(MASK)


def _quoted_mask(value: str) -> str:
    """Return the mask in the quotes of the value, so that JSON stays JSON."""
    quote = value[0] if value[0] in "'\"" and value.endswith(value[0]) else ""
    return f"{quote}{MASK}{quote}"
