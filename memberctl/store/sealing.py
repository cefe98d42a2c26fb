"""Sealed fields: AES-256-GCM under a key of the member's own, which the key file's wraps.

The associated data (table|member|field) keeps a ciphertext from being moved to another row;
destroying the member's wrapped key makes all their sealed fields unreadable, everywhere.
Equality is found by a blind index: an HMAC that reveals nothing without the key file.
Source: reliability.md "Who may do what, honestly"; rules G2.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING

from memberctl.core.errors import IntegrityFailure
from memberctl.store.keys import Keys, signature

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
KEY_BYTES = 32
BLIND_BYTES = 16


def new_member_key() -> bytes:
    """Return a fresh key for one member's sealed fields."""
    return os.urandom(KEY_BYTES)


def wrap_key(keys: Keys, member_key: bytes, member_id: int) -> bytes:
    """Return `member_key` sealed under the key file's key, as it is stored."""
    return _encrypt(_cipher(keys.wrap), member_key, f"member_key|{member_id}|key")


def unwrap_key(keys: Keys, wrapped: bytes, member_id: int) -> bytes:
    """Return the member's key. Raises IntegrityFailure when it was tampered with."""
    return _decrypt(_cipher(keys.wrap), wrapped, f"member_key|{member_id}|key")


def seal(member_key: bytes, clear: str, table: str, member_id: int, field: str) -> bytes:
    """Return `clear` sealed for this place and no other."""
    return _encrypt(_new_cipher(member_key), clear.encode(), f"{table}|{member_id}|{field}")


def unseal(member_key: bytes, sealed: bytes, table: str, member_id: int, field: str) -> str:
    """Return what `seal` was given. Raises IntegrityFailure when it is not from this place."""
    return _decrypt(_new_cipher(member_key), sealed, f"{table}|{member_id}|{field}").decode()


def blind_index(keys: Keys, kind: str, clear: str) -> bytes:
    """Return 16 bytes that are equal for equal values of `kind` and say nothing else."""
    return signature(keys.index, f"{kind}|{clear}".encode())[:BLIND_BYTES]


@lru_cache(maxsize=4)
def _cipher(key: bytes) -> AESGCM:
    return _new_cipher(key)


def _new_cipher(key: bytes) -> AESGCM:
    return _aesgcm()(key)


@lru_cache(maxsize=1)
def _aesgcm() -> type[AESGCM]:
    # Even an import statement that finds everything loaded takes 1 us, which each seal would pay.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM


def _encrypt(cipher: AESGCM, clear: bytes, place: str) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, clear, place.encode())


def _decrypt(cipher: AESGCM, sealed: bytes, place: str) -> bytes:
    from cryptography.exceptions import InvalidTag

    try:
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place.encode())
    except (InvalidTag, ValueError):
        raise IntegrityFailure(f"a sealed field does not belong where it is: {place}") from None
