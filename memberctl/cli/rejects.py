"""The rows of a file that were refused, ready to be corrected and fed again.

Source: rules I1; cli.md "Import".
"""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from memberctl.cli.target import TargetFile, writing_in

OWN_COLUMNS = ("_row", "_code", "_field", "_message")
"""What is added to the original columns; an import passes over it."""

_STDIN_STEM = "stdin"


class Rejects:
    """NAME.rejects.csv beside the imported file; it comes into being with the first refused row.

    source -- the imported file as the user typed it, "-" for standard input
    force  -- replace the rejects of an earlier run; else they stay, and a new name is found
    wanted -- False keeps everything off the disk, as a dry run must
    """

    def __init__(
        self, source: str, header: Sequence[str], encoding: str, *, force: bool, wanted: bool
    ) -> None:
        self.name: str | None = None
        self._path = _path_for(source, force)
        self._force = force
        self._wanted = wanted
        # A spreadsheet reads UTF-8 only behind a byte order mark, and would not have made a
        # file without one.
        self._mark = "" if encoding == "utf-8" else "\ufeff"
        self._width = len(header)
        self._kept = [place for place, name in enumerate(header) if name not in OWN_COLUMNS]
        self._header = [header[place] for place in self._kept]
        self._target: TargetFile | None = None
        self._writer: Any = None

    def add(self, cells: Sequence[str], line: int, code: str, field: str, message: str) -> None:
        """Write one refused row. Cells beyond the header go behind everything else."""
        self.name = self._path.name
        if not self._wanted:
            return
        if self._target is None:
            self._target = TargetFile(str(self._path), force=self._force)
            self._begin(self._target)
        padded = [*cells, *[""] * (self._width - len(cells))]
        kept = [padded[place] for place in self._kept]
        with writing_in(self._path.parent):
            self._writer.writerow([*kept, line, code, field, message, *padded[self._width :]])

    def finish(self) -> None:
        """Bring the file to its name, if there is one."""
        if self._target is not None:
            with writing_in(self._path.parent):
                self._target.finish()
            self._target = None

    def discard(self) -> None:
        """Leave no unfinished file; after finish() this does nothing."""
        if self._target is not None:
            self._target.discard()
            self._target = None

    def _begin(self, target: TargetFile) -> None:
        self._writer = csv.writer(target.stream, lineterminator="\n")
        with writing_in(self._path.parent):
            target.stream.write(self._mark)
            self._writer.writerow([*self._header, *OWN_COLUMNS])


def _path_for(source: str, force: bool) -> Path:
    """Return where the rejects go: corrections that somebody made in older ones are not lost."""
    base = Path(_STDIN_STEM) if source == "-" else Path(source)
    first = base.with_name(f"{base.stem}.rejects.csv")
    path, number = first, 1
    while not force and os.path.lexists(path):
        number += 1
        path = first.with_name(f"{base.stem}.rejects-{number}.csv")
    return path
