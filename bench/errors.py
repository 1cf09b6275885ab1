"""The errors that a user can cause; everything else is a defect of bench and keeps its traceback."""

from __future__ import annotations

from pathlib import Path


class BenchError(Exception):
    """A condition that bench explains in a sentence instead of a traceback."""

    exit_code = 1


class InputError(BenchError):
    """Wrong input: says where it stands, what is wrong, and what to do about it (exit code 2).

    Args:
        message: what is wrong, with the offending value.
        file: the file the value stands in, if any.
        line: its 1-based line in that file, if known.
        remedy: what to write or do instead.
    """

    exit_code = 2

    def __init__(
        self,
        message: str,
        *,
        file: Path | str | None = None,
        line: int | None = None,
        remedy: str | None = None,
    ) -> None:
        self.message = message
        self.file = None if file is None else str(file)
        self.line = line
        self.remedy = remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        place = "" if self.file is None else self.file
        if self.file is not None and self.line is not None:
            place = f"{self.file}:{self.line}"
        text = f"{place}: {self.message}" if place else self.message
        return f"{text} ({self.remedy})" if self.remedy else text

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions travel from workers to the parent; keyword-only arguments need help.
        return (_rebuild_input_error, (type(self), self.message, self.file, self.line, self.remedy))


def _rebuild_input_error(
    kind: type[InputError], message: str, file: str | None, line: int | None, remedy: str | None
) -> InputError:
    return kind(message, file=file, line=line, remedy=remedy)


class DataError(BenchError):
    """Data that cannot be had or used as asked: missing files, wrong checksums, no users (exit code 2)."""

    exit_code = 2


class TrainingError(BenchError):
    """A run that cannot produce a result (no training targets, a loss or score that is not finite)."""
