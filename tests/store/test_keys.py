"""Key files and sealed fields: opened in their own place by their own key, or not at all."""

from __future__ import annotations

import hmac
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memberctl.core.errors import IntegrityFailure, KeyProblem
from memberctl.store import keys as keyring
from memberctl.store.keys import Keys
from memberctl.store.sealing import blind_index, new_member_key, seal, unseal, unwrap_key, wrap_key

RESIDENT_ID = "11010519491231002X"


@pytest.fixture
def ours(tmp_path: Path) -> Keys:
    """The keys of a new key file."""
    return keyring.make_key_file(tmp_path, "store")


def test_a_key_file_is_for_its_owner_only_and_loads_again(tmp_path: Path, ours: Keys) -> None:
    path = keyring.key_path(tmp_path, "store")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert keyring.load_keys(tmp_path, "store", ours.check) == ours


def test_a_key_file_is_never_overwritten(tmp_path: Path, ours: Keys) -> None:
    with pytest.raises(KeyProblem, match="File exists"):
        keyring.make_key_file(tmp_path, "store")
    assert keyring.load_keys(tmp_path, "store", ours.check) == ours


def test_keys_for_different_purposes_differ(ours: Keys) -> None:
    assert len({ours.audit, ours.index, ours.wrap}) == 3


def test_a_key_is_never_shown(ours: Keys) -> None:
    assert repr(ours) == "Keys(...)"


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyProblem, match=r"store\.key") as refused:
        keyring.load_keys(tmp_path, "store", "x")
    assert refused.value.exit_code == 12


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path, ours: Keys) -> None:
    keyring.key_path(tmp_path, "store").chmod(0o640)
    with pytest.raises(KeyProblem, match="others may read"):
        keyring.load_keys(tmp_path, "store", ours.check)


def test_the_key_file_of_another_store_is_refused(tmp_path: Path, ours: Keys) -> None:
    keyring.make_key_file(tmp_path / "elsewhere", "store")
    with pytest.raises(KeyProblem, match="not the key file of this store"):
        keyring.load_keys(tmp_path / "elsewhere", "store", ours.check)


@pytest.mark.parametrize("content", ["", "not hexadecimal", "\x00\xff"])
def test_a_file_that_holds_no_key_is_refused(tmp_path: Path, content: str) -> None:
    path = keyring.key_path(tmp_path, "store")
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(KeyProblem):
        keyring.load_keys(tmp_path, "store", "x")


def test_a_key_file_that_is_a_link_is_refused(tmp_path: Path, ours: Keys) -> None:
    keyring.key_path(tmp_path, "linked").symlink_to(keyring.key_path(tmp_path, "store"))
    with pytest.raises(KeyProblem):
        keyring.load_keys(tmp_path, "linked", ours.check)


def test_a_sealed_field_opens_in_its_own_place_only() -> None:
    key = new_member_key()
    sealed = seal(key, RESIDENT_ID, "identity_document", 7, "resident_id")
    assert unseal(key, sealed, "identity_document", 7, "resident_id") == RESIDENT_ID
    for place in (
        ("identity_document", 8, "resident_id"),
        ("identity_document", 7, "passport"),
        ("change_request", 7, "resident_id"),
    ):
        with pytest.raises(IntegrityFailure):
            unseal(key, sealed, *place)


def test_every_changed_byte_of_a_sealed_field_is_found() -> None:
    key = new_member_key()
    sealed = seal(key, RESIDENT_ID, "identity_document", 7, "resident_id")
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(IntegrityFailure):
            unseal(key, bytes(changed), "identity_document", 7, "resident_id")
    with pytest.raises(IntegrityFailure):
        unseal(key, b"", "identity_document", 7, "resident_id")


def test_a_member_s_key_opens_under_their_own_number_only(ours: Keys) -> None:
    key = new_member_key()
    wrapped = wrap_key(ours, key, 7)
    assert unwrap_key(ours, wrapped, 7) == key
    with pytest.raises(IntegrityFailure):
        unwrap_key(ours, wrapped, 8)


def test_the_same_value_is_sealed_differently_each_time_and_found_by_its_index(ours: Keys) -> None:
    key = new_member_key()
    assert len({seal(key, RESIDENT_ID, "t", 1, "f") for _ in range(50)}) == 50
    index = blind_index(ours, "resident_id", RESIDENT_ID)
    assert index == blind_index(ours, "resident_id", RESIDENT_ID)
    assert index != blind_index(ours, "passport", RESIDENT_ID)
    assert len(index) == 16


def test_a_signature_is_the_standards_one_also_when_its_key_was_used_before() -> None:
    # The second case of RFC 4231.
    standard = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    for _ in range(2):
        keyring.signature(b"Jefe", b"something else")
        assert keyring.signature(b"Jefe", b"what do ya want for nothing?").hex() == standard


@given(key=st.binary(max_size=200), message=st.binary(max_size=500))
def test_a_signature_is_what_the_hmac_module_computes(key: bytes, message: bytes) -> None:
    assert keyring.signature(key, message) == hmac.digest(key, message, "sha256")
