"""Verdicts for reading: what the lines say, and that nothing is cut off."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from bench.analysis.equivalence import EqualityRow
from bench.analysis.formats.latex import blocks_to_latex
from bench.analysis.formats.markdown import blocks_to_markdown
from bench.analysis.formats.terminal import blocks_to_rich
from bench.analysis.verdicts import (
    verdict_table,
)

SEEDS = tuple(range(1, 21))
EQUAL = EqualityRow(
    dataset="ml-100k[last=20]",
    metric="NDCG@10",
    variant="SASRec prefixes",
    reference="recbole/SASRec",
    mean=0.05417,
    reference_mean=0.05487,
    difference=-0.01275,
    low=-0.03368,
    high=0.0001,
    margin=0.05,
    verdict="equal",
    seeds=SEEDS,
    reference_seeds=SEEDS,
    seeds_planned=20,
    seeds_needed=None,
)
OPEN = replace(
    EQUAL, variant="windows", difference=0.2, low=-0.0, high=0.4, verdict="not decided", seeds_needed=97
)
AT_MARGIN = replace(OPEN, variant="at", seeds_needed=None)
ONE_SEED = replace(OPEN, variant="one", low=None, high=None, seeds=(1,), seeds_needed=None)
NOT_RUN = replace(ONE_SEED, variant="none", mean=None, difference=None, seeds=())


def test_markdown_by_hand() -> None:
    text = blocks_to_markdown(verdict_table([EQUAL, OPEN, AT_MARGIN, ONE_SEED, NOT_RUN]))
    table, _, notes = text.partition("\n\n- ")
    assert table == (
        "**Equality on ml-100k\\[last=20\\]: NDCG@10, margin ±5%**\n\n"
        "| variant | mean | difference, % | verdict | seeds | needs |\n"
        "| :-- | --: | --: | :-- | --: | --: |\n"
        "| recbole/SASRec | 0.0549 | reference |  | 20 |  |\n"
        "| SASRec prefixes | 0.0542 | -1.3 (-3.4 to +0.0) | equal | 20 |  |\n"
        "| windows | 0.0542 | +20.0 (+0.0 to +40.0) | not decided | 20 | 97 |\n"
        "| at | 0.0542 | +20.0 (+0.0 to +40.0) | not decided | 20 | \\>1000 |\n"
        "| one | 0.0542 | +20.0 | not decided | 1 of 20 |  |\n"
        "| none | none |  | not decided | 0 of 20 |  |"
    )
    assert notes.count("\n- needs: ") == 1
    assert "90% Welch interval" in notes


def test_what_differs_stands_in_blocks_of_its_own_and_variants_below_their_reference() -> None:
    rows = [
        EQUAL,
        replace(EQUAL, reference="recbole/GRU4Rec", variant="GRU4Rec"),
        replace(EQUAL, variant="SASRec windows"),
        replace(EQUAL, metric="MRR"),
        replace(EQUAL, margin=0.025),
        replace(EQUAL, dataset="other"),
    ]
    table = verdict_table(rows)
    assert [shared.removeprefix("Equality on ") for shared in table.blocks] == [
        "ml-100k[last=20]: NDCG@10, margin ±5%",
        "ml-100k[last=20]: MRR, margin ±5%",
        "ml-100k[last=20]: NDCG@10, margin ±2.5%",
        "other: NDCG@10, margin ±5%",
    ]
    first = next(iter(table.blocks.values()))
    assert [line[0] for line in first] == [
        "recbole/SASRec",
        "SASRec prefixes",
        "SASRec windows",
        "recbole/GRU4Rec",
        "GRU4Rec",
    ]
    assert "needs" not in table.columns
    assert not any(note.startswith("needs") for note in table.notes)


def test_latex_sets_signs_and_escapes() -> None:
    text = blocks_to_latex(verdict_table([replace(EQUAL, variant="a-1_b")]))
    assert r"Variant & Mean & Difference, \% & Verdict & Seeds \\" in text
    assert r"a-1\_b & 0.0542 & $-$1.3 ($-$3.4 to $+$0.0) & equal & 20 \\" in text
    assert r"\multicolumn{5}{l}{Equality on ml-100k[last=20]: NDCG@10, margin $\pm$5\%} \\" in text
    assert text.count(r"\begin{tabular}{lrrlr}") == text.count(r"\end{tabular}") == 1


def test_without_claims_there_is_a_sentence() -> None:
    for write in (blocks_to_markdown, blocks_to_latex):
        text = write(verdict_table([]))
        assert "No claim of equality" in text
        assert "tabular" not in text
    assert "No claim of equality" in shown([], 100)


def shown(rows: list[EqualityRow], width: int) -> str:
    console = Console(width=width, file=io.StringIO())
    with console.capture() as capture:
        console.print(blocks_to_rich(verdict_table(rows), console.width))
    return capture.get()


def test_a_hundred_columns_hold_every_line_whole() -> None:
    text = shown([EQUAL, OPEN, replace(OPEN, variant="28 characters and not wrapped", seeds=SEEDS[:8])], 100)
    for whole in ("recbole/SASRec", "-1.3 (-3.4 to +0.0)", "not decided", "8 of 20", "[last=20]"):
        assert whole in text
    assert "28 characters and not wrapped" in text


@pytest.mark.parametrize("width", [100, 80, 60])
def test_nothing_is_cut_off_in_a_narrow_terminal(width: int) -> None:
    text = shown([EQUAL, replace(OPEN, variant="[red]" + "x" * 40)], width)
    assert "…" not in text
    assert text.count("x") >= 40
    assert "[red]" in text
    assert all(len(line) <= width for line in text.splitlines())
