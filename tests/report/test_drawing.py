"""A figure on a page: words of what is in it, and the reason where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from bench.errors import InputError
from bench.report.drawing import Plan, drawn


@dataclass(frozen=True)
class Row:
    dataset: str
    variant: str
    metric: str
    baseline: str = "SASRec"


def plan(rows: Sequence[Row], draw: Any = lambda rows: Figure()) -> Plan:
    return Plan("name", "Title", "Differences", "Caption.", lambda: rows, Row, draw, "there is no other")


def test_words_are_of_what_is_drawn() -> None:
    figure = drawn(plan([Row("shop", "MAF", "NDCG@10"), Row("shop", "MAF", "Recall@10")]))
    assert figure.alternative == (
        "Differences, of MAF beside SASRec on shop, in NDCG@10 and Recall@10. The numbers are in the file"
        " below the figure."
    )
    assert figure.file == "name.csv" and figure.image and figure.table and not figure.reason


def test_without_rows() -> None:
    figure = drawn(plan([]))
    assert figure.reason == "there is no other." and not figure.image


def test_what_raises_is_the_reason() -> None:
    """In the numbers as in the drawing."""

    def raising(*arguments: object) -> Any:
        raise InputError("one seed, which says nothing of others")

    assert drawn(plan([Row("shop", "MAF", "NDCG@10")], raising)).reason == (
        "one seed, which says nothing of others."
    )
    assert drawn(Plan("name", "Title", "", "", raising, Row, raising)).reason.startswith("one seed")
