"""Anchors: the head of the audit chain, signed, to be kept where the store's writers cannot reach.

The chain alone cannot show that its newest links were cut off; an anchor shows that for all links
up to its own. What came after the newest anchor is the window, and is stated.
Source: rules G1; reliability.md R16.
"""

from __future__ import annotations

import errno
import hmac
import os
import re
import socket
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlmodel import col

from memberctl.core.errors import Invalid, NoAccess, NotFound, OutsideUnclear, StorageFailure
from memberctl.store.audit import head
from memberctl.store.columns import instant_text
from memberctl.store.files import append_whole
from memberctl.store.keys import Keys, signature
from memberctl.store.tables import AuditRow
from memberctl.store.trail import Problem, verify_chain

if TYPE_CHECKING:
    from sqlmodel import Session

SYSTEM_LOG = "/dev/log"
LONGEST_LINE = 4096
AUTH_NOTICE = 4 << 3 | 5  # Facility "auth", severity "notice" (RFC 3164).
_ANCHOR = re.compile(
    r"memberctl-anchor store=(\S{1,64}) seq=(\d{1,18}) at=(\S{32}) head=([0-9a-f]{64}) "
    r"mac=([0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True)
class Anchor:
    """One head of the chain: the newest link's number and signature when it was taken.

    mac -- a signature over the rest, so that an anchor cannot be made without the key file
    """

    store: str
    seq: int
    at: datetime
    head: str
    mac: str

    @property
    def line(self) -> str:
        """Return the one line in which an anchor is kept."""
        return (
            f"memberctl-anchor store={self.store} seq={self.seq} at={instant_text(self.at)} "
            f"head={self.head} mac={self.mac}"
        )


@dataclass(frozen=True, slots=True)
class Anchored:
    """What a chain is worth beside anchors that were kept elsewhere.

    checked -- links looked at; anchors -- how many of this store were compared
    window  -- which links could be missing at the end without anybody seeing it, in words
    """

    checked: int
    problems: tuple[Problem, ...]
    head: str
    anchors: int
    window: str


def take_anchor(session: Session, keys: Keys, store: str, at: datetime) -> Anchor:
    """Return an anchor of the chain as it stands now."""
    seq, newest = head(session)
    return Anchor(store, seq, at, newest.hex(), _mac(keys, store, seq, at, newest.hex()))


def _mac(keys: Keys, store: str, seq: int, at: datetime, head_: str) -> str:
    said = f"anchor|{store}|{seq}|{instant_text(at)}|{head_}"
    return signature(keys.audit, said.encode()).hex()


def parse_anchors(lines: Iterable[str]) -> list[Anchor]:
    """Return the anchors among `lines`; what stands around them, as in a system log, is ignored.

    Raises Invalid when there is none.
    """
    found = [match for line in lines for match in _ANCHOR.finditer(line)]
    if not found:
        raise Invalid(
            "the file holds no anchor",
            rule="no_anchor",
            hint="memberctl audit anchor --output FILE",
        )
    try:
        return [
            Anchor(store, int(seq), datetime.fromisoformat(at), head_, mac)
            for store, seq, at, head_, mac in (match.groups() for match in found)
        ]
    except ValueError:
        raise Invalid("an anchor in the file has no instant", rule="anchor_form") from None


def verify_anchored(
    session: Session, keys: Keys, store: str, anchors: Sequence[Anchor]
) -> Anchored:
    """Follow the chain, then hold it against the anchors of this store.

    Raises Invalid when none of the anchors is this store's.
    """
    own = [anchor for anchor in anchors if anchor.store == store]
    if not own:
        raise Invalid("the anchors in the file are those of another store", rule="anchor_store")
    chain = verify_chain(session, keys.audit)
    genuine = [each for each in own if _is_genuine(each, keys)]
    problems = [
        *chain.problems,
        *(_forged(each) for each in own if each not in genuine),
        *_missing(session, genuine),
    ]
    last, _ = head(session)
    window = window_of(max(genuine, key=lambda each: each.seq, default=None), last)
    return Anchored(chain.checked, tuple(problems), chain.head, len(genuine), window)


def _is_genuine(anchor: Anchor, keys: Keys) -> bool:
    mac = _mac(keys, anchor.store, anchor.seq, anchor.at, anchor.head)
    return hmac.compare_digest(mac, anchor.mac)


def _forged(anchor: Anchor) -> Problem:
    return Problem("anchor.forged", f"anchor {anchor.seq}", "signed with the key", "not signed")


def _missing(session: Session, anchors: Sequence[Anchor]) -> list[Problem]:
    """Return the first anchor that the chain does not bear out; later ones say nothing new."""
    for anchor in sorted(anchors, key=lambda each: each.seq):
        found = session.execute(
            select(col(AuditRow.mac)).where(col(AuditRow.seq) == anchor.seq)
        ).scalar_one_or_none()
        told = "no such link" if found is None else bytes(found).hex()
        if anchor.seq and told != anchor.head:
            return [Problem("audit.anchor", f"link {anchor.seq}", anchor.head[:16], told[:16])]
    return []


def window_of(newest: Anchor | None, last: int) -> str:
    """Return in words which links could be missing at the end. last -- the newest link's number."""
    if newest is None:
        return f"rows 1 to {last} could have been cut off unseen: no anchor is genuine"
    since = f"since the anchor of {newest.at:%Y-%m-%d %H:%M} UTC"
    if last > newest.seq:
        return f"rows {newest.seq + 1} to {last} {since} could have been cut off unseen"
    return f"no row was added {since}, unless it was cut off unseen"


def count_anchors(path: Path) -> int:
    """Return how many anchors a file holds that another is to be added to; 0 without a file.

    Raises Invalid for a file in which anything else stands, so that no other file grows by
    mistake, and what `append_anchor` raises.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return 0
    except OSError as problem:
        raise _not_opened(path, problem) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Invalid("the anchors' file is not a regular file", rule="target")
    count = 0
    with os.fdopen(descriptor, "rb") as file:
        while line := file.readline(LONGEST_LINE):
            if _ANCHOR.search(line.decode("utf-8", "replace")):
                count += 1
            elif line.strip():
                raise Invalid(
                    "the file exists and is not a list of anchors",
                    rule="target",
                    hint="--output names a file of anchors alone, or one that is not there yet",
                )
    return count


def append_anchor(path: Path, anchor: Anchor) -> None:
    """Add an anchor to a file of mode 0600, synced to the disk; the file is made if need be.

    Raises Invalid for what is no regular file, NotFound without the folder, NotPermitted and
    StorageFailure when it cannot be written.
    """
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        descriptor = os.open(path, flags, 0o600)
    except OSError as problem:
        raise _not_opened(path, problem) from None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Invalid("the anchors' file is not a regular file", rule="target")
        append_whole(descriptor, f"{anchor.line}\n".encode())
    except OSError as problem:
        raise StorageFailure(
            f"the anchor cannot be written to {path}: {problem.strerror}; nothing was added",
            hint=f"df -h {path.absolute().parent}",
        ) from None
    finally:
        os.close(descriptor)


def _not_opened(path: Path, problem: OSError) -> Invalid | NotFound | NoAccess | StorageFailure:
    if problem.errno in {errno.ENOENT, errno.ENOTDIR}:
        return NotFound("the folder of the anchors' file does not exist")
    if problem.errno in {errno.ELOOP, errno.EISDIR, errno.ENXIO}:
        return Invalid("the anchors' file is a link, a folder or a device", rule="target")
    said = f"the anchors' file {path} cannot be written: {problem.strerror}"
    if problem.errno in {errno.EACCES, errno.EPERM}:
        return NoAccess(said)
    return StorageFailure(said)


def send_to_system_log(anchor: Anchor, log: str = SYSTEM_LOG) -> None:
    """Send an anchor to the system's log. Raises OutsideUnclear when nobody listens there."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.connect(log)
            sender.send(f"<{AUTH_NOTICE}>memberctl: {anchor.line}".encode())
    except OSError as problem:
        raise OutsideUnclear(
            f"the system's log at {log} does not take the anchor: {problem.strerror}",
            hint="memberctl audit anchor --output FILE",
        ) from None
