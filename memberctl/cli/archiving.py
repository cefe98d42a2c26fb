"""The three files of a quarter's archive: the orders, their index, and the manifest of hashes.

Source: rules G4; mission S2.7, S3.12.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from memberctl.cli.target import TargetFile, finish_together, writing_in
from memberctl.core.errors import IntegrityFailure, NotFound

if TYPE_CHECKING:
    from memberctl.archive.filing import Filed

READ_ONLY = 0o400


@dataclass(frozen=True, slots=True)
class Written:
    """What was written. places -- for each order the byte of its line, and the line's hash"""

    file: Path
    index: Path
    manifest: Path
    sha256: str
    places: dict[int, tuple[int, str]]


def archive_paths(folder: str, quarter: str) -> tuple[Path, Path, Path]:
    """Return where the orders, their index and the manifest of a quarter lie."""
    base = Path(folder) / f"archive-{quarter}"
    file, index, manifest = (
        base.with_name(base.name + end) for end in (".jsonl", ".index.csv", ".sha256")
    )
    return file, index, manifest


def write_archive(folder: str, quarter: str, filed: Iterable[Filed], *, force: bool) -> Written:
    """Write the three files, whole or none of them, each read-only; the manifest comes last.

    Raises Invalid for a file that is there already, and what TargetFile raises.
    """
    paths = archive_paths(folder, quarter)
    targets: list[TargetFile] = []
    try:
        targets += [TargetFile(str(path), force=force) for path in paths]
        with writing_in(Path(folder)):
            places, digests = _write_rows(targets[0], targets[1], filed)
            for path, digest in zip(paths, digests, strict=False):
                targets[2].stream.write(f"{digest}  {path.name}\n")
            finish_together(targets)
    except BaseException:
        for target in targets:
            target.discard()
        raise
    for path in paths:
        path.chmod(READ_ONLY)
    return Written(paths[0], paths[1], paths[2], digests[0], places)


def _write_rows(
    file: TargetFile, index: TargetFile, filed: Iterable[Filed]
) -> tuple[dict[int, tuple[int, str]], list[str]]:
    from memberctl.archive.filing import INDEX_COLUMNS

    whole, indexed = hashlib.sha256(), hashlib.sha256()
    places: dict[int, tuple[int, str]] = {}
    place = 0
    rows = _Hashed(index, indexed)
    writer = csv.writer(rows, lineterminator="\n")
    writer.writerow(INDEX_COLUMNS)
    for each in filed:
        line = each.line.encode()
        digest = hashlib.sha256(line).hexdigest()
        file.stream.write(each.line)
        whole.update(line)
        places[each.order_id] = (place, digest)
        writer.writerow([*each.index, place, digest])
        place += len(line)
    return places, [whole.hexdigest(), indexed.hexdigest()]


class _Hashed:
    """A file for csv.writer whose content is hashed on the way."""

    def __init__(self, target: TargetFile, digest: hashlib._Hash) -> None:
        self._target = target
        self._digest = digest

    def write(self, text: str) -> None:
        self._digest.update(text.encode())
        self._target.stream.write(text)


def read_line(path: str, place: int, sha256: str) -> str:
    """Return the line of one order. Raises NotFound, IntegrityFailure when it was changed."""
    try:
        with Path(path).open("rb") as file:
            file.seek(place)
            line = file.readline()
    except OSError as problem:
        raise NotFound(f"the archive {path} cannot be read: {problem.strerror}") from None
    if hashlib.sha256(line).hexdigest() != sha256:
        raise IntegrityFailure(
            f"the archive {path} was changed", hint="memberctl archive verify QUARTER"
        )
    return line.decode()


def digest_of(path: Path) -> str | None:
    """Return a file's SHA-256, None when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
