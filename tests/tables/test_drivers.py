"""The message for a driver that is not installed."""

from __future__ import annotations

import pytest

from relkit.errors import MissingPackageError
from relkit.tables.databases import sql_tables
from relkit.tables.drivers import missing_driver


@pytest.mark.parametrize(
    ("module", "package"), [("psycopg2", "psycopg2-binary"), ("MySQLdb", "mysqlclient"), ("pyodbc", "pyodbc"), (None, "of this database")]
)
def test_the_package_to_install(module, package):
    error = missing_driver(ModuleNotFoundError(name=module), where="mssql://bob:s3cr3t@h")
    assert str(error).endswith(f"is not installed. pip install {package}")
    assert "s3cr3t" not in str(error)


@pytest.mark.parametrize("scheme", ["mysql", "oracle", "mssql+pyodbc", "postgresql+asyncpg"])
def test_urls_of_databases_without_driver(scheme):
    with pytest.raises(MissingPackageError, match=r"\*\*\*@h/x: the driver \w+ is not installed\. pip install"):
        sql_tables(f"{scheme}://bob:s3cr3t@h/x")
