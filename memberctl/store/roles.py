"""The SQL that gives each member of staff a database role of their own, and no more than that.

Tables belong to a role that nobody logs in as; staff may read and add to everything, and change
what is meant to be changed. The audit log and the ledger only grow, and a row of the log is taken
only from whom it names.
Source: reliability.md "Who may do what, honestly"; rules G1, G6.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from memberctl.core.errors import Invalid
from memberctl.store.guard import TRIGGERS

ACTOR_TRIGGER = "audit_actor"
READ_ONLY = frozenset({"alembic_version", "store_info"})
ERASABLE = frozenset({"term_change", "chargeback"})
"""Tables that only grow, but for what was said of somebody who is erased; a trigger sees to it."""

_TAG = "$memberctl$"


@dataclass(frozen=True, slots=True)
class Login:
    """A database role that somebody has, or had until they left."""

    role: str
    code: str
    active: bool


def append_only() -> frozenset[str]:
    """Return the tables that only grow."""
    return frozenset(name.rpartition("_no_")[0] for name in TRIGGERS)


def roles_script(database: str, tables: Sequence[str], logins: Sequence[Login]) -> str:
    """Return one SQL transaction, which may be run again after each change of staff or schema.

    Raises Invalid for a role's name that cannot stand in such a script.
    """
    for login in logins:
        if _TAG in login.role or "\n" in login.role:
            raise Invalid(f"the database user of {login.code} has a name that SQL cannot take")
    owner, staff = f"{database}_tables", f"{database}_staff"
    parts = [
        *_head(database, owner, staff),
        *_rights(database, tables, owner, staff),
        ACTOR.format(owner=_name(owner), trigger=ACTOR_TRIGGER),
        *_people(logins, staff),
        "COMMIT;",
    ]
    return "\n".join(parts) + "\n"


def _head(database: str, owner: str, staff: str) -> Iterator[str]:
    yield f"-- Roles of the memberctl store in database {database}. Run it as a superuser:"
    yield f"--   psql -v ON_ERROR_STOP=1 -d {database} -f THIS_FILE"
    yield "-- and again after `db upgrade` and after changes of staff. No password is set:"
    yield "-- let people in by pg_hba.conf (peer, scram, certificates) or \\password."
    yield "BEGIN;"
    yield _made(owner, "NOLOGIN")
    yield _made(staff, "NOLOGIN")


def _rights(database: str, tables: Sequence[str], owner: str, staff: str) -> Iterator[str]:
    yield f"REVOKE ALL ON DATABASE {_name(database)} FROM PUBLIC;"
    yield f"GRANT CONNECT, TEMPORARY ON DATABASE {_name(database)} TO {_name(staff)};"
    yield "REVOKE CREATE ON SCHEMA public FROM PUBLIC;"
    yield f"GRANT USAGE ON SCHEMA public TO {_name(staff)};"
    for table in sorted(tables):
        name = _name(table)
        yield f"ALTER TABLE {name} OWNER TO {_name(owner)};"
        yield f"REVOKE ALL ON {name} FROM PUBLIC, {_name(staff)};"
        yield f"GRANT {_allowed(table)} ON {name} TO {_name(staff)};"
        if table in ERASABLE:
            yield f"GRANT UPDATE (reason) ON {name} TO {_name(staff)};"
    yield f"ALTER FUNCTION memberctl_append_only() OWNER TO {_name(owner)};"


def _allowed(table: str) -> str:
    if table in READ_ONLY:
        return "SELECT"
    return "SELECT, INSERT" if table in append_only() else "SELECT, INSERT, UPDATE, DELETE"


# The signature of a row covers its account and login, so they are compared and never overwritten.
ACTOR = """\
CREATE OR REPLACE FUNCTION memberctl_audit_actor() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $memberctl$
DECLARE known text;
BEGIN
    SELECT code INTO known FROM staff WHERE database_user = session_user;
    IF NEW.account IS DISTINCT FROM 'user ' || session_user
        OR NEW.login IS DISTINCT FROM COALESCE(known, session_user) THEN
        RAISE EXCEPTION 'an audit row names another than its writer' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $memberctl$;
ALTER FUNCTION memberctl_audit_actor() OWNER TO {owner};
DROP TRIGGER IF EXISTS {trigger} ON audit;
CREATE TRIGGER {trigger} BEFORE INSERT ON audit
FOR EACH ROW EXECUTE FUNCTION memberctl_audit_actor();"""


def _people(logins: Sequence[Login], staff: str) -> Iterator[str]:
    for login in logins:
        role = _name(login.role)
        if login.active:
            yield f"-- {login.code}"
            yield _made(login.role, "LOGIN")
            yield f"GRANT {_name(staff)} TO {role};"
        else:
            yield f"-- {login.code} has left"
            yield _made(login.role, "NOLOGIN")
            yield f"REVOKE {_name(staff)} FROM {role};"


def _made(role: str, kind: str) -> str:
    """Return what makes a role unless it is there."""
    literal = "'" + role.replace("'", "''") + "'"
    return (
        f"DO {_TAG} BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {literal}) THEN"
        f" CREATE ROLE {_name(role)} {kind}; END IF; END {_TAG};"
    )


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
