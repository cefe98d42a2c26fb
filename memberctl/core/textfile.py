"""A text file from outside, opened without surprises and known to the byte.

A file is read once before anything is parsed: that finds its encoding, its hash and lines that
would not fit into memory. Reading it again costs little beside parsing it.
Source: bad inputs 31-34, 36, 44, 48, 50; rules I3.
"""

from __future__ import annotations

import codecs
import errno
import hashlib
import io
import os
import re
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NoReturn

from memberctl.core.errors import Invalid, NotFound
from memberctl.core.text import safe

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LINE_LIMIT = 8_000_000
"""Bytes that one line may have; more would be no table and would not fit into memory."""

ENCODINGS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "utf-8-sig": "utf-8",
    "gb18030": "gb18030",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "cp936": "gb18030",
    "big5": "big5",
    "utf-16": "utf-16",
    "windows-1252": "cp1252",
    "cp1252": "cp1252",
    "latin-1": "latin-1",
    "latin1": "latin-1",
    "iso-8859-1": "latin-1",
    "iso-8859-15": "iso8859-15",
    "windows-1250": "cp1250",
    "windows-1251": "cp1251",
    "iso-8859-2": "iso8859-2",
    "cp850": "cp850",
    "shift-jis": "cp932",
    "euc-jp": "euc_jp",
    "euc-kr": "cp949",
    "iso-8859-7": "iso8859-7",
    "windows-1253": "cp1253",
    "iso-8859-9": "iso8859-9",
    "windows-1254": "cp1254",
    "windows-1255": "cp1255",
    "windows-1256": "cp1256",
    "windows-1257": "cp1257",
    "windows-1258": "cp1258",
    "windows-874": "cp874",
    "cp437": "cp437",
    "cp852": "cp852",
    "cp866": "cp866",
    "koi8-r": "koi8-r",
    "macintosh": "mac-roman",
}
"""What people may name, and the codec that reads it."""

_CHUNK = 1 << 18
_WIDE_CODEC = "utf-16"
_WIDE = re.compile(r"[^\x00-\x7f]")
_WIDE_LOOKED_AT = 20_000
_SUGGESTION_SAMPLE = 1 << 16


class TextFile:
    """An opened text file, or standard input copied to a nameless temporary file.

    name     -- the file's name, fit for a message
    encoding -- "utf-8", "utf-8-sig" (a byte order mark was found), or the codec that was found,
                named or fallen back to
    notices  -- what its user should be told, e.g. a detected encoding
    sha256   -- of the bytes, in hexadecimal
    has_nul  -- whether a NUL is among them
    """

    def __init__(
        self, raw: BinaryIO, name: str, encoding: str | None, otherwise: str | None = None
    ) -> None:
        self._raw = raw
        self.name = name
        self.notices: list[str] = []
        survey = _survey(raw, name)
        self.sha256 = survey.sha256
        self.encoding = self._settle_encoding(survey, encoding, otherwise)
        self.has_nul = survey.has_nul and self.encoding != _WIDE_CODEC
        self._digests_read: list[str] = []

    def lines(self) -> io.TextIOWrapper:
        """Return the text from its beginning, line ends untranslated, byte order mark removed."""
        counted = _Hashed(self._raw, self._digests_read)
        return io.TextIOWrapper(
            io.BufferedReader(counted, _CHUNK), encoding=self.encoding, newline=""
        )

    def refuse_if_changed(self) -> None:
        """Refuse when what was read, or what is there now, is not what was opened.

        Raises Invalid, rule "file_changed".
        Source: bad inputs 48.
        """
        now = hashlib.sha256()
        for chunk in _chunks(self._raw):
            now.update(chunk)
        if {self.sha256} != {now.hexdigest(), *self._digests_read}:
            refuse_changed(self.name)

    def close(self) -> None:
        """Give the file back; a second call does nothing."""
        self._raw.close()

    def _settle_encoding(self, survey: _Survey, wanted: str | None, otherwise: str | None) -> str:
        codec = _named_codec(wanted) if wanted else None
        if codec is None and otherwise and not survey.is_utf8:
            codec = _named_codec(otherwise)
        if codec != _WIDE_CODEC:
            _refuse_what_is_no_text(survey, self.name)
        if codec in (None, "utf-8") and survey.is_utf8:
            return "utf-8-sig" if survey.head.startswith(codecs.BOM_UTF8) else "utf-8"
        if codec is not None:
            self._refuse_unless_decodes(codec)
            return codec
        self._refuse_unless_clearly_gb18030()
        self.notices.append(f"{self.name} is not UTF-8; it is read as GB18030")
        return "gb18030"

    def _refuse_unless_decodes(self, codec: str) -> None:
        try:
            for _ in codecs.iterdecode(_chunks(self._raw), codec):
                pass
        except UnicodeDecodeError:
            raise Invalid(
                f"{self.name} is not written in {codec}", rule="encoding", allowed=[*ENCODINGS]
            ) from None

    def _refuse_unless_clearly_gb18030(self) -> None:
        try:
            clear = _is_clearly_gb18030(_chunks(self._raw))
        except UnicodeDecodeError:
            raise Invalid(
                f"{self.name} is neither UTF-8 nor GB18030",
                rule="encoding",
                hint="save it as UTF-8; an import also takes --encoding",
                allowed=[*ENCODINGS],
            ) from None
        if not clear:
            raise Invalid(
                f"{self.name} is not UTF-8, and cannot be told from GB18030: give --encoding",
                rule="encoding",
                hint=f"--encoding {_suggested_encoding(self._raw)}, if that is how it was saved",
                allowed=[*ENCODINGS],
            )


@dataclass(frozen=True, slots=True)
class _Survey:
    """What one pass over all bytes tells: see TextFile."""

    sha256: str
    is_utf8: bool
    has_nul: bool
    head: bytes


class _Hashed(io.RawIOBase):
    """Bytes from the beginning of a file, hashed as they pass.

    It keeps its own place, so two of them can read one file side by side.
    """

    def __init__(self, raw: BinaryIO, digests_read: list[str]) -> None:
        self._source = raw
        self._place = 0
        self._digest = hashlib.sha256()
        self._digests_read = digests_read

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        self._source.seek(self._place)
        chunk = self._source.read(len(view))
        view[: len(chunk)] = chunk
        self._place += len(chunk)
        self._digest.update(chunk)
        if not chunk:
            self._digests_read.append(self._digest.hexdigest())
        return len(chunk)


def open_text(
    source: str | Path,
    *,
    encoding: str | None = None,
    otherwise: str | None = None,
    stdin: BinaryIO | None = None,
) -> TextFile:
    """Open a regular file, or standard input for "-", and settle how it is encoded.

    encoding  -- one of ENCODINGS; None detects UTF-8 and, only where that is out of the question,
                 GB18030
    otherwise -- one of ENCODINGS, for what is not UTF-8, where its maker is known
    stdin     -- what "-" reads; None is the process's standard input
    Raises NotFound when nothing is there, Invalid for a symbolic link, directory, pipe or device,
    for UTF-16 that was not asked for, spreadsheets, undecidable encodings and lines over
    LINE_LIMIT bytes.
    """
    raw, name = open_bytes(source, stdin=stdin)
    try:
        return TextFile(raw, name, encoding, otherwise)
    except BaseException:
        raw.close()
        raise


def open_bytes(source: str | Path, *, stdin: BinaryIO | None = None) -> tuple[BinaryIO, str]:
    """Open a regular file, or a copy of standard input for "-", and return it with its name.

    The name is fit for a message. Raises as open_text does for what is no regular file.
    """
    if str(source) == "-":
        return _copy_of(stdin or sys.stdin.buffer), "standard input"
    return _open_regular(source), _name_of(source)


def refuse_changed(name: str) -> NoReturn:
    """Say that a file is no longer the one that was opened."""
    raise Invalid(
        f"{name} was changed while it was read", rule="file_changed", hint="repeat the command"
    )


def _open_regular(path: str | Path) -> BinaryIO:
    name = _name_of(path)
    # Without O_NONBLOCK a pipe that nobody writes to would be waited for, for ever.
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        handle = os.open(path, flags)
    except FileNotFoundError:
        raise NotFound(f"there is no file {name}") from None
    except (OSError, ValueError) as problem:
        raise Invalid(f"{name} {_why_not_opened(problem)}", rule="file_kind") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise Invalid(f"{name} is not a regular file", rule="file_kind")
    return os.fdopen(handle, "rb", buffering=0)


def _name_of(path: str | Path) -> str:
    """Return the last part of a path, or what there is of it, fit for a message."""
    return safe(Path(path).name or str(path) or "without a name")


def _why_not_opened(problem: OSError | ValueError) -> str:
    if isinstance(problem, ValueError):
        return "is not the name of a file"
    if problem.errno == errno.ELOOP:
        return "is a symbolic link; give the file it points to"
    return f"cannot be opened: {os.strerror(problem.errno or 0)}"


def _copy_of(stream: BinaryIO) -> BinaryIO:
    """Return what a stream says as a file that can be read twice and vanishes when closed."""
    import shutil
    import tempfile

    copy = tempfile.TemporaryFile()  # noqa: SIM115 - TextFile closes it.
    shutil.copyfileobj(stream, copy, _CHUNK)
    return copy


def _chunks(raw: BinaryIO) -> Iterator[bytes]:
    raw.seek(0)
    while chunk := raw.read(_CHUNK):
        yield chunk


def _survey(raw: BinaryIO, name: str) -> _Survey:
    digest, head = hashlib.sha256(), b""
    utf8: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()
    has_nul, open_line = False, 0
    for chunk in _chunks(raw):
        head = head or chunk
        digest.update(chunk)
        has_nul = has_nul or b"\0" in chunk
        utf8 = utf8 if utf8 and _goes_on(utf8, chunk) else None
        open_line = _length_of_open_line(chunk, open_line)
        if open_line > LINE_LIMIT:
            raise Invalid(
                f"{name} has a line of more than {LINE_LIMIT:,} bytes, so a field is too long",
                rule="field_too_long",
            )
    is_utf8 = utf8 is not None and _goes_on(utf8, b"", final=True)
    return _Survey(digest.hexdigest(), is_utf8, has_nul, head)


def _goes_on(decoder: codecs.IncrementalDecoder, chunk: bytes, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _length_of_open_line(chunk: bytes, before: int) -> int:
    """Return how long the line is that a chunk leaves open, or that ended in it if longer."""
    ends = [at for at in (chunk.find(b"\n"), chunk.find(b"\r")) if at >= 0]
    if not ends:
        return before + len(chunk)
    if before + min(ends) > LINE_LIMIT:
        return before + min(ends)
    return len(chunk) - max(chunk.rfind(b"\n"), chunk.rfind(b"\r")) - 1


def _refuse_what_is_no_text(survey: _Survey, name: str) -> None:
    if survey.head.startswith(b"PK\x03\x04"):
        raise Invalid(
            f"{name} is a spreadsheet, not text", rule="file_kind", hint="save it as CSV UTF-8"
        )
    marked = survey.head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if marked or (survey.has_nul and _looks_like_utf16(survey.head)):
        raise Invalid(f"{name} is UTF-16", rule="encoding", hint="save it as CSV UTF-8")


def _looks_like_utf16(head: bytes) -> bool:
    """Whether NULs make up 5 percent or more, and all of them are odd bytes or all even ones."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    return min(even, odd) == 0 and even + odd >= max(4, len(head) // 20)


def _named_codec(wanted: str) -> str:
    codec = ENCODINGS.get(wanted.strip().lower().replace("_", "-"))
    if codec is None:
        raise Invalid("the encoding is not supported", rule="encoding", allowed=[*ENCODINGS])
    return codec


def _is_clearly_gb18030(chunks: Iterator[bytes]) -> bool:
    """Whether bytes that are not UTF-8 read as Chinese in GB18030 rather than in Big5.

    Nearly all Big5 text can be decoded as GB18030, into other characters. But about 60 percent of
    its characters have a second byte below 0x80 or a first one from A4 to AF, which GB18030 uses
    for rare ideographs, kana, Greek and frames. And common characters of GB18030 begin with C7
    and more in half of all cases, where Big5 keeps its rare ones.
    Raises UnicodeDecodeError when the bytes are not GB18030 at all.
    Source: bad inputs 32, 33.
    """
    wide: list[str] = []
    for text in codecs.iterdecode(chunks, "gb18030"):
        if len(wide) < _WIDE_LOOKED_AT:
            wide += _WIDE.findall(text)
    doubtful = decisive = 0
    for code in (each.encode("gb18030") for each in wide):
        doubtful += len(code) == 2 and (code[1] < 0x80 or 0xA4 <= code[0] <= 0xAF)
        decisive += len(code) == 4 or code[0] < 0xA1 or 0xC7 <= code[0] <= 0xF7
    return decisive > 0 and doubtful * 4 <= len(wide)


def _suggested_encoding(raw: BinaryIO) -> str:
    """Return what a statistical guess says, among what we read; only ever shown as a hint."""
    import charset_normalizer

    raw.seek(0)
    sample = raw.read(_SUGGESTION_SAMPLE)
    best = charset_normalizer.from_bytes(sample, cp_isolation=["big5", "gb18030"]).best()
    return best.encoding if best else "big5"
