"""The tables of a company by subject; `relkit.tables.schemas` lists them all."""
