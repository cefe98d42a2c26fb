"""The program as `memberctl batch` runs it: one process, many lines, the store kept open."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

from memberctl.cli.main import repeatedly
from memberctl.cli.run import Run
from memberctl.store.engine import Store
from tests.program import Program, Result


class WarmProgram(Program):
    """A Program for thousands of runs; close() gives the store back."""

    def __init__(self, location: str, key_dir: Path, folder: Path) -> None:
        super().__init__(location, key_dir, folder)
        self._stores: dict[str, Store] = {}

    def __call__(
        self,
        *argv: str,
        as_: str | None = None,
        stdin: str | bytes = b"",
        environ: Mapping[str, str] | None = None,
    ) -> Result:
        """Run one command on the open store."""
        content = stdin.encode() if isinstance(stdin, str) else stdin
        out, err = io.BytesIO(), io.BytesIO()
        stdout, stderr = (
            io.TextIOWrapper(each, encoding="utf-8", newline="", write_through=True)
            for each in (out, err)
        )

        def fresh() -> Run:
            return Run(
                stdin=io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"),
                stdout=stdout,
                stderr=stderr,
                environ={**self.environment(as_), **(environ or {})},
                stores=self._stores,
            )

        code = repeatedly(fresh, argv)
        return Result(code, out.getvalue().decode(), err.getvalue().decode())

    def close(self) -> None:
        """Give up the connections."""
        for store in self._stores.values():
            store.close()
