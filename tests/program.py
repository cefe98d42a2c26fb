"""The program as tests run it: in this process, or as a real one."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PYTHON = sys.executable


@dataclass(frozen=True, slots=True)
class Result:
    """What a run answered."""

    exit: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Return the envelope's data."""
        return json.loads(self.out)["data"]

    @property
    def envelope(self) -> Any:
        """Return the whole JSON envelope."""
        return json.loads(self.out)


class Program:
    """memberctl on one store. The clock stands at `now` unless a run says otherwise."""

    def __init__(self, location: str, key_dir: Path, folder: Path) -> None:
        self.location = location
        self.key_dir = key_dir
        self.folder = folder
        self.now = "2026-03-02T10:00:00+08:00"
        config = folder / "config.toml"
        config.write_text(f'key_dir = "{key_dir}"\n')
        config.chmod(0o600)
        self.environ = {
            "MEMBERCTL_DB": location,
            "MEMBERCTL_CONFIG": str(config),
            "XDG_STATE_HOME": str(folder / "state"),
            "XDG_DATA_HOME": str(folder / "share"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "HOME": str(folder),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": os.environ.get("PYTHONDONTWRITEBYTECODE", ""),
        }

    def environment(self, as_: str | None = None, **more: str) -> dict[str, str]:
        """Return the environment of one run."""
        environ = {**self.environ, "MEMBERCTL_NOW": self.now, **more}
        if as_ is not None:
            environ["MEMBERCTL_AS"] = as_
        return environ

    def __call__(
        self,
        *argv: str,
        as_: str | None = None,
        stdin: str | bytes = b"",
        environ: Mapping[str, str] | None = None,
    ) -> Result:
        """Run one command in this process."""
        from memberctl.cli.main import main

        content = stdin.encode() if isinstance(stdin, str) else stdin
        out, err = _stream(), _stream()
        code = main(
            list(argv),
            stdin=io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"),
            stdout=out,
            stderr=err,
            environ={**self.environment(as_), **(environ or {})},
        )
        return Result(code, _text(out), _text(err))

    def ok(self, *argv: str, as_: str | None = None, stdin: str | bytes = b"") -> Any:
        """Run one command that must succeed and return its JSON data."""
        result = self(*argv, "--format", "json", as_=as_, stdin=stdin)
        assert result.exit == 0, f"{argv}: exit {result.exit}\n{result.err}"
        return result.json

    def process(
        self, *argv: str, as_: str | None = None, stdin: bytes = b"", **more: str
    ) -> Result:
        """Run one command as a process of its own, with pipes."""
        done = subprocess.run(
            [PYTHON, "-m", "memberctl", *argv],
            input=stdin,
            capture_output=True,
            env=self.environment(as_, **more),
            check=False,
            timeout=120,
        )
        return Result(done.returncode, done.stdout.decode(), done.stderr.decode())

    def start(
        self,
        *argv: str,
        as_: str | None = None,
        environ: Mapping[str, str] | None = None,
        **pipes: Any,
    ) -> subprocess.Popen[bytes]:
        """Start one command as a process and return it running."""
        settings: dict[str, Any] = {
            "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
        }  # fmt: skip
        return subprocess.Popen(
            [PYTHON, "-m", "memberctl", *argv],
            env={**self.environment(as_), **(environ or {})},
            **(settings | pipes),
        )


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode("utf-8")
