"""Where a bug leaves its trace: a file in the state folder, without values of variables."""

from __future__ import annotations

import os
import traceback
from pathlib import Path


def file_report(state_dir: Path, bug: BaseException) -> str:
    """Write the trace of `bug`, mode 0600, and return its path, or a word where it cannot be.

    Only places in the code are kept. The exception's text may quote a value, so it is left out.
    """
    frames = "".join(traceback.format_list(traceback.extract_tb(bug.__traceback__)))
    chain = bug.__cause__ or bug.__context__
    cause = f"caused by {type(chain).__name__}\n" if chain is not None else ""
    text = f"{type(bug).__name__}\n{cause}{frames}"
    path = state_dir / f"crash-{os.getpid()}.txt"
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError:
        return "no file: the state folder cannot be written"
    return str(path)
