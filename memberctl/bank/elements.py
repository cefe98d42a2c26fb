"""A statement in XML, cut into its entries while it is parsed, each with its text as it was read.

The parser resolves nothing: a document type, and with it every entity, is refused before
anything is understood. Elements are known by their names alone, since each version has a name
space of its own. Source: rules M15; bad inputs 36, 47.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from memberctl.core.errors import Invalid

MOST_ENTRY = 20_000_000
"""Bytes that one entry may have, a booking of thousands of payments included."""

_DEEPEST = 60
_KEPT = frozenset({"Ntry", "Bal", "Acct", "TxsSummry"})


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a statement. line -- on which it begins; raw -- as it was read"""

    element: Element
    line: int
    raw: str


class Parts:
    """Cuts a file into the parts of its statements while it is parsed."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._parser = expat.ParserCreate(namespace_separator="}")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype
        self._parser.EntityDeclHandler = self._refuse_doctype
        self._parser.XmlDeclHandler = self._declared
        self._parser.buffer_text = True
        self._encoding = "utf-8"
        self._depth = 0
        self._builder: TreeBuilder | None = None
        self._inside = 0
        self._from, self._line = 0, 0
        self._pending = b""
        self._pending_at = 0
        self._done: list[tuple[str, Element | None, int, int, int]] = []
        self._document: int | None = None
        self._is_statement = False

    def feed(self, chunk: bytes, *, last: bool) -> Iterator[tuple[str, Part | None]]:
        """Parse more of the file and yield what is complete: ("Stmt", None) where one begins."""
        self._pending += chunk
        try:
            self._parser.Parse(chunk, last)
        except expat.ExpatError as problem:
            raise Invalid(
                f"{self._name} is no whole XML, line {problem.lineno}: it was cut off or changed",
                rule="bad_xml",
                hint="download it again",
            ) from None
        except (ValueError, LookupError):
            raise Invalid(
                f"{self._name} is XML in {self._encoding}, which cannot be read here",
                rule="encoding",
                hint="save it as UTF-8, also in its first line",
            ) from None
        if last and not self._is_statement:
            self._refuse_other_message()
        done, self._done = self._done, []
        for what, element, line, begins, ends in done:
            raw = self._pending[begins - self._pending_at : ends - self._pending_at]
            text = raw.decode(self._encoding, "replace")
            yield what, None if element is None else Part(element, line, text)
        keep = self._from if self._builder is not None else self._parser.CurrentByteIndex
        if len(self._pending) - (keep - self._pending_at) > MOST_ENTRY:
            raise Invalid(
                f"{self._name}, line {self._line}: an entry is too long", rule="field_too_long"
            )
        self._pending, self._pending_at = self._pending[keep - self._pending_at :], keep

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition("}")[2]
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Invalid(f"{self._name} is nested too deeply", rule="bad_xml")
        self._look_for_the_message(local)
        if self._builder is not None:
            self._inside += 1
            self._builder.start(local, attributes)
        elif local == "Stmt":
            self._done.append(("Stmt", None, self._parser.CurrentLineNumber, 0, 0))
        elif local in _KEPT:
            self._builder, self._inside = TreeBuilder(), 1
            self._from, self._line = self._parser.CurrentByteIndex, self._parser.CurrentLineNumber
            self._builder.start(local, attributes)

    def _end(self, name: str) -> None:
        local = name.rpartition("}")[2]
        self._depth -= 1
        if self._builder is None:
            return
        self._builder.end(local)
        self._inside -= 1
        if self._inside == 0:
            # The index is that of "</Ntry>"; its end is sought in what was read.
            begins = self._parser.CurrentByteIndex - self._pending_at
            closed = self._pending.find(b">", begins)
            ends = self._pending_at + (closed + 1 if closed >= 0 else len(self._pending))
            element = self._builder.close()
            self._done.append((local, element, self._line, self._from, ends))
            self._builder = None

    def _text(self, text: str) -> None:
        if self._builder is not None:
            self._builder.data(text)

    def _declared(self, version: str, encoding: str | None, standalone: int) -> None:
        self._encoding = encoding or "utf-8"

    def _refuse_doctype(self, *_: object) -> NoReturn:
        raise Invalid(
            f"{self._name} declares a document type or entities, which no statement needs",
            rule="doctype",
        )

    def _look_for_the_message(self, local: str) -> None:
        """Refuse what is no statement at its first element; some banks put an envelope around it.

        An envelope holds the document beside a header of its own.
        """
        if local == "Document":
            self._document = self._depth
        elif self._document is not None and self._depth == self._document + 1:
            if local != "BkToCstmrStmt":
                self._refuse_other_message()
            self._is_statement = True
        elif self._depth == 1 and local.lower() == "html":
            self._refuse_other_message()

    def _refuse_other_message(self) -> NoReturn:
        raise Invalid(
            f"{self._name} is not in the form camt.053: BkToCstmrStmt was looked for",
            rule="header_missing",
            hint="a table in HTML or in a workbook is read once it is saved as CSV UTF-8",
        )
