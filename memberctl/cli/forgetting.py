"""After members are erased: their numbers are remembered beside the key, the file is swept.

Source: reliability.md R21; rules G3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from memberctl.cli.invocation import Writing
    from memberctl.cli.run import Run


def remember(w: Writing, numbers: Sequence[str]) -> None:
    """Write down, before the commit, whom a restored backup has to erase again.

    A number too many is harmless, one too few is not.
    """
    from memberctl.store.erased import remember_erased
    from memberctl.store.guard import store_info

    if numbers and not w.dry_run:
        store_id = store_info(w.session).store_id
        remember_erased(w.run.settings.key_dir, store_id, numbers, at=w.now)


def sweep_file(run: Run) -> None:
    """Leave nothing of what was cleared in the store's log and free places."""
    from memberctl.archive.walking import leads_to_member
    from memberctl.store.sweeping import sweep

    if not run.dry_run:
        sweep(run.store(), [table.name for table in leads_to_member()])
