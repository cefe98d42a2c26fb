"""Staff of one branch see its members and what is theirs; what is another branch's is not there.

Denied by default: every select of a session is narrowed by the keys that lead from its tables
to `member`, so a query that nobody thought of is narrowed too. What must know everybody,
such as the search for duplicates, says so with `every_branch`.
Source: rules G6; reliability.md "Who may do what, honestly".
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import (
    Alias,
    Column,
    FromClause,
    Join,
    Select,
    Table,
    event,
    or_,
    select,
)

from memberctl.member.tables import Member
from memberctl.store.listing import SCOPE

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import ORMExecuteState
    from sqlmodel import Session

EVERY_BRANCH = "every_branch"
Statement = TypeVar("Statement", bound="Select[Any]")
Step = tuple[Column[Any], Column[Any]]
MEMBER: Table = Member.__table__  # type: ignore[attr-defined]


def every_branch(statement: Statement) -> Statement:
    """Return a select that finds what belongs to any branch, whoever asks."""
    return statement.execution_options(**{EVERY_BRANCH: True})


def see_only(session: Session, branch_id: int) -> None:
    """Let every later select of a transaction find members of this branch or of none, and theirs.

    A warm store keeps its session for the next transaction: the narrowing stands in what is
    forgotten with each, and the session listens once.
    """

    def narrowed(statement: Select[Any]) -> Select[Any]:
        if statement.get_execution_options().get(EVERY_BRANCH):
            return statement
        return statement.where(*_conditions(statement, branch_id))

    session.info[SCOPE] = narrowed
    if not event.contains(session, "do_orm_execute", _narrow):
        event.listen(session, "do_orm_execute", _narrow)


def _narrow(state: ORMExecuteState) -> None:
    narrowed = state.session.info.get(SCOPE)
    if narrowed is not None and isinstance(state.statement, Select):
        state.statement = narrowed(state.statement)


def _conditions(statement: Select[Any], branch_id: int) -> list[ColumnElement[bool]]:
    found = []
    for source in statement.get_final_froms():
        for place, may_lack in _places(source):
            condition = _condition(place, branch_id)
            if condition is not None:
                found.append(or_(_is_lacking(place), condition) if may_lack else condition)
    return found


def _places(source: FromClause, *, may_lack: bool = False) -> list[tuple[FromClause, bool]]:
    """Return the tables, by their aliases, that a FROM joins, and whether a row may lack theirs.

    An outer join keeps what has no partner, such as the visit of somebody without a term.
    """
    if isinstance(source, Join):
        return [
            *_places(source.left, may_lack=may_lack or source.full),
            *_places(source.right, may_lack=may_lack or source.isouter or source.full),
        ]
    return [(source, may_lack)]


def _is_lacking(place: FromClause) -> ColumnElement[bool]:
    return next(iter(place.primary_key)).is_(None)


def _condition(place: FromClause, branch_id: int) -> ColumnElement[bool] | None:
    """Return what makes rows of a table the branch's; None for a table that is nobody's."""
    table = place.element if isinstance(place, Alias) else place
    if not isinstance(table, Table):
        return None
    if table.name == MEMBER.name:
        return or_(place.c.branch_id.is_(None), place.c.branch_id == branch_id)
    step = _steps(len(MEMBER.metadata.tables)).get(table.name)
    if step is None:
        return None
    own, target = step
    owner = _condition(target.table, branch_id)
    assert owner is not None, "a step leads towards member"
    theirs = place.c[own.name].in_(select(target).where(owner))
    return or_(place.c[own.name].is_(None), theirs) if own.nullable else theirs


@lru_cache(maxsize=4)
def _steps(tables: int) -> dict[str, Step]:
    """Return for each table the foreign key that leads towards `member`, the shortest way.

    tables -- how many are loaded: a command loads those it needs, and later ones count as well
    """
    steps: dict[str, Step] = {}
    reached = {MEMBER.name}
    while True:
        found = {
            name: step
            for name, table in MEMBER.metadata.tables.items()
            if name not in reached and (step := _step(table, reached)) is not None
        }
        if not found:
            return steps
        steps |= found
        reached |= found.keys()


def _step(table: Table, reached: set[str]) -> Step | None:
    """Return the column that leads to one of `reached`, and the one it points to.

    What stands below `member` in the house, such as messages, names it without a foreign key. Of
    several keys one that is always set leads the way.
    """
    keys = [key for key in table.foreign_keys if key.target_fullname.partition(".")[0] in reached]
    if not keys:
        return (table.c.member_id, MEMBER.c.id) if "member_id" in table.c else None
    key = min(keys, key=lambda key: (bool(key.parent.nullable), key.parent.name))
    return key.parent, key.column
