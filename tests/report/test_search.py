"""The figures of a search in the report of its suite."""

from __future__ import annotations

import base64
from pathlib import Path

from bench.report.page import report_page
from bench.report.search import search_figures
from bench.tuning.records import StudyRecord, TrialRow, Winner, search_folder, write_search
from tests.report.test_page import Page

RATE = "training.learning_rate"


def search(results: Path) -> None:
    """Twelve trials of SASRec on ml-100k in one setting."""
    space = {"key": RATE, "kind": "float", "low": 0.001, "high": 0.1, "log": True}
    settings = [{RATE: 0.001 * 1.4**trial} for trial in range(12)]
    study = StudyRecord(
        dataset="ml-100k", model="SASRec", study="s", monitor="NDCG@10", sampler="tpe", pruner="none",
        seeds=(9,), seed=0, unequal=False, space={RATE: "0.001 to 0.1"}, dimensions=[space], budget="trials",
        amount=12, spent={}, states={"done": 12}, default=None,
        best=Winner(trial=11, name="", value=0.12, settings=settings[11]), curve=(), finished=True,
    )  # fmt: skip
    rows = [
        TrialRow(
            dataset="ml-100k", model="SASRec", trial=trial, name="", state="done", value=0.01 * (trial + 1),
            best_so_far=0.01 * (trial + 1), epochs=3, seconds=1, settings=settings[trial], validation={},
            reason="",
        )
        for trial in range(12)
    ]  # fmt: skip
    write_search(search_folder(results, "handmade"), [study], rows, [study.cell])


def test_all_its_figures(handmade: Path) -> None:
    search(handmade)
    page = Page(report_page(handmade, "handmade"))
    words = [str(image["alt"]) for image in page.images]
    for start in ("Every trial with", "How much of the variance", "Validation values against each setting"):
        (found,) = (each for each in words if each.startswith(start))
        assert "of SASRec on ml-100k, in NDCG@10" in found
    tables = [base64.b64decode(a.partition(",")[2]) for a in page.addresses if a.startswith("data:text/csv")]
    assert sum(table.startswith(b"dataset,variant,metric,trial,") for table in tables) == 1
    assert "handmade-tuning-history.csv" in report_page(handmade, "handmade")


def test_what_it_found(handmade: Path) -> None:
    search(handmade)
    said = Page(report_page(handmade, "handmade")).text
    assert "Search for SASRec on ml-100k, 12 trials: best validation NDCG@10 0.1200." in said


def test_a_suite_that_was_tuned_and_not_run(handmade: Path) -> None:
    """Its search is all there is."""
    search(handmade)
    (handmade / "handmade" / "index.json").unlink()
    page = Page(report_page(handmade, "handmade"))
    assert "No run is finished." in page.text and "bench plot tuning handmade" in page.text
    assert "bench tune" not in page.text and "bench run" not in page.text  # of which file is not known
    assert len(page.images) == 3 and "table" not in page.tags and "#runs" not in page.addresses


def test_without_one(handmade: Path) -> None:
    (figure,) = search_figures(handmade, "handmade")
    assert figure.reason == "this suite was not tuned here."


def test_damaged_files(handmade: Path) -> None:
    search(handmade)
    (search_folder(handmade, "handmade") / "studies.json").write_text("{", encoding="utf-8")
    (figure,) = search_figures(handmade, "handmade")
    assert "studies.json is damaged" in figure.reason
