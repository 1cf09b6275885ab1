"""What an audit finds, and what a printed number may have been before it was rounded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from bench.analysis.published import read_table

Result = Literal["agrees", "disagrees"]


@dataclass(frozen=True)
class Finding:
    """One thing that a paper prints, beside what follows from its own numbers.

    Attributes:
        question: what was checked.
        where: of which dataset and metric, or in which section of the text.
        printed: what the paper says there.
        follows: what its own numbers say.
        result: agrees or disagrees.
    """

    question: str
    where: str
    printed: str
    follows: str
    result: Result


def result_of(agrees: bool) -> Result:
    """The word for it."""
    return "agrees" if agrees else "disagrees"


@dataclass(frozen=True)
class Span:
    """All values from ``low`` to ``high``, exact."""

    low: Decimal
    high: Decimal

    def meets(self, other: Span) -> bool:
        """Whether some value lies in both."""
        return self.low <= other.high and other.low <= self.high


def exact(text: str) -> Decimal:
    """A printed number; of a percentage the number before the sign."""
    return Decimal(text.replace(",", "").removesuffix("%"))


def span(text: str) -> Span:
    """What a printed number may have been: half a unit of its last digit less or more.

    A whole number with separators (``36,752``) is a count and stands for itself.
    """
    value = exact(text)
    half = Decimal(0) if "," in text else Decimal(1).scaleb(int(value.as_tuple().exponent)) / 2
    return Span(value - half, value + half)


Row = tuple[str, str]  # dataset and metric
Rows = Mapping[Row, Mapping[str, str]]  # a table's numbers as printed, by row and column


def printed_rows(paper: str, number: int) -> Rows:
    """A table with results, row by row in its order."""
    rows: dict[Row, dict[str, str]] = {}
    for each in read_table(paper, number):
        rows.setdefault((each.dataset, each.metric), {})[each.column] = each.text
    return rows


def gain(value: Decimal, base: Decimal) -> Decimal:
    """By how many percent ``value`` exceeds ``base``."""
    return 100 * (value - base) / base


def leaders(printed: Mapping[str, str]) -> list[str]:
    """The columns of a row with its highest number, one unless several are level."""
    highest = max(map(exact, printed.values()))
    return [column for column, text in printed.items() if exact(text) == highest]
