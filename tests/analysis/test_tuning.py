"""Rows of the figures of a search, from its files."""

from __future__ import annotations

import itertools
import random

import pytest

from bench.analysis.tuning import history_rows, importance_rows, slice_rows
from bench.suite.space import Dimension
from bench.tuning.records import StudyRecord, TrialRow, Winner

SPACE = (
    Dimension(key="training.learning_rate", kind="float", low=1e-4, high=1e-2, log=True),
    Dimension(key="fusion", kind="choice", choices=("sum", "gate")),
    Dimension(key="idle", kind="int", low=1, high=4, step=1),
)


def trials(number: int) -> list[TrialRow]:
    """The value depends on the rate a lot, on the fusion a little, and on the third setting not at all."""
    rng = random.Random(0)
    found = []
    best = 0.0
    grid = itertools.product([1e-4, 1e-3, 1e-2, 3e-4, 3e-3], ["sum", "gate"], [1, 2, 3, 4])
    points = list(grid)
    rng.shuffle(points)
    for place, (rate, fusion, idle) in enumerate(points[:number]):
        value = 0.1 + 10 * rate + (0.005 if fusion == "gate" else 0)
        best = max(best, value)
        settings = {"training.learning_rate": rate, "fusion": fusion, "idle": idle}
        found.append(trial(place, "done", value, best, settings))
    return found


def trial(
    number: int, state: str, value: float | None, best: float | None, settings: dict[str, object]
) -> TrialRow:
    return TrialRow.model_validate(
        {
            "dataset": "shop", "model": "MAF", "trial": number, "name": "", "state": state, "value": value,
            "best_so_far": best, "epochs": 3, "seconds": 1.0, "settings": settings, "validation": {},
            "reason": "",
        }
    )  # fmt: skip


def study(best: float | None) -> StudyRecord:
    winner = None if best is None else Winner(trial=0, name="", value=best, settings={})
    return StudyRecord(
        dataset="shop", model="MAF", study="s", monitor="NDCG@10", sampler="tpe", pruner="none",
        seeds=(1001,), seed=0, unequal=False, space={each.key: each.shown() for each in SPACE},
        dimensions=[each.model_dump(mode="json") for each in SPACE], budget="trials", amount=40, spent={},
        states={}, default=None, best=winner, curve=(), finished=True,
    )  # fmt: skip


def test_importances_are_those_that_were_planted() -> None:
    rows = importance_rows([study(0.2)], trials(40))
    found = {row.setting: row.importance or 0.0 for row in rows}
    assert found["training.learning_rate"] > 0.8
    assert found["training.learning_rate"] > found["fusion"] > found["idle"]
    assert sum(found.values()) == pytest.approx(1)
    assert rows == importance_rows([study(0.2)], trials(40))


def test_too_few_trials_have_no_importances() -> None:
    rows = importance_rows([study(0.2)], trials(9))
    assert [(row.importance, row.trials) for row in rows] == [(None, 9)] * 3


def test_slices_have_places_on_their_axis() -> None:
    outside = trial(9, "done", 0.1, 0.2, {"training.learning_rate": 1.0, "fusion": "sum", "idle": 1})
    running = trial(10, "running", 0.1, 0.2, {"training.learning_rate": 1e-3, "fusion": "sum", "idle": 1})
    failed = trial(11, "failed", None, 0.2, {"training.learning_rate": 1e-3, "fusion": "sum", "idle": 1})
    rows = slice_rows([study(0.2)], [*trials(5), outside, running, failed])
    fusions = [row for row in rows if row.setting == "fusion"]
    assert {(row.chosen, row.place) for row in fusions} <= {("sum", 0), ("gate", 1)}
    assert fusions[0].ticks == ("sum", "gate")
    rates = [row for row in rows if row.setting == "training.learning_rate"]
    assert len(rates) == 5 and all(row.log and row.ticks == () for row in rates)
    assert all(row.share == pytest.approx(row.value / 0.2) for row in rows)
    assert slice_rows([study(None)], trials(5)) == []


def test_history_is_every_trial() -> None:
    failed = trial(5, "failed", None, 0.2, {})
    rows = history_rows([study(0.2)], [*trials(5), failed])
    assert [row.trial for row in rows] == list(range(6))
    assert (rows[-1].state, rows[-1].value) == ("failed", None)
