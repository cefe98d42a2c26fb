"""An invoice or credit note as a PDF with a code that a phone can read.

Chinese is drawn with the readers' own fonts, so no font file is needed and the file stays small.
Source: rules M13; libraries.md "PDF".
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

from memberctl.core.errors import UsageProblem
from memberctl.core.text import safe
from memberctl.payment.invoice_rules import InvoiceRecord

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

FONT = "STSong-Light"
MARGIN, STEP, SIZE, TITLE = 56.0, 20.0, 11, 16
CODE = 96.0


def invoice_pdf(invoice: InvoiceRecord, lines: Sequence[str]) -> bytes:
    """Return a document of one or more pages: its lines, and a QR code of number and amount.

    lines -- as invoice_text made them; the first is the organisation's name
    Raises UsageProblem when the extra `pdf` is not installed.
    """
    try:
        from reportlab.lib.pagesizes import A4
        from reportlab.pdfbase import pdfmetrics
        from reportlab.pdfbase.cidfonts import UnicodeCIDFont
        from reportlab.pdfgen.canvas import Canvas
    except ImportError:
        raise UsageProblem(
            "writing a PDF needs reportlab", hint="pip install 'memberctl[pdf]'"
        ) from None
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    written = BytesIO()
    # Without the time of making, the same document is the same file.
    canvas = Canvas(written, pagesize=A4, invariant=1)
    canvas.setTitle(invoice.number)
    width, height = A4
    _draw_lines(canvas, lines, width, height)
    _draw_code(canvas, f"{invoice.number} {invoice.total}", width, height)
    canvas.save()
    return written.getvalue()


def _draw_lines(canvas: Canvas, lines: Sequence[str], width: float, height: float) -> None:
    y = height - MARGIN
    for place, line in enumerate(lines):
        size = TITLE if place == 0 else SIZE
        # The code stands at the right of the first lines, which leave it room.
        room = width - 2 * MARGIN - (CODE + STEP if height - MARGIN - y < CODE + STEP else 0)
        for piece in _folded(safe(line), size, room):
            if y < MARGIN:
                canvas.showPage()
                y = height - MARGIN
            canvas.setFont(FONT, size)
            canvas.drawString(MARGIN, y, piece)
            y -= STEP if size == SIZE else 1.5 * STEP


def _folded(text: str, size: int, room: float) -> list[str]:
    """Return a line in pieces that fit, broken anywhere, as Chinese may be."""
    from reportlab.pdfbase.pdfmetrics import stringWidth

    pieces, piece = [], ""
    for character in text:
        if stringWidth(piece + character, FONT, size) > room:
            pieces.append(piece)
            piece = ""
        piece += character
    return [*pieces, piece]


def _draw_code(canvas: Canvas, text: str, width: float, height: float) -> None:
    from reportlab.graphics import renderPDF
    from reportlab.graphics.barcode.qr import QrCodeWidget
    from reportlab.graphics.shapes import Drawing

    code: Any = QrCodeWidget(text)
    left, low, right, high = code.getBounds()
    scale = CODE / (right - left), CODE / (high - low)
    drawing = Drawing(CODE, CODE, transform=[scale[0], 0, 0, scale[1], 0, 0])
    drawing.add(code)
    renderPDF.draw(drawing, canvas, width - MARGIN - CODE, height - MARGIN - CODE + STEP)
