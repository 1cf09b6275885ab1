"""The sentences of a report: true, complete, and in the words of the tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from bench.analysis.comparison import ComparisonRow, Word
from bench.analysis.tables import RankGroup, TableRow
from bench.report.summary import best_sentences, comparison_sentences
from bench.results.query import CellResult
from bench.results.records import RunRecord

Cells = Callable[..., list[CellResult]]


@pytest.fixture
def cells(run_json: Callable[..., dict[str, Any]]) -> Cells:
    """Finished runs of models on `ml-100k`, with so many seeds each."""

    def make(**seeds: int) -> list[CellResult]:
        return [
            CellResult("ml-100k", model, seed, "done", record=RunRecord.model_validate(made))
            for model, number in seeds.items()
            for seed in range(1, number + 1)
            for made in [run_json("a" * 16, model=model, seed=seed)]
        ]

    return make


def table(metric: str, *rows: tuple[str, float, RankGroup | None]) -> list[TableRow]:
    return [
        TableRow("ml-100k", model, metric, mean, None, (1,), (mean,), (), {}, "done", group)
        for model, mean, group in rows
    ]


def test_who_is_highest_in_every_metric(cells: Cells) -> None:
    """Whoever is not decided worse, decided worse and not compared is named apart."""
    rows = [
        *table("Recall@10", ("A", 0.3, "best"), ("B", 0.2, "group"), ("C", 0.1, None), ("D", 0.1, None)),
        *table("NDCG@10", ("A", 0.1, "group"), ("B", 0.2, "best"), ("C", 0.1, "group"), ("D", 0.1, None)),
    ]
    assert best_sentences(rows, cells(A=2, B=2, C=2, D=1)) == [
        "On ml-100k, A has the highest Recall@10 (0.3000); B is not decided worse, C is decided worse, D is"
        " not compared with it (one seed, which says nothing of others).",
        "On ml-100k, B has the highest NDCG@10 (0.2000); A and C are not decided worse, D is not compared"
        " with it (one seed, which says nothing of others).",
    ]


def test_metrics_with_one_answer_are_said_together(cells: Cells) -> None:
    rows = [
        *table("Recall@10", ("A", 0.3, "best"), ("B", 0.2, None)),
        *table("NDCG@10", ("A", 0.2, "best"), ("B", 0.1, None)),
    ]
    assert best_sentences(rows, cells(A=2, B=2)) == [
        "On ml-100k, A has the highest Recall@10 (0.3000) and NDCG@10 (0.2000); B is decided worse."
    ]


def test_one_seed_decides_nothing(cells: Cells) -> None:
    """Nor is one of those with the same printed mean left out."""
    rows = table("Recall@10", ("A", 0.08311, None), ("B", 0.08309, None), ("C", 0.02, None))
    assert best_sentences(rows, cells(A=1, B=1, C=1)) == [
        "On ml-100k, A and B have the highest Recall@10 (0.0831); one seed decides nothing."
    ]


def test_one_variant_is_not_the_highest(cells: Cells) -> None:
    (alone,) = best_sentences(table("Recall@10", ("A", 0.3, None)), cells(A=2))
    assert alone == "On ml-100k, A alone has results: Recall@10 (0.3000)."
    (once,) = best_sentences(table("Recall@10", ("A", 0.3, None)), cells(A=1))
    assert once == "On ml-100k, A alone has results: Recall@10 (0.3000); one seed decides nothing."


def compared(metric: str, verdicts: dict[str, Word], reason: str | None = None) -> Sequence[ComparisonRow]:
    numbers = 0.2, 0.1, 0.1, 0.05, 0.15, 0.01, 0.02, 0.02
    return [
        ComparisonRow("shop", metric, variant, "SASRec", *numbers, word, (1, 2), (1, 2), 4, reason)
        for variant, word in verdicts.items()
    ]


def test_every_verdict_of_every_metric() -> None:
    """What is decided in the second metric alone is said too; the word is the table's."""
    rows = [
        *compared("Recall@10", {"A": "underpowered", "B": "tied"}),
        *compared("NDCG@10", {"A": "better", "B": "worse"}),
        *compared("NDCG@20", {"A": "better", "B": "worse"}),
    ]
    assert comparison_sentences(rows) == [
        "Beside SASRec on shop, in Recall@10: tied: B; underpowered: A.",
        "Beside SASRec on shop, in NDCG@10 and NDCG@20: better: A; worse: B.",
    ]


def test_why_some_are_not_compared() -> None:
    (said,) = comparison_sentences(compared("Recall@10", {"A": "not compared"}, "one seed"))
    assert said == "Beside SASRec on shop, in Recall@10: not compared: A (one seed)."
