"""Each format, read back where it is meant for reading back."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from bench.analysis.formats.blocks import Blocks
from bench.analysis.formats.latex import blocks_to_latex
from bench.analysis.formats.markdown import blocks_to_markdown
from bench.analysis.formats.rendering import TEXT_FORMATS, to_csv, to_json, to_text
from bench.analysis.formats.terminal import blocks_to_rich
from bench.analysis.layouts import Layout, arranged
from bench.analysis.tables import TableRow, table_rows
from bench.results.query import load_cells

METRICS = ["Recall@10", "NDCG@10"]
NASTY = "toy_shop[bold]50%&{x}\\|*<b>~^#$"


@pytest.fixture
def rows(handmade: Path) -> list[TableRow]:
    """SASRec is marked as the best on ml-100k, with Popularity in its group."""
    found = table_rows(load_cells(handmade, "handmade"), METRICS)
    found[:2] = [replace(row, rank_group="best") for row in found[:2]]
    found[2:4] = [replace(row, rank_group="group") for row in found[2:4]]
    return found


def row(dataset: str, metric: str = "MRR", mean: float = 0.5) -> TableRow:
    return TableRow(dataset, "m", metric, mean, None, (1,), (mean,), (), {}, "done")


def test_markdown_by_hand(rows: list[TableRow]) -> None:
    assert blocks_to_markdown(arranged(rows, ["n_items"])) == (
        "**ml-100k**\n\n"
        "| model | Recall@10 | NDCG@10 |\n"
        "| :-- | --: | --: |\n"
        "| SASRec | **0.2000 ± 0.1414**† | **0.1000 ± 0.0707**† |\n"
        "| Popularity | 0.0200 ± 0.0000† | 0.0100 ± 0.0000† |\n"
        "\n"
        "**toyshop\\[image=1\\]**\n\n"
        "| model | Recall@10 | NDCG@10 |\n"
        "| :-- | --: | --: |\n"
        "| SASRec | 0.5000\\* | 0.2500\\* |\n"
        "| Popularity | missing\\* | missing\\* |\n"
        "\n"
        "- n\\_items\n"
    )


def test_csv_and_json_keep_every_digit_and_agree(rows: list[TableRow]) -> None:
    lines = list(csv.DictReader(io.StringIO(to_csv(rows, TableRow))))
    objects = json.loads(to_json(rows))
    assert len(lines) == len(objects) == 8
    for line, found in zip(lines, objects, strict=True):
        assert line["dataset"] == found["dataset"]
        assert (float(line["mean"]) if line["mean"] else None) == found["mean"]
        assert [float(v) for v in line["values"].split(";") if v] == found["values"]
    first = objects[0]
    assert first["mean"] == (0.1 + 0.3) / 2
    assert {"dataset", "model", "metric", "mean", "sd", "seeds", "values", "failed"} <= first.keys()
    assert [line["rank_group"] for line in lines] == ["best"] * 2 + ["group"] * 2 + [""] * 4
    assert lines[4]["encoders"] == "image=colour-edge(grid=2)"
    assert objects[6] | {"dataset": "", "model": "", "metric": ""} == {
        "dataset": "",
        "model": "",
        "metric": "",
        "mean": None,
        "sd": None,
        "seeds": [],
        "values": [],
        "failed": [],
        "encoders": {},
        "status": "missing",
        "rank_group": None,
    }


def test_latex_escapes_what_would_break_it(rows: list[TableRow]) -> None:
    text = blocks_to_latex(arranged([*rows, *(row(NASTY, metric) for metric in METRICS)], ["100 % sure"]))
    assert (
        r"SASRec & \textbf{0.2000 $\pm$ 0.1414}\rlap{$^{\dagger}$} &"
        r" \textbf{0.1000 $\pm$ 0.0707}\rlap{$^{\dagger}$} \\"
    ) in text
    assert r"Popularity & 0.0200 $\pm$ 0.0000\rlap{$^{\dagger}$} &" in text
    assert r"SASRec & 0.5000\rlap{{*}} & 0.2500\rlap{{*}} \\" in text
    escaped = (
        r"toy\_shop[bold]50\%\&\{x\}\textbackslash{}\textbar{}*\textless{}b\textgreater{}"
        r"\textasciitilde{}\textasciicircum{}\#\$"
    )
    assert escaped in text
    assert r"\footnotesize 100 \% sure" in text
    assert text.count(r"\begin{tabular}{lrr}") == text.count(r"\end{tabular}") == 1
    assert all(line.count("&") - line.count(r"\&") == 2 for line in text.splitlines() if "SASRec" in line)


def shown(rows: list[TableRow], width: int, layout: Layout = "models") -> str:
    console = Console(width=width, file=io.StringIO())
    with console.capture() as capture:
        console.print(blocks_to_rich(arranged(rows, ["a [note]"], layout), width))
    return capture.get()


def test_labels_are_never_markup() -> None:
    text = shown([row("toyshop[bold]", "[red]MRR")], 100)
    assert "toyshop[bold]" in text
    assert "[red]MRR" in text
    assert "a [note]" in text


@pytest.mark.parametrize("layout", ["models", "paper"])
@pytest.mark.parametrize("width", [200, 80, 40, 36])
def test_no_number_is_cut_off_in_a_narrow_terminal(rows: list[TableRow], width: int, layout: Layout) -> None:
    text = shown(rows, width, layout)
    assert "…" not in text
    assert "0.2000 ± 0.1414" in text
    assert "0.1000 ± 0.0707" in text
    assert all(len(line) <= width for line in text.splitlines())


def test_numbers_stand_in_line_beside_marks(rows: list[TableRow]) -> None:
    lines = [line for line in shown(rows, 80).splitlines() if "±" in line]
    assert len({line.index("±") for line in lines}) == 1
    assert [line.count("†") for line in lines] == [2, 2]


def test_the_best_is_bold_on_a_terminal(rows: list[TableRow]) -> None:
    console = Console(width=80, force_terminal=True, color_system="standard", file=io.StringIO())
    with console.capture() as capture:
        console.print(blocks_to_rich(arranged(rows, []), 80))
    assert "\x1b[1m0.2000 ± 0.1414\x1b[0m†" in capture.get()
    assert "\x1b[1m0.0200" not in capture.get()


def test_twelve_variants_as_columns_stand_in_tables_one_below_the_other() -> None:
    many = [replace(row("d", mean=number / 100), model=f"variant {number}") for number in range(12)]
    text = shown(many, 60, "paper")
    assert all(len(line) <= 60 for line in text.splitlines())
    assert [f"variant {number} " in text for number in range(12)] == [True] * 12
    assert text.count("metric") == text.count("│ MRR ") == 3
    assert text.splitlines()[4].split() == [
        "│",
        "MRR",
        "│",
        "0.0000",
        "│",
        "0.0100",
        "│",
        "0.0200",
        "│",
        "0.0300",
        "│",
    ]


def test_the_papers_layout_by_hand(rows: list[TableRow]) -> None:
    table = arranged(
        [each for each in rows if (each.dataset, each.model) != ("ml-100k", "Popularity")], [], "paper"
    )
    assert blocks_to_markdown(table) == (
        "**ml-100k**\n\n"
        "| metric | SASRec | Popularity |\n"
        "| :-- | --: | --: |\n"
        "| Recall@10 | **0.2000 ± 0.1414**† |  |\n"
        "| NDCG@10 | **0.1000 ± 0.0707**† |  |\n"
        "\n"
        "**toyshop\\[image=1\\]**\n\n"
        "| metric | SASRec | Popularity |\n"
        "| :-- | --: | --: |\n"
        "| Recall@10 | 0.5000\\* | missing\\* |\n"
        "| NDCG@10 | 0.2500\\* | missing\\* |\n"
        "\n"
    )


@pytest.mark.parametrize("format", TEXT_FORMATS)
def test_every_text_format_has_every_table_and_note(format: str) -> None:
    tables = [
        Blocks(("model", "MRR"), (), {f"block {number}": [("m", "0.5")]}, (f"note {number}",), matrix=True)
        for number in (1, 2)
    ]
    text = next(to_text("t", tables, known) for known in TEXT_FORMATS if known == format)
    assert [text.count(f"{what} {number}") for what in ("block", "note") for number in (1, 2)] == [1] * 4
