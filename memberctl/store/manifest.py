"""The manifest of a backup: what is in it, so that it can be judged without the store.

It stands beside the backup, as FILE.manifest, and is signed with the key file, so that a backup
and its manifest cannot be changed together. The head of the audit log in it is an anchor too.
Source: rules G5; reliability.md R14.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from memberctl.core.errors import IntegrityFailure, Invalid, NotFound, StorageFailure
from memberctl.store.columns import instant_text
from memberctl.store.keys import Keys, signature

FORMAT = 1
SUFFIX = ".manifest"
MOST_BYTES = 1_000_000
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself.

    store, schema, engine -- whose it is, its newest migration, "sqlite" or "postgresql"
    version -- the memberctl that made it; at -- when
    rows    -- rows by table; size, sha256 -- of the backup's file
    audit_seq, audit_head -- the newest link of the audit log
    problems -- what `db check --deep` found in the store when it was copied
    mac     -- the signature over all of it
    """

    store: str
    schema: str
    engine: str
    version: str
    at: datetime
    rows: Mapping[str, int]
    size: int
    sha256: str
    audit_seq: int
    audit_head: str
    problems: int = 0
    mac: str = ""

    def signed(self, keys: Keys) -> Manifest:
        """Return the manifest with its signature."""
        return replace(self, mac=signature(keys.audit, self._said()).hex())

    def is_genuine(self, keys: Keys) -> bool:
        """Return whether the signature was made with the store's key file."""
        return hmac.compare_digest(signature(keys.audit, self._said()).hex(), self.mac)

    def text(self) -> str:
        """Return the manifest as it is kept."""
        content = {"memberctl_backup": FORMAT, **asdict(self), "at": instant_text(self.at)}
        return json.dumps(content, ensure_ascii=False, indent=1) + "\n"

    def _said(self) -> bytes:
        said = {**asdict(self), "at": instant_text(self.at), "mac": ""}
        return b"backup|" + json.dumps(said, ensure_ascii=True, sort_keys=True).encode()


def manifest_path(backup: Path) -> Path:
    """Return where the manifest of a backup stands."""
    return backup.with_name(backup.name + SUFFIX)


def read_manifest(backup: Path) -> Manifest:
    """Return the manifest beside a backup.

    Raises NotFound when there is nothing, Invalid for what is no ordinary file or no backup.
    """
    try:
        kind = backup.lstat().st_mode
    except (OSError, ValueError):
        raise NotFound("there is no such backup", hint="memberctl backup list FOLDER") from None
    if not stat.S_ISREG(kind):
        raise Invalid("the backup is not a regular file", rule="file_kind")
    path = manifest_path(backup)
    try:
        content = json.loads(_head(path))
        assert content.pop("memberctl_backup") == FORMAT
        return Manifest(**{**content, "at": datetime.fromisoformat(content["at"])})
    except FileNotFoundError:
        raise Invalid(
            f"no manifest {path.name} is beside it: it is no backup, or one that was not finished",
            rule="no_manifest",
        ) from None
    except OSError as problem:
        raise StorageFailure(f"the manifest cannot be read: {problem.strerror}") from None
    except (ValueError, TypeError, KeyError, AssertionError, AttributeError):
        raise Invalid(
            f"{path.name} is not the manifest of a backup", rule="manifest_form"
        ) from None


def _head(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(MOST_BYTES)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def refuse_damaged(backup: Path, manifest: Manifest) -> None:
    """Raise IntegrityFailure unless a backup has the bytes that its manifest tells of."""
    if backup.stat().st_size != manifest.size or digest_of(backup) != manifest.sha256:
        raise IntegrityFailure(
            "the backup is not the file that its manifest describes; it was damaged or changed"
        )


def refuse_forged(manifest: Manifest, keys: Keys) -> None:
    """Raise IntegrityFailure unless the manifest was signed with this store's key file."""
    if not manifest.is_genuine(keys):
        raise IntegrityFailure("the manifest was changed: its signature does not fit")
