"""JSON without numbers that JSON has not."""

from __future__ import annotations

import json
from math import inf, nan

from relkit.json_text import json_text


def test_numbers_that_are_not_finite_are_null():
    text = json_text({"a": [1.5, inf, (nan,)], "b": {"c": -inf}, "d": "é"}, ensure_ascii=False)
    assert json.loads(text, parse_constant=lambda name: name) == {"a": [1.5, None, [None]], "b": {"c": None}, "d": "é"}
