"""The lines below a table say what the runs say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.analysis.notes import table_notes
from bench.results.index import read_index
from bench.results.query import CellResult, load_cells


def notes(results: Path) -> list[str]:
    return table_notes(read_index(results, "handmade"), load_cells(results, "handmade"))


def change(results: Path, fingerprint: str, *path: str, to: Any) -> None:
    file = results / "runs" / fingerprint / "run.json"
    record = json.loads(file.read_text(encoding="utf-8"))
    part = record
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = to
    file.write_text(json.dumps(record), encoding="utf-8")


def test_all_of_them(handmade: Path) -> None:
    assert notes(handmade) == [
        "ml-100k: 943 users, 1,682 items, 100,000 interactions.",
        "toyshop[image=1]: 943 users, 1,682 items, 100,000 interactions.",
        "Item features: image colour-edge(grid=2).",
        "Test: each user's last item ranked among all items; ties at their expected value; "
        "items of the history are candidates too.",
        "Training: scheme windows, maximum length 50, at most 10 epochs, stopped after 3 validations "
        "without a better NDCG@10.",
        "Mean ± sample standard deviation over seeds (n = 1 to 2); it is no confidence interval.",
        "Left open by the paper, chosen here: patience.",
        "A note of the suite.",
        "* SASRec on toyshop[image=1], seed 2 failed: the loss is not finite (epoch 3)",
        "* toyshop[image=1]: not run yet: Popularity",
    ]


def test_a_deviating_run_shows(handmade: Path) -> None:
    change(handmade, "b" * 16, "spec", "evaluation", "mask_history", to=True)
    change(handmade, "b" * 16, "spec", "training", "max_length", to=20)
    found = notes(handmade)
    assert sum(note.startswith("Test:") for note in found) == 2
    assert any("items of the history are no candidates" in note for note in found)
    assert any("maximum length 20" in note for note in found)


@pytest.mark.parametrize(
    ("precision", "words"),
    [
        ("float32", "NDCG@10."),
        ("float64", "NDCG@10; float64."),
        ("bf16", "NDCG@10; products of training in bfloat16."),
    ],
)
def test_an_unusual_precision_shows(handmade: Path, precision: str, words: str) -> None:
    change(handmade, "b" * 16, "spec", "training", "precision", to=precision)
    lines = [note for note in notes(handmade) if note.startswith("Training")]
    assert len(lines) == 1 + (precision != "float32")
    assert any(line.endswith(words) for line in lines)


def test_overlapping_windows_show(handmade: Path) -> None:
    change(handmade, "b" * 16, "spec", "training", "stride", to=25)
    assert any("scheme windows with stride 25, maximum length 50" in note for note in notes(handmade))


def test_counted_models_say_nothing_of_training(handmade: Path) -> None:
    change(handmade, "c" * 16, "spec", "training", "max_length", to=20)
    assert not any("maximum length 20" in note for note in notes(handmade))


def test_error_messages_cannot_steer_the_terminal(handmade: Path) -> None:
    file = handmade / "handmade" / "index.json"
    index = json.loads(file.read_text(encoding="utf-8"))
    index["cells"][-1]["error"] = "bad\x1b[2Jscreen\nand line"
    file.write_text(json.dumps(index), encoding="utf-8")
    assert any(note.endswith("failed: bad [2Jscreen and line") for note in notes(handmade))


def test_many_seeds_in_a_row_are_short(handmade: Path) -> None:
    index = read_index(handmade, "handmade")
    cells = [CellResult("d", "m", seed, "failed", error="no luck") for seed in (1, 2, 3, 4, 7, 8, 10)]
    assert table_notes(index, cells)[-1] == "* m on d, seeds 1-4, 7, 8, 10 failed: no luck"


def test_what_was_not_run_is_a_line_per_dataset(handmade: Path) -> None:
    index = read_index(handmade, "handmade")
    cells = [
        CellResult(dataset, model, seed, "failed" if (model, seed) == ("b", 1) else "missing", error=error)
        for dataset in ("d", "e")
        for model in "abc"
        for seed in (1, 2, 3)
        for error in ["no luck" if (model, seed) == ("b", 1) else None]
    ]
    assert table_notes(index, cells)[2:] == [
        "* b on d, seed 1 failed: no luck",
        "* b on e, seed 1 failed: no luck",
        "* d: not run yet: a, b (seeds 2, 3), c",
        "* e: not run yet: a, b (seeds 2, 3), c",
    ]


def test_errors_that_differ_in_the_name_of_the_run_alone_share_a_line(handmade: Path) -> None:
    index = read_index(handmade, "handmade")
    cells = [
        CellResult("d", "m", seed, "failed", error=f"{what} (traceback in runs/.work/{seed:016x}/log.txt)")
        for seed, what in ((1, "no luck"), (2, "no luck"), (3, "a crash"))
    ]
    assert table_notes(index, cells)[2:] == [
        "* m on d, seeds 1, 2 failed: no luck (traceback in runs/.work/0000000000000001/log.txt)"
        " (of seed 1; the others likewise)",
        "* m on d, seed 3 failed: a crash (traceback in runs/.work/0000000000000003/log.txt)",
    ]


def test_one_of_something_is_singular(handmade: Path) -> None:
    for fingerprint in "abe":
        change(handmade, fingerprint * 16, "spec", "training", "epochs", to=1)
        change(handmade, fingerprint * 16, "spec", "training", "patience", to=1)
    change(handmade, "a" * 16, "inputs", "dataset", "users", to=1)
    found = notes(handmade)
    assert any("at most 1 epoch, stopped after 1 validation without" in note for note in found)
    assert "ml-100k: 1 user, 1,682 items, 100,000 interactions." in found


def test_one_seed_has_no_spread(handmade: Path) -> None:
    index = read_index(handmade, "handmade")
    cells = [cell for cell in load_cells(handmade, "handmade") if cell.seed == 1]
    found = table_notes(index, cells)
    assert "One seed: no spread is known." in found
    assert not any("±" in note for note in found)


def test_without_results_there_is_nothing_to_say_of_them(handmade: Path) -> None:
    index = read_index(handmade, "handmade")
    cells = [cell for cell in load_cells(handmade, "handmade") if cell.status == "missing"]
    assert table_notes(index, cells) == [
        "Left open by the paper, chosen here: patience.",
        "A note of the suite.",
        "* toyshop[image=1]: not run yet: Popularity",
    ]


def test_left_out_users_are_named(handmade: Path) -> None:
    change(handmade, "a" * 16, "inputs", "dataset", "users_dropped", to=7)
    assert any("; 7 users with fewer than three left out." in note for note in notes(handmade))
