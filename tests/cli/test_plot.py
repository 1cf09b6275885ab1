"""`bench plot`: which files come out, of which part of results, and what is said where there is nothing."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bench.cli.main import app
from bench.errors import BenchError, DataError, InputError

runner = CliRunner()


def plot(results: Path, plots: Path, words: str) -> list[Path]:
    """The files that the command names, all of which exist."""
    options = ["--results", str(results), "--plots", str(plots)]
    done = runner.invoke(app, ["plot", *words.split(), *options])
    assert done.exit_code == 0, done.exception or done.output
    files = [Path(line) for line in done.output.splitlines()]
    assert all(file.stat().st_size for file in files)
    return files


def refused(results: Path, words: str) -> BenchError:
    done = runner.invoke(app, ["plot", *words.split(), "--results", str(results), "--plots", "nowhere"])
    assert isinstance(done.exception, BenchError)
    assert not Path("nowhere").exists()
    return done.exception


def numbers(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize("kind", ["modality", "pareto", "compare"])
def test_the_files(handmade: Path, tmp_path: Path, kind: str) -> None:
    files = plot(handmade, tmp_path / "plots", f"{kind} handmade")
    folder = tmp_path / "plots" / "handmade"
    assert files == [folder / f"{kind}.{ending}" for ending in ("pdf", "svg", "png", "csv")]
    assert sorted(folder.iterdir()) == sorted(files)


def test_a_part(handmade: Path, tmp_path: Path) -> None:
    words = "modality handmade --dataset ml-100k --model SASRec --metric MRR --format svg --format svg"
    files = plot(handmade, tmp_path, words)
    assert [file.name for file in files] == ["modality.svg", "modality.csv"]
    assert [(row["variant"], row["metric"]) for row in numbers(files[-1])] == [("SASRec", "MRR")]


def test_a_page_has_one_metric_unless_others_are_asked_for(handmade: Path, tmp_path: Path) -> None:
    for options, expected in (("", 1), ("--metric MRR --metric NDCG@10", 2)):
        rows = numbers(plot(handmade, tmp_path, f"pareto handmade --format svg {options}")[-1])
        assert len({row["metric"] for row in rows}) == expected
        assert {row["clock"] for row in rows} == {"CPU"}


def test_what_is_chosen_is_decided_with_the_rest(handmade: Path, tmp_path: Path) -> None:
    """A comparison that is shown alone has the p-value that it has among all."""
    whole = numbers(plot(handmade, tmp_path / "all", "compare handmade --format svg")[-1])
    part = numbers(plot(handmade, tmp_path / "one", "compare handmade --format svg --dataset ml-100k")[-1])
    assert part == [row for row in whole if row["dataset"] == "ml-100k"] and len(part) < len(whole)


def test_slices_do_not_overwrite_the_whole(
    handmade: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.cli.plot.slicing_of", lambda *_: None)  # the data are not here
    words = "compare handmade --format svg"
    stems = [plot(handmade, tmp_path, f"{words} {more}")[0].stem for more in ("", "--slice history")]
    assert stems == ["compare", "compare-history"]


def test_drawn_twice_it_is_the_same(handmade: Path, tmp_path: Path) -> None:
    one = plot(handmade, tmp_path / "one", "modality handmade")
    other = plot(handmade, tmp_path / "other", "modality handmade")
    assert [file.read_bytes() for file in one] == [file.read_bytes() for file in other]


@pytest.mark.parametrize(
    ("words", "kind", "says"),
    [
        ("modality nothing", InputError, "no results of suite 'nothing'"),
        ("modality handmade --dataset ml-1m", InputError, "handmade has no dataset 'ml-1m'"),
        ("modality handmade --model SASRe", InputError, "did you mean 'SASRec'"),
        ("modality handmade --metric Recal@10", InputError, "no metric 'Recal@10'"),
        ("curves handmade", DataError, "history.csv is missing"),
        ("lengths handmade", InputError, "the data of ml-100k are not prepared here"),
        ("compare handmade --baseline Nobody", InputError, "no variant 'Nobody'"),
        ("compare handmade --model SASRec", InputError, "nothing for a figure of compare"),
        (
            "modality handmade --dataset toyshop[image=1] --model Popularity",
            InputError,
            "has no finished run of these",
        ),
    ],
)
def test_what_cannot_be_drawn(
    handmade: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    words: str, kind: type[BenchError], says: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    error = refused(handmade, words)
    assert isinstance(error, kind) and says in str(error)
    assert error.exit_code == 2


def test_a_file_in_the_way(handmade: Path, tmp_path: Path) -> None:
    (tmp_path / "plots").write_text("", encoding="utf-8")
    words = ["plot", "modality", "handmade", "--results", str(handmade), "--plots", str(tmp_path / "plots")]
    error = runner.invoke(app, words).exception
    assert isinstance(error, InputError) and "is a file, not a folder of figures" in str(error)
