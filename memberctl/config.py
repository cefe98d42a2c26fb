"""Settings: flags beat the environment, which beats the configuration file, which beats defaults.

Only names, paths and formats come from here. Secrets never do: keys live in files of their own.
Source: cli.md "Global options".
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from memberctl.core.errors import UsageProblem
from memberctl.core.toml import NotToml, read_toml

FILE_KEYS = frozenset({"db", "format", "as", "key_dir", "no_input", "pager"})
FILE_TABLES = frozenset({"mail", "sms"})
Table = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Settings:
    """What one run of the program works with, decided once.

    db      -- a path or a SQLAlchemy URL
    key_dir -- the folder that holds one key file for each store
    as_of   -- the instant or date that stands for now, as it was given, or None
    mail, sms -- how messages leave, as the file's tables say it, {} when they do not
    """

    db: str
    key_dir: Path
    state_dir: Path
    format: str | None = None
    as_staff: str | None = None
    as_of: str | None = None
    no_input: bool = False
    pager: str | None = None
    mail: Table = field(default_factory=dict)
    sms: Table = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Flags:
    """The settings that were given on the command line; None is "not given"."""

    db: str | None = None
    config: str | None = None
    format: str | None = None
    as_staff: str | None = None
    as_of: str | None = None
    no_input: bool | None = None


def load_settings(flags: Flags, environ: Mapping[str, str]) -> Settings:
    """Return the settings of this run. Raises UsageProblem for a file that cannot be trusted."""
    stored, tables = _read_file(flags.config or environ.get("MEMBERCTL_CONFIG"), environ)
    no_input = flags.no_input
    if no_input is None:
        no_input = _truth(environ.get("MEMBERCTL_NO_INPUT")) or stored.get("no_input") == "true"
    return Settings(
        db=flags.db or environ.get("MEMBERCTL_DB") or stored.get("db") or _default_db(environ),
        key_dir=Path(stored.get("key_dir") or _config_dir(environ) / "keys"),
        state_dir=_state_dir(environ),
        format=flags.format or environ.get("MEMBERCTL_FORMAT") or stored.get("format"),
        as_staff=flags.as_staff or environ.get("MEMBERCTL_AS") or stored.get("as"),
        as_of=flags.as_of or environ.get("MEMBERCTL_AS_OF") or environ.get("MEMBERCTL_NOW"),
        no_input=no_input,
        pager=environ.get("MEMBERCTL_PAGER") or stored.get("pager"),
        mail=tables.get("mail", {}),
        sms=tables.get("sms", {}),
    )


def _truth(text: str | None) -> bool:
    return text is not None and text.strip().lower() in {"1", "true", "yes", "on"}


def _default_db(environ: Mapping[str, str]) -> str:
    return str(_folder("XDG_DATA_HOME", "user_data_path", environ) / "memberctl.db")


def _config_dir(environ: Mapping[str, str]) -> Path:
    return _folder("XDG_CONFIG_HOME", "user_config_path", environ)


def _state_dir(environ: Mapping[str, str]) -> Path:
    return _folder("XDG_STATE_HOME", "user_state_path", environ)


def _folder(variable: str, kind: str, environ: Mapping[str, str]) -> Path:
    """Return the platform's folder; the XDG variable is read here, since tests pass their own."""
    given = environ.get(variable)
    if given and Path(given).is_absolute():
        return Path(given) / "memberctl"

    import platformdirs

    found = {
        "user_data_path": platformdirs.user_data_path,
        "user_config_path": platformdirs.user_config_path,
        "user_state_path": platformdirs.user_state_path,
    }[kind]
    return found("memberctl", appauthor=False)


def _read_file(
    named: str | None, environ: Mapping[str, str]
) -> tuple[Mapping[str, str], Mapping[str, Table]]:
    path = Path(named) if named else _config_dir(environ) / "config.toml"
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        if named:
            raise UsageProblem(f"there is no configuration file {path}") from None
        return {}, {}
    except OSError as problem:
        raise UsageProblem(
            f"the configuration file {path} cannot be read: {problem.strerror}"
        ) from None
    with os.fdopen(descriptor, "rb") as file:
        _refuse_foreign(path, os.fstat(descriptor))
        try:
            content = read_toml(file.read().decode())
        except (NotToml, UnicodeDecodeError) as problem:
            raise UsageProblem(f"the configuration file {path} is not TOML: {problem}") from None
    return _checked(path, content)


def _refuse_foreign(path: Path, status: os.stat_result) -> None:
    """Refuse a file that somebody else could have written (bad inputs 84)."""
    if not stat.S_ISREG(status.st_mode):
        raise UsageProblem(f"the configuration file {path} is not a regular file")
    if status.st_uid not in {os.getuid(), 0}:
        raise UsageProblem(f"the configuration file {path} belongs to another user")
    if status.st_mode & 0o022:
        raise UsageProblem(
            f"the configuration file {path} can be written by others", hint=f"chmod go-w {path}"
        )


def _checked(
    path: Path, content: Mapping[str, object]
) -> tuple[Mapping[str, str], Mapping[str, Table]]:
    """Return the settings of a file as text, and its tables as they are."""
    unknown = sorted(set(content) - FILE_KEYS - FILE_TABLES)
    if unknown:
        known = ", ".join(sorted(FILE_KEYS | FILE_TABLES))
        raise UsageProblem(f"{path}: unknown setting {unknown[0]}; known are {known}")
    tables: dict[str, Table] = {}
    for key in FILE_TABLES & content.keys():
        value = content[key]
        if not isinstance(value, dict):
            raise UsageProblem(f"{path}: {key} is a table, [{key}]", hint="memberctl help messages")
        tables[key] = value
    return {
        key: str(value).lower() if isinstance(value, bool) else str(value)
        for key, value in content.items()
        if key not in tables
    }, tables
