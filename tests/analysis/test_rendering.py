"""Each format, read back where it is meant for reading back."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from bench.analysis.rendering import grid, to_csv, to_json, to_latex, to_markdown, to_rich
from bench.analysis.tables import TableRow, table_rows
from bench.results.query import load_cells

METRICS = ["Recall@10", "NDCG@10"]
NASTY = "toy_shop[bold]50%&{x}\\|*<b>~^#$"


@pytest.fixture
def rows(handmade: Path) -> list[TableRow]:
    return table_rows(load_cells(handmade, "handmade"), METRICS)


def row(dataset: str, metric: str = "MRR", mean: float = 0.5) -> TableRow:
    return TableRow(dataset, "m", metric, mean, None, (1,), (mean,), (), {}, "done")


def test_markdown_by_hand(rows: list[TableRow]) -> None:
    assert to_markdown(grid("handmade", rows, ["n_items"])) == (
        "**ml-100k**\n\n"
        "| model | Recall@10 | NDCG@10 |\n"
        "| :-- | --: | --: |\n"
        "| SASRec | 0.2000 ± 0.1414 | 0.1000 ± 0.0707 |\n"
        "| Popularity | 0.0200 ± 0.0000 | 0.0100 ± 0.0000 |\n"
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
    lines = list(csv.DictReader(io.StringIO(to_csv(rows))))
    objects = json.loads(to_json(rows))
    assert len(lines) == len(objects) == 8
    for line, found in zip(lines, objects, strict=True):
        assert line["dataset"] == found["dataset"]
        assert (float(line["mean"]) if line["mean"] else None) == found["mean"]
        assert [float(v) for v in line["values"].split(";") if v] == found["values"]
    first = objects[0]
    assert first["mean"] == (0.1 + 0.3) / 2
    assert {"dataset", "model", "metric", "mean", "sd", "seeds", "values", "failed"} <= first.keys()
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
    }


def test_latex_escapes_what_would_break_it(rows: list[TableRow]) -> None:
    text = to_latex(grid("s", [*rows, *(row(NASTY, metric) for metric in METRICS)], ["100 % sure"]))
    assert r"SASRec & 0.2000 $\pm$ 0.1414 & 0.1000 $\pm$ 0.0707 \\" in text
    escaped = (
        r"toy\_shop[bold]50\%\&\{x\}\textbackslash{}\textbar{}*\textless{}b\textgreater{}"
        r"\textasciitilde{}\textasciicircum{}\#\$"
    )
    assert escaped in text
    assert r"\footnotesize 100 \% sure" in text
    assert text.count(r"\begin{tabular}{lrr}") == text.count(r"\end{tabular}") == 1
    assert all(line.count("&") - line.count(r"\&") == 2 for line in text.splitlines() if "SASRec" in line)


def shown(rows: list[TableRow], width: int) -> str:
    console = Console(width=width, file=io.StringIO())
    with console.capture() as capture:
        console.print(to_rich(grid("s", rows, ["a [note]"]), console))
    return capture.get()


def test_labels_are_never_markup() -> None:
    text = shown([row("toyshop[bold]", "[red]MRR")], 100)
    assert "toyshop[bold]" in text
    assert "[red]MRR" in text
    assert "a [note]" in text


@pytest.mark.parametrize("width", [200, 80, 40, 34])
def test_no_number_is_cut_off_in_a_narrow_terminal(rows: list[TableRow], width: int) -> None:
    text = shown(rows, width)
    assert "…" not in text
    assert "0.2000 ± 0.1414" in text
    assert "0.1000 ± 0.0707" in text
    assert all(len(line) <= width for line in text.splitlines())
