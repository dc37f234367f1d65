"""The small company, as content ready to be written."""

from __future__ import annotations

import delivered_company as company
import pytest
from score_records import kept

from relkit.delivery.customer_files import CustomerFile, customer_file


@pytest.fixture(scope="session")
def file() -> CustomerFile:
    people = company.customers()
    return customer_file(people, kept(company.scores(people)), as_of=company.JUNE, currency="EUR")
