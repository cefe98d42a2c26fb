"""The key file of a store: made by `init`, kept apart from the database, never inside it.

One secret of 32 bytes; everything else is derived from it, so that a key used for one purpose
says nothing about another. Without the file the store can be read, but nothing can be written
and no sealed field opened.
Source: reliability.md "Who may do what, honestly".
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from memberctl.core.errors import KeyProblem

if TYPE_CHECKING:
    from hashlib import _Hash

SECRET_BYTES = 32
BLOCK_BYTES = 64
"""The block of SHA-256, which HMAC pads its key to."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys derived from one key file.

    audit -- signs the audit chain; index -- blind indexes; wrap -- wraps each member's own key
    check -- what `store_info` remembers to recognise the right file
    """

    audit: bytes
    index: bytes
    wrap: bytes
    check: str

    def __repr__(self) -> str:
        """Never show a key, not even in a traceback."""
        return "Keys(...)"


def key_path(key_dir: Path, store_id: str) -> Path:
    """Return where the key file of the store `store_id` belongs."""
    return key_dir / f"{store_id}.key"


def make_key_file(key_dir: Path, store_id: str) -> Keys:
    """Make a new key file, mode 0600, synced to disk, and return its keys. Raises KeyProblem."""
    path = key_path(key_dir, store_id)
    secret = secrets.token_bytes(SECRET_BYTES)
    try:
        key_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secret.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as problem:
        raise KeyProblem(
            f"the key file {path} cannot be written: {problem.strerror}; nothing was done",
            hint=f"df -h {key_dir}",
        ) from None
    return derive(secret)


def load_keys(key_dir: Path, store_id: str, check: str) -> Keys:
    """Return the keys of a store. Raises KeyProblem when the file is missing, open or another's."""
    path = key_path(key_dir, store_id)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as problem:
        raise KeyProblem(
            f"the key file {path} cannot be read: {problem.strerror}",
            hint="restore it from where you keep it, or set key_dir in the configuration",
        ) from None
    with os.fdopen(descriptor, "r", encoding="ascii", errors="replace") as file:
        if stat.S_IMODE(os.fstat(descriptor).st_mode) & 0o077:
            raise KeyProblem(f"others may read the key file {path}", hint=f"chmod 600 {path}")
        content = file.read(4 * SECRET_BYTES).strip()
    try:
        keys = derive(bytes.fromhex(content))
    except ValueError:
        raise KeyProblem(f"{path} is not a key file") from None
    if not hmac.compare_digest(keys.check, check):
        raise KeyProblem(f"{path} is not the key file of this store")
    return keys


def derive(secret: bytes) -> Keys:
    """Return the keys that belong to `secret`."""

    def key(purpose: str) -> bytes:
        return signature(secret, f"memberctl {purpose}".encode())

    return Keys(
        audit=key("audit"), index=key("index"), wrap=key("wrap"), check=key("check").hex()[:32]
    )


def signature(key: bytes, message: bytes) -> bytes:
    """Return the HMAC-SHA256 of `message` under `key`: 32 bytes. Source: RFC 2104."""
    inner, outer = _prepared(key)
    signed = inner.copy()
    signed.update(message)
    sealed = outer.copy()
    sealed.update(signed.digest())
    return sealed.digest()


@lru_cache(maxsize=8)
def _prepared(key: bytes) -> tuple[_Hash, _Hash]:
    """Return the two hashes that every message under `key` begins with.

    Copied for each message they take 1.5 us, a copied hmac.HMAC 2.7 and hmac.digest() 3.8, and an
    import signs nearly three times for each row. A test holds them against the hmac module.
    """
    padded = (hashlib.sha256(key).digest() if len(key) > BLOCK_BYTES else key).ljust(
        BLOCK_BYTES, b"\0"
    )
    inner, outer = (hashlib.sha256(bytes(byte ^ pad for byte in padded)) for pad in (0x36, 0x5C))
    return inner, outer
