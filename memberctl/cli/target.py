"""The file that --output names: written beside its place, whole or not at all.

Source: bad_inputs 78-80; reliability.md "Files".
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from memberctl.core.errors import (
    Invalid,
    MemberctlError,
    NoAccess,
    NotFound,
    StorageFailure,
    UsageProblem,
)
from memberctl.core.text import safe
from memberctl.store.unfinished import new_file, remove

_LONGEST_NAME = 255
_RESERVED = frozenset(
    ["CON", "PRN", "AUX", "NUL"] + [f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10)]
)


class TargetFile:
    """A temporary file of mode 0600 that takes the target's place when it is finished.

    path  -- as the user typed it
    temporary, stream -- the file while it is written, open for text
    force -- replace what is there: another file, a link (never followed), another's file
    Raises Invalid for a name or a target that is refused, NotFound without the folder,
    NoAccess and StorageFailure when the folder cannot be written.
    """

    def __init__(self, path: str, *, force: bool) -> None:
        refuse_odd_name(path)
        self._path = Path(path)
        self._force = force
        _refuse_target(self._path, force)
        self.temporary, descriptor = _created(self._path.parent)
        # Closing the stream must not let it go: until it has its name it can be taken for dead.
        self._held: int | None = os.dup(descriptor)
        self.stream: TextIO = os.fdopen(
            descriptor, "w", encoding="utf-8", errors="backslashreplace", newline=""
        )

    def settle(self) -> None:
        """Bring what was written to the disk, not yet to its name; OSError when that fails."""
        self.stream.flush()
        os.fsync(self.stream.fileno())

    def finish(self) -> None:
        """Bring everything to the disk and then to its name; OSError when that fails."""
        self.settle()
        self.stream.close()
        self._take_place()
        self._let_go()
        _sync_folder(self._path.parent)

    def discard(self) -> None:
        """Leave no trace of what was written so far; calling it again does nothing."""
        with suppress(OSError):  # Closing writes what is buffered, to a disk that may be full.
            self.stream.close()
        remove(self.temporary)
        self._let_go()

    def _let_go(self) -> None:
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def _take_place(self) -> None:
        """Without --force, never replace what came into being while we were writing."""
        if not self._force:
            try:
                os.link(self.temporary, self._path)
            except OSError:
                # Some file systems know no hard links: there this look must do.
                if os.path.lexists(self._path):
                    raise
            else:
                self.temporary.unlink()
                return
        self.temporary.replace(self._path)


def finish_together(targets: Sequence[TargetFile]) -> None:
    """Bring several files to their names once all of them are on the disk; OSError."""
    for target in targets:
        target.settle()
    for target in targets:
        target.finish()


@contextmanager
def writing_in(folder: Path) -> Iterator[None]:
    """Say plainly that a file could not be written to its end (R12). Raises StorageFailure."""
    try:
        yield
    except OSError as problem:
        raise StorageFailure(
            f"cannot write in {safe(str(folder))}: {problem.strerror}; nothing was done",
            hint=f"df -h {safe(str(folder))}",
        ) from None


def refuse_odd_name(path: str, what: str = "the output file") -> None:
    """Refuse the path of a file to be made whose name would trap people or other programs.

    Raises Invalid; what -- the file in words. Source: bad inputs 80.
    """
    name = path.rsplit("/", 1)[-1]
    why = None
    if safe(path) != path:
        why = "it holds control or invisible characters"
    elif name in ("", ".", ".."):
        why = "it names a folder"
    elif any(len(os.fsencode(part)) > _LONGEST_NAME for part in path.split("/")):
        why = f"a name may have at most {_LONGEST_NAME} bytes"
    elif path.startswith(("-", "~")) or name.startswith("-"):
        why = "it begins with - or ~; write ./ before it"
    elif name.split(".")[0].upper() in _RESERVED:
        why = "some systems keep this name for a device"
    if why is not None:
        raise Invalid(f"cannot write {what}: {why}", field="output", rule="name")


def refuse_nameless(path: str, what: str) -> None:
    """Refuse an empty path, which would mean the folder that the command happens to run in."""
    if not path.strip():
        raise UsageProblem(f"{what} is empty")


def is_folder(path: str) -> bool:
    """Tell whether there is such a folder; a name that can be none is none."""
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):
        return False


def _refuse_target(path: Path, force: bool) -> None:
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise _cannot_create(path.parent, error) from error
    kind = found.st_mode
    if not (stat.S_ISREG(kind) or stat.S_ISLNK(kind)):
        raise _refused("it is a folder or a device", "target")
    if force:
        return
    if stat.S_ISLNK(kind):
        raise _refused("it is a symbolic link", "target", hint="--force replaces the link itself")
    if found.st_uid != os.geteuid():
        raise _refused("it belongs to somebody else", "target", hint="--force replaces it")
    raise _refused("it exists", "target", hint="--force replaces it")


def _refused(why: str, rule: str, *, hint: str | None = None) -> Invalid:
    return Invalid(f"cannot write the output file: {why}", field="output", rule=rule, hint=hint)


def _created(folder: Path) -> tuple[Path, int]:
    try:
        return new_file(folder)
    except OSError as error:
        raise _cannot_create(folder, error) from error


def _cannot_create(folder: Path, error: OSError) -> MemberctlError:
    said = f"cannot write the output file in {safe(str(folder))}: {error.strerror}"
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return NotFound("cannot write the output file: its folder does not exist")
    return NoAccess(said) if isinstance(error, PermissionError) else StorageFailure(said)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
