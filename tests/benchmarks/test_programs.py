"""The other speed programs on tiny data: their times mean nothing there, their tables must still be right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.data.made_up import Shape
from benchmarks import growth, multimodal, ranking
from benchmarks.cases import attention
from benchmarks.growth import Point, Size
from benchmarks.report import spread, write
from benchmarks.shapes import generated
from benchmarks.suites import Workplace

TINY = Shape("tiny", 60, 100, 500)


@pytest.mark.requires("recbole")
def test_ranking_times_both_sides() -> None:
    case = attention("SASRec", 16, 1, 2, 16, data=generated(TINY), max_length=10)
    found = ranking.compare(case, repetitions=2, threads=1)
    assert (found.users, found.items) == (60, 100)
    assert len(found.recbole_s) == len(found.bench_s) == 2
    assert found.speedup > 0


def test_multimodal_compares_every_fusion(monkeypatch: pytest.MonkeyPatch) -> None:
    case = attention("SASRec", 16, 1, 2, 16, data=generated(TINY), max_length=10)
    monkeypatch.setattr(multimodal, "PAPER", (case,))
    monkeypatch.setattr(multimodal, "MULTIMODAL_SIZE", 8)
    costs = multimodal.measure(repetitions=2, threads=1, warm_up=True)
    assert [cost.model for cost in costs] == ["SASRec", "MAF sum", "MAF concat", "MAF gate"]
    assert costs[0].ratio == 1
    assert all(len(cost.bench_s) == 2 for cost in costs)


def test_growth_is_a_power_of_the_factor(tmp_path: Path) -> None:
    found = [
        Point(axis, factor, Size().grown(axis, factor), 1, [2.0 * factor**1.5], [0.1], 100.0)
        for axis in growth.AXES
        for factor in growth.FACTORS
    ]
    assert growth.power(found[:3]) == pytest.approx(1.5)
    assert found[2].size.users == 4 * Size().users
    growth.draw(found, tmp_path / "growth.svg")
    assert (tmp_path / "growth.svg").stat().st_size > 5_000


def test_growth_measures_a_size() -> None:
    point = growth.measure("users", 1, Size(users=40, items=50, length=4, d=8), 1, 1)
    assert len(point.train_s) == len(point.rank_s) == 1
    assert point.memory_mib > 100  # torch alone is more


def test_cells_are_run_as_a_user_does(tmp_path: Path) -> None:
    place = Workplace(tmp_path, quick=True)
    assert place.cells(3, "out") > 0
    assert len(list((tmp_path / "out" / "runs").glob("*/run.json"))) == 3


def test_records_name_the_machine(tmp_path: Path) -> None:
    write(tmp_path / "times.json", [{"benchmark": "b", "speedup": 2.0}])
    (record,) = json.loads((tmp_path / "times.json").read_text(encoding="utf-8"))
    assert record["speedup"] == 2.0
    assert record["machine"]["torch"]


@pytest.mark.parametrize(
    ("values", "text"), [([], ""), ([2.0], "2"), ([3.0, 1.0, 2.25], "2.25 [1, 3]"), ([0.01234], "0.0123")]
)
def test_spread(values: list[float], text: str) -> None:
    assert spread(values) == text
