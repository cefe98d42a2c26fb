"""Everything that a command imports, imported once before terminals are forked."""

import gc
import pkgutil
from importlib import import_module

import psycopg
import sqlalchemy.orm

import memberctl

for found in pkgutil.walk_packages(memberctl.__path__, "memberctl."):
    if "migrations" not in found.name and "__main__" not in found.name:
        import_module(found.name)
DRIVERS = (import_module("sqlalchemy.dialects.sqlite"), psycopg)
sqlalchemy.orm.configure_mappers()
gc.freeze()
