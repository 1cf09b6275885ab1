"""`bench table` in every format, and by the path of a suite file."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bench.cli.main import app
from bench.cli.table import print_table, results_of
from bench.errors import InputError


@pytest.mark.parametrize(
    ("format", "starts"),
    [
        ("rich", "ml-100k"),
        ("markdown", "**ml-100k**"),
        ("html", "<!doctype html>"),
        ("csv", "dataset,model,metric"),
        ("latex", "%"),
        ("latex-standalone", "\\documentclass"),
    ],
)
def test_formats(handmade: Path, capsys: pytest.CaptureFixture[str], format: str, starts: str) -> None:
    print_table(handmade, "handmade", format)
    out = capsys.readouterr().out
    assert out.startswith(starts)
    assert "Popularity" in out
    assert ("the loss is not finite" in out) == (format != "csv")


def test_the_layout_of_papers(handmade: Path) -> None:
    arguments = ["table", "handmade", "--layout", "paper", "--format", "markdown", "--results", str(handmade)]
    done = CliRunner().invoke(app, arguments)
    assert "| metric | SASRec | Popularity |" in done.stdout
    assert "| Recall@10 | **0.2000 ± 0.1414**† | 0.0200 ± 0.0000" in done.stdout


def test_verdicts_have_no_published_values(handmade: Path) -> None:
    with pytest.raises(InputError, match="leave out --claims"):
        print_table(handmade, "handmade", "rich", claims_only=True, published=True)


@pytest.mark.parametrize("format", ["html", "latex-standalone"])
def test_a_document_holds_table_and_verdicts(
    handmade: Path, capsys: pytest.CaptureFixture[str], format: str
) -> None:
    claim_equality(handmade)
    print_table(handmade, "handmade", format)
    text = capsys.readouterr().out
    assert "0.2000 " in text
    assert text.count("not decided") >= 2
    assert text.count("handmade") == (2 if format == "html" else 1)  # the title, once more as a heading
    assert text.rstrip().endswith(("</html>", "\\end{document}"))


def test_json_is_a_list_of_objects(handmade: Path, capsys: pytest.CaptureFixture[str]) -> None:
    print_table(handmade, "handmade", "json")
    found = json.loads(capsys.readouterr().out)
    assert len(found) == 8
    assert all({"dataset", "model", "metric", "mean", "sd", "seeds"} <= row.keys() for row in found)


def test_a_suite_file_means_its_own_name(tmp_path: Path) -> None:
    file = tmp_path / "anything.yaml"
    file.write_text(
        "suite: mine\ndatasets: [ml-100k]\nseeds: [1]\nmetrics: [MRR]\nmodels: [SASRec]\n", encoding="utf-8"
    )
    assert results_of(str(file)) == "mine"
    assert results_of("mine") == "mine"
    with pytest.raises(InputError, match=r"absent\.yaml"):
        results_of(str(tmp_path / "absent.yaml"))


def claim_equality(results: Path, **changes: object) -> None:
    """Let the suite `handmade` claim that Popularity equals SASRec."""
    file = results / "handmade" / "index.json"
    index = json.loads(file.read_text(encoding="utf-8"))
    claim = {
        "equal": ["Popularity"],
        "to": "SASRec",
        "metric": "Recall@10",
        "margin": 0.05,
        "datasets": index["datasets"],
    }
    index["equalities"] = [claim | changes]
    file.write_text(json.dumps(index), encoding="utf-8")


@pytest.mark.parametrize("format", ["rich", "markdown", "latex"])
def test_verdicts_stand_below_the_table(
    handmade: Path, capsys: pytest.CaptureFixture[str], format: str
) -> None:
    print_table(handmade, "handmade", format)
    plain = capsys.readouterr().out
    assert "Equality" not in plain
    claim_equality(handmade)
    print_table(handmade, "handmade", format)
    both = capsys.readouterr().out
    print_table(handmade, "handmade", format, claims_only=True)
    verdicts = capsys.readouterr().out
    assert both == f"{plain}\n{verdicts}"
    assert verdicts.count("not decided") >= 2  # one per dataset
    assert "0 of 2" in verdicts  # Popularity was never run on toyshop
    assert "0.2000" in verdicts


@pytest.mark.parametrize("format", ["csv", "json"])
def test_data_formats_hold_the_table_or_the_verdicts(
    handmade: Path, capsys: pytest.CaptureFixture[str], format: str
) -> None:
    print_table(handmade, "handmade", format)
    table = capsys.readouterr().out
    claim_equality(handmade)
    print_table(handmade, "handmade", format)
    assert capsys.readouterr().out == table
    print_table(handmade, "handmade", format, claims_only=True)
    text = capsys.readouterr().out
    found = json.loads(text) if format == "json" else list(csv.DictReader(io.StringIO(text)))
    assert [(row["dataset"], row["variant"], row["reference"], row["verdict"]) for row in found] == [
        ("ml-100k", "Popularity", "SASRec", "not decided"),
        ("toyshop[image=1]", "Popularity", "SASRec", "not decided"),
    ]
    assert float(found[0]["difference"]) == pytest.approx(-0.9)  # 0.02 against 0.2
    assert found[1]["mean"] in (None, "")


def test_a_claim_may_be_about_a_metric_that_the_table_does_not_show(
    handmade: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = handmade / "handmade" / "index.json"
    file.write_text(file.read_text(encoding="utf-8").replace('"Recall@10", "NDCG@10"', '"NDCG@10"'))
    claim_equality(handmade)
    print_table(handmade, "handmade", "json")
    assert {row["metric"] for row in json.loads(capsys.readouterr().out)} == {"NDCG@10"}
    print_table(handmade, "handmade", "json", claims_only=True)
    assert json.loads(capsys.readouterr().out)[0]["reference_mean"] == pytest.approx(0.2)


def test_no_claims_are_no_rows_and_a_sentence(handmade: Path, capsys: pytest.CaptureFixture[str]) -> None:
    print_table(handmade, "handmade", "json", claims_only=True)
    assert json.loads(capsys.readouterr().out) == []
    print_table(handmade, "handmade", "csv", claims_only=True)
    assert capsys.readouterr().out.startswith("dataset,metric,variant,reference,")
    print_table(handmade, "handmade", "rich", claims_only=True)
    assert "No claim of equality" in capsys.readouterr().out


def test_the_option_claims(handmade: Path) -> None:
    claim_equality(handmade)
    arguments = ["table", "handmade", "--claims", "--format", "json", "--results", str(handmade)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0
    assert [row["verdict"] for row in json.loads(done.stdout)] == ["not decided"] * 2
