"""The noun `backup`: copies of the store that are checked before they count."""

from __future__ import annotations

from typing import Annotated

import typer

from memberctl.cli.nouns import noun
from memberctl.core.errors import UsageProblem

backup = noun("backup", "Backups: copies of the store, and their way back.")

LIST_KEYS = ("file", "state", "at", "store", "schema", "rows", "bytes", "audit_seq")
SAID = "Backed up {rows} rows to {file}, and checked them. The key file is not in it."
BackupArgument = Annotated[str, typer.Argument(help="A backup's file.")]


@backup.command("create")
def create_backup(
    ctx: typer.Context,
    where: Annotated[str, typer.Argument(help="A file to make, or a folder that gets a new one.")],
    keep: Annotated[
        int | None,
        typer.Option("--keep", help="In a folder: keep this many, remove older ones."),
    ] = None,
) -> None:
    """Copy the store while others go on writing, and check the copy before it counts.

    Beside it stands FILE.manifest: what is in it, hashed and signed. The key file is never in a
    backup; keep a copy of it in another place.

    Example: memberctl backup create /mnt/backup --keep 14
    """
    from memberctl.cli.backing_up import make_backup

    if keep is not None and keep < 1:
        raise UsageProblem("--keep is a whole number, 1 or more")
    made = make_backup(ctx, where, keep)
    run = ctx.obj
    run.mark_ended()
    if made.problems:
        run.output.warn(
            f"the copy is exact, but the store itself has {made.problems} problems: "
            "memberctl db check"
        )
        run.exit_code = 3
    run.output.say(made, SAID)


@backup.command("verify")
def verify_backup(ctx: typer.Context, file: BackupArgument) -> None:
    """Restore a backup to a place of its own, check everything in it, and remove that again.

    Example: memberctl backup verify /mnt/backup/club-20260302T020000Z.backup
    """
    from memberctl.cli.backing_up import check_backup

    checked = check_backup(ctx.obj, file)
    ctx.obj.output.show_record(checked)
    if checked.problems:
        ctx.obj.exit_code = 8


@backup.command("list")
def list_backups(
    ctx: typer.Context, folder: Annotated[str, typer.Argument(help="The backups' folder.")]
) -> None:
    """List the backups in a folder, the newest first.

    Example: memberctl backup list /mnt/backup
    """
    from memberctl.cli.backing_up import backups_in

    found = backups_in(folder)
    ctx.obj.output.show_list(found, LIST_KEYS, total=len(found))


@backup.command("restore")
def restore_backup(ctx: typer.Context, file: BackupArgument) -> None:
    """Put a backup in the place of the store, which is kept under another name.

    Refused while others have the store open, and without the store's key file. Members who were
    erased since the backup was made are erased in it again. An older backup is upgraded.
    --force lets it take the place of another store, or of what is no store.

    Example: memberctl backup restore /mnt/backup/club-20260302T020000Z.backup
    """
    from memberctl.cli.restoring import NOTHING, restore

    restored = restore(ctx, file)
    ctx.obj.mark_ended()
    there = restored.kept != NOTHING
    kept = " What was there is kept as {kept}." if there else ""
    ctx.obj.output.say(restored, "Restored the store as of {at}." + kept)
