"""How values are stored, the same on SQLite and on PostgreSQL.

SQLite tables are STRICT, so every column is TEXT, INTEGER or BLOB there: dates and instants are
ISO 8601 text, which sorts as it should, and PostgreSQL gets its own types for them.
Source: house.md "Materials, measured".
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import SQLModel

from memberctl.core.errors import IntegrityFailure

# Rows are held to the rules and to the CHECKs of their tables, never to pydantic's validators, so
# none are built: that is a seventieth of a short command's time.
SQLModel.model_config["defer_build"] = True
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

INTEGER = BigInteger().with_variant(Integer(), "sqlite")
TableArgs = tuple[Any, ...]


class Instant(TypeDecorator[datetime]):
    """An instant in UTC; a datetime without a zone is a programmer's error."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return text for SQLite, timestamptz for PostgreSQL."""
        return dialect.type_descriptor(
            Text() if dialect.name == "sqlite" else DateTime(timezone=True)
        )

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Return the instant as this database takes it."""
        if value is None:
            return None
        assert value.tzinfo is not None, "an instant needs its zone"
        return instant_text(value) if dialect.name == "sqlite" else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return the instant in UTC."""
        if value is None:
            return None
        if isinstance(value, str):
            try:
                return datetime.fromisoformat(value)
            except ValueError:
                raise _damaged() from None
        assert isinstance(value, datetime)
        return value.astimezone(UTC)


class Day(TypeDecorator[date]):
    """A local calendar date."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return text for SQLite, date for PostgreSQL."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else Date())

    def process_bind_param(self, value: date | None, dialect: Dialect) -> Any:
        """Return the date as this database takes it."""
        if value is None or dialect.name != "sqlite":
            return value
        return value.isoformat()

    def process_result_value(self, value: Any, dialect: Dialect) -> date | None:
        """Return the date."""
        if value is None or isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise _damaged() from None


class State(TypeDecorator[StrEnum]):
    """A state of a StrEnum, stored as its text value, never as a native enum."""

    impl = Text
    cache_ok = True

    def __init__(self, states: type[StrEnum]) -> None:
        super().__init__()
        self.states = states

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        """Return the stored text; a text that is no state is a programmer's error."""
        return None if value is None else self.states(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        """Return the state."""
        if value is None:
            return None
        try:
            return self.states(value)
        except ValueError:
            raise _damaged() from None


def _damaged() -> IntegrityFailure:
    """Return what is said of a stored value that no memberctl has written."""
    return IntegrityFailure("the store holds a damaged value", hint="memberctl db check --deep")


@lru_cache(maxsize=8)
def instant_text(at: datetime) -> str:
    """Return the form in which SQLite stores an instant: UTC, microseconds, sortable as text."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def utc(*, nullable: bool = False, index: bool = False) -> Any:
    """Return a column for an instant."""
    return Column(Instant(), nullable=nullable, index=index)


def day(*, nullable: bool = False, index: bool = False) -> Any:
    """Return a column for a local calendar date."""
    return Column(Day(), nullable=nullable, index=index)


def state_column(states: type[StrEnum], *, nullable: bool = False) -> Any:
    """Return a column for a state; pair it with `one_of` in the table's constraints."""
    return Column(State(states), nullable=nullable)


def text(
    *, nullable: bool = False, unique: bool = False, index: bool = False, default: str | None = None
) -> Any:
    """Return a column for text. default -- what rows have that were there before the column."""
    return Column(
        Text(),
        nullable=nullable,
        unique=unique or None,
        index=index or None,
        server_default=default,
    )


def integer(*, nullable: bool = False, index: bool = False, default: str | None = None) -> Any:
    """Return a column for a 64-bit whole number; money columns end in `_minor`."""
    return Column(INTEGER, nullable=nullable, index=index or None, server_default=default)


def counted() -> Any:
    """Return a column for a sum that is 0 until something is added to it."""
    return Column(INTEGER, nullable=False, server_default="0")


def version() -> Any:
    """Return the column that counts a row's changes (rules O4)."""
    return Column(INTEGER, nullable=False, server_default="1")


def blob(*, nullable: bool = False, unique: bool = False) -> Any:
    """Return a column for bytes."""
    return Column(LargeBinary(), nullable=nullable, unique=unique or None)


def key() -> Any:
    """Return a primary key; its values come from `store.counters`, so both engines count alike."""
    return Column(INTEGER, primary_key=True, autoincrement=False)


def text_key() -> Any:
    """Return a primary key, or one part of it, that is text."""
    return Column(Text(), primary_key=True)


def points_to(target: str, *, nullable: bool = False, index: bool = True) -> Any:
    """Return a foreign key to `table.column`, indexed unless another index begins with it."""
    return Column(INTEGER, ForeignKey(target), nullable=nullable, index=index or None)


def one_of(column: str, states: type[StrEnum]) -> CheckConstraint:
    """Return the CHECK that keeps `column` within the values of `states`."""
    listed = ", ".join(f"'{state.value}'" for state in states)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def check(name: str, condition: str) -> CheckConstraint:
    """Return a named CHECK."""
    return CheckConstraint(condition, name=name)


def unique(*columns: str) -> UniqueConstraint:
    """Return a UNIQUE over `columns`."""
    return UniqueConstraint(*columns)


def unique_where(name: str, columns: Iterable[str], condition: str) -> Index:
    """Return a partial UNIQUE index."""
    return _index_where(name, columns, condition, unique=True)


def index_where(name: str, columns: Iterable[str], condition: str) -> Index:
    """Return a partial index."""
    return _index_where(name, columns, condition, unique=False)


def _index_where(name: str, columns: Iterable[str], condition: str, *, unique: bool) -> Index:
    """Return an index that store.schema makes partial on PostgreSQL too.

    Naming PostgreSQL here would load its dialect into every command: a thirtieth of its time.
    """
    from sqlalchemy import text as sql

    return Index(name, *columns, unique=unique, sqlite_where=sql(condition))


def index(name: str, *columns: str) -> Index:
    """Return a named index."""
    return Index(name, *columns)


def table_args(*constraints: Any) -> TableArgs:
    """Return `__table_args__` with these constraints, STRICT on SQLite."""
    return (*constraints, {"sqlite_strict": True})
