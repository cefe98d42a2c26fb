"""A command that answers each line of stdin at once, for as long as lines come.

Source: cli.md "The nouns" (`checkin scan -`); performance.md D.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from memberctl.cli.formats import Format
from memberctl.cli.run import Run
from memberctl.core.errors import UsageProblem

LONGEST_LINE = 1_000
STREAMED = (Format.TSV, Format.CSV, Format.JSON, Format.JSONL)
ANSWERED = "interrupted; every line that was answered is stored"


def typed_lines(run: Run) -> Iterator[str]:
    """Yield the lines of stdin as they come, without blank ones, each cut after 1000 bytes.

    Bytes that are no text become U+FFFD: a line that cannot be read is answered like any other.
    """
    stream = run.stdin.buffer
    while line := stream.readline(LONGEST_LINE):
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = stream.readline(LONGEST_LINE)
        text = line.decode("utf-8", errors="replace").strip()
        if text:
            yield text


class Answers:
    """Answers that are shown one by one, each flushed before the next line is read."""

    def __init__(self, run: Run, columns: Sequence[str]) -> None:
        if run.in_batch:
            raise UsageProblem("a stream cannot stand in a batch")
        if run.options.key is not None:
            raise UsageProblem("a stream takes no --key: each line may carry a mark of its own")
        self._run = run
        self._columns = columns
        self._in_words = run.output.on_terminal and run.settings.format is None
        if not self._in_words and run.output.format not in STREAMED:
            raise UsageProblem(f"a stream is answered in {', '.join(STREAMED)}")
        if run.dry_run:
            run.output.status = "dry-run"
        run.if_interrupted = ANSWERED

    def tell(self, row: object, sentence: str) -> None:
        """Show one answer now. Raises PipeClosed, NotShown."""
        run, output = self._run, self._run.output
        if self._in_words:
            output.say(row, sentence)
        elif output.format is Format.JSON:
            output.show_record(row)
        else:
            output.show_list([row], self._columns)
            if output.options.header:
                output.options = replace(output.options, header=False)
        output.flush()
        # What was told is done with: from here on a signal interrupts nothing.
        run.committed = False
