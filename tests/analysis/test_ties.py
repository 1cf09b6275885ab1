"""The best of a table and its group: hand-made results, the drawn comparison, and how often it is wrong."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from bench.analysis.comparison import comparison_rows
from bench.analysis.tables import table_rows
from bench.analysis.ties import mark_groups, not_worse
from bench.results.folder import write_ranks
from bench.results.query import CellResult, load_cells

USERS = 400
METRICS = ("Recall@10", "NDCG@10")
Make = Callable[..., list[CellResult]]


@pytest.fixture
def made(tmp_path: Path, run_json: Callable[..., dict[str, Any]]) -> Make:
    """A maker of a suite's runs: per variant how many seeds, and the share of users whose target is found.

    It is found at the place 0, if ``places`` says nothing else.
    """

    def make(
        variants: dict[str, tuple[int, float]],
        stopped: dict[str, str] | None = None,
        places: dict[str, int] | None = None,
        **changes: Any,
    ) -> list[CellResult]:
        rng = np.random.default_rng(0)
        easy = rng.random(USERS)  # the same users are easy for all
        numbers = iter(range(1000))
        cells = []
        for model, (seeds, share) in variants.items():
            for seed in range(1, seeds + 1):
                place = (places or {}).get(model, 0)
                found = np.where(easy + rng.normal(0, 0.02, USERS) < share, place, 50)
                recall = float(np.mean(found == place))
                ndcg = recall / math.log2(place + 2)
                record = run_json(
                    f"{next(numbers):016x}",
                    "toyshop",
                    model,
                    seed,
                    test={"Recall@10": recall, "NDCG@10": ndcg},
                    stopped=(stopped or {}).get(model, "epochs"),
                )
                record["inputs"]["dataset"] |= changes.get(model, {})
                folder = tmp_path / "runs" / record["fingerprint"]
                folder.mkdir(parents=True)
                (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
                ranks = {"user": range(USERS), "item": [1] * USERS, "better": found, "ties": [0] * USERS}
                listed = {name: list(map(int, values)) for name, values in ranks.items()}
                write_ranks(folder / "ranks.parquet", {"validation": listed, "test": listed})
                cells.append([model, seed, record["fingerprint"]])
        index = {
            "suite": "made",
            "metrics": METRICS,
            "seeds": sorted({cell[1] for cell in cells}),
            "datasets": ["toyshop"],
            "models": list(variants),
            "cells": [
                {"dataset": "toyshop", "model": m, "seed": s, "status": "done", "fingerprint": f}
                for m, s, f in cells
            ],
        }
        (tmp_path / "made").mkdir()
        (tmp_path / "made" / "index.json").write_text(json.dumps(index), encoding="utf-8")
        return load_cells(tmp_path, "made")

    return make


def marked(results: Path, cells: list[CellResult]) -> tuple[dict[str, str | None], list[str]]:
    rows, notes = mark_groups(results, cells, table_rows(cells, METRICS))
    words = [{row.model: row.rank_group for row in rows if row.metric == metric} for metric in METRICS]
    assert words[0] == words[1]  # every target that is found stands first
    return dict(words[0]), notes


def test_the_best_its_group_and_the_rest(made: Make, tmp_path: Path) -> None:
    cells = made({"good": (5, 0.5), "as good": (4, 0.505), "bad": (5, 0.3)})
    words, notes = marked(tmp_path, cells)
    means = {m: np.mean([c.metrics["Recall@10"] for c in cells if c.model == m and c.metrics]) for m in words}
    best = max(means, key=lambda model: means[model])
    other = "good" if best == "as good" else "as good"
    assert words == {best: "best", other: "group", "bad": None}
    assert len(notes) == 1
    assert notes[0].startswith("Bold: the highest mean.")
    # The drawn comparison with the best says the same.
    drawn = comparison_rows(tmp_path, cells, ["Recall@10"], best, 0.02)
    assert {row.variant: row.verdict == "worse" for row in drawn} == {other: False, "bad": True}


def test_one_seed_of_the_best_leaves_the_table_unmarked(made: Make, tmp_path: Path) -> None:
    words, notes = marked(tmp_path, made({"good": (1, 0.5), "bad": (5, 0.3)}))
    assert set(words.values()) == {None}
    assert notes == [
        "toyshop: no best is marked, for the highest mean is of one seed, which says nothing of others."
    ]


def test_one_seed_of_another_leaves_that_one_out(made: Make, tmp_path: Path) -> None:
    words, notes = marked(tmp_path, made({"good": (3, 0.5), "once": (1, 0.49), "bad": (3, 0.2)}))
    assert words == {"good": "best", "once": None, "bad": None}
    assert notes[1:] == [
        "toyshop: once was not compared with the best: one seed, which says nothing of others."
    ]


def test_each_metric_has_its_own_best(made: Make, tmp_path: Path) -> None:
    """The variant with one seed finds more targets, but at lower places."""
    cells = made({"good": (3, 0.4), "once": (1, 0.6), "bad": (3, 0.2)}, places={"once": 8})
    rows, notes = mark_groups(tmp_path, cells, table_rows(cells, METRICS))
    words = {(row.metric, row.model): row.rank_group for row in rows if row.rank_group}
    assert words == {("NDCG@10", "good"): "best"}
    assert notes[1:] == [
        "toyshop: no best is marked in Recall@10, for the highest mean is of one seed, which says nothing of"
        " others.",
        "toyshop: once was not compared with the best: one seed, which says nothing of others.",
    ]


def test_what_is_counted_needs_one_run(made: Make, tmp_path: Path) -> None:
    counted = {"Popularity": "counted", "Markov": "counted"}
    words, notes = marked(tmp_path, made({"Popularity": (1, 0.5), "Markov": (1, 0.2)}, counted))
    assert words == {"Popularity": "best", "Markov": None}
    assert len(notes) == 1


def test_other_data_are_not_compared(made: Make, tmp_path: Path) -> None:
    cells = made({"good": (3, 0.5), "other": (3, 0.4)}, other={"hash": "d1"})
    words, notes = marked(tmp_path, cells)
    assert set(words.values()) == {None}
    assert notes == ["toyshop: other was not compared with the best: runs on different data."]


def test_seeds_of_one_variant_on_other_data_are_no_sample(made: Make, tmp_path: Path) -> None:
    """The data were prepared anew between two calls of `bench run`, with fewer users."""
    made({"good": (3, 0.5), "mixed": (3, 0.4), "bad": (3, 0.3)})
    cell = next(c for c in load_cells(tmp_path, "made") if (c.model, c.seed) == ("mixed", 2))
    folder = tmp_path / "runs" / str(cell.fingerprint)
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    record["inputs"]["dataset"]["hash"] = "d1"
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    few = {"user": [0, 1], "item": [1, 1], "better": [0, 0], "ties": [0, 0]}
    write_ranks(folder / "ranks.parquet", {"validation": few, "test": few})
    words, notes = marked(tmp_path, load_cells(tmp_path, "made"))
    assert words == {"good": "best", "mixed": None, "bad": None}
    assert notes[1:] == ["toyshop: mixed was not compared with the best: runs on different data."]


def test_one_variant_alone_is_no_best(made: Make, tmp_path: Path) -> None:
    assert marked(tmp_path, made({"alone": (3, 0.5)})) == ({"alone": None}, [])


def test_nothing_is_read_where_nothing_is_done(handmade: Path) -> None:
    """On toyshop only SASRec has a run; on ml-100k all have."""
    cells = load_cells(handmade, "handmade")
    rows, _ = mark_groups(handmade, cells, table_rows(cells, METRICS))
    words: dict[str, set[str | None]] = {}
    for row in rows:
        words.setdefault(row.dataset, set()).add(row.rank_group)
    assert words["toyshop[image=1]"] == {None}
    assert "best" in words["ml-100k"]


def draws(variants: int, times: int) -> Iterator[list[np.ndarray[Any, np.dtype[np.float64]]]]:
    """Variants that differ in nothing, each [seeds, users]."""
    rng = np.random.default_rng(1)
    for _ in range(times):
        yield [
            rng.normal(0, 0.1, 60) + rng.normal(0, 0.02, (4, 1)) + rng.normal(0, 0.15, (4, 60))
            for _ in range(variants)
        ]


@pytest.mark.parametrize("variants", [2, 5, 12])
def test_the_truly_best_is_left_out_in_five_of_a_hundred_tables_at_most(variants: int) -> None:
    """All are equally good, so that any of them may be called the truly best: the hardest case."""
    left_out, times = 0, 6_000 // variants
    for samples in draws(variants, times):
        best = max(range(variants), key=lambda at: samples[at].mean())
        others = {str(at): sample for at, sample in enumerate(samples) if at != best}
        left_out += best != 0 and "0" not in not_worse(others, samples[best])
    assert stats.binomtest(left_out, times, 0.05, alternative="greater").pvalue > 0.001
