"""Drivers of databases: what to install when one is missing."""

from __future__ import annotations

from relkit.errors import MissingPackageError

PACKAGES = {
    "psycopg2": "psycopg2-binary",
    "psycopg": "psycopg[binary]",
    "MySQLdb": "mysqlclient",
    "MySQLdb.connections": "mysqlclient",
    "mysql": "mysql-connector-python",
    "snowflake": "snowflake-sqlalchemy",
}
"""The package of a driver whose module has another name."""


def missing_driver(error: ModuleNotFoundError, *, where: str) -> MissingPackageError:
    """Return the error for a database whose driver is not installed.

    Args:
        error: of the import.
        where: the address.

    Examples:
        >>> print(missing_driver(ModuleNotFoundError(name="psycopg2"), where="postgresql://shop:s3cret@db/sales"))
        postgresql://shop:***@db/sales: the driver psycopg2 is not installed. pip install psycopg2-binary
    """
    name = error.name or "of this database"
    return MissingPackageError(f"the driver {name} is not installed.", where=where, remedy=f"pip install {PACKAGES.get(name, name)}")
