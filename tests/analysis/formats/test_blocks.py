"""Heads and classes of a table's columns."""

from __future__ import annotations

from bench.analysis.formats.blocks import Blocks


def test_heads_keep_names_and_units() -> None:
    """Only their first letter changes; a symbol does not, nor what a matrix has for names."""
    columns = ("memory, MiB", "p", "difference, %", "NDCG@10")
    assert Blocks(columns, (), {}, ()).heads() == ("Memory, MiB", "p", "Difference, %", "NDCG@10")
    assert Blocks(("model", "recbole/SASRec"), (), {}, (), matrix=True).heads() == ("Model", "recbole/SASRec")


def test_classes_of_columns() -> None:
    table = Blocks(("claim", "metric", "p"), ("claim", "metric"), {}, (), wide=("claim",))
    assert [table.classes(place) for place in range(3)] == ["left wide", "left", ""]
    matrix = Blocks(("claim", "A"), (), {}, (), wide=("claim",), matrix=True)
    assert [matrix.classes(place) for place in range(2)] == ["left", ""]
