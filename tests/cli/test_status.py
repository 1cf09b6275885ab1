"""`bench status`: every state shows, and nothing is prepared or run for it."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from rich.console import Console

from bench.cli.status import print_status, render
from bench.errors import InputError
from bench.execution.states import CellState, State
from tests.calling import call_here

SUITE = """
suite: small
datasets: [{name: toyshop, users: 20, items: 20}]
seeds: [1, 2]
metrics: [MRR]
models: [SASRec, Popularity]
"""


def shown(cells: list[CellState], width: int = 80) -> str:
    console = Console(width=width)
    with console.capture() as capture:
        console.print(render(cells))
    return capture.get()


def test_every_state_is_shown_and_counted() -> None:
    states: tuple[State, ...] = get_args(State)
    cells = [
        CellState("toyshop[image=1]", "MAF", seed, s, "ab" * 8, f"why {s}") for seed, s in enumerate(states)
    ]
    text = shown([*cells, CellState("ml-100k", "MAF", 7, states[0], None, "")], width=100)
    for seed, state in enumerate(states):
        assert f"{state}, toyshop[image=1], MAF seed {seed}: why {state}" in text
        assert f"{2 if state == states[0] else 1} {state}" in text
    assert f"{len(states) + 1} runs:" in text


def test_a_shared_reason_stands_once() -> None:
    cells = [CellState("d", m, seed, "missing", None, "not run yet") for m in "ab" for seed in (1, 2)]
    text = shown([*cells, CellState("d", "c", 1, "done", "ab" * 8, "")])
    assert text.count("not run yet") == 1
    assert "missing, d, 4 runs: not run yet" in text
    [row] = [line for line in text.splitlines() if line.startswith("│ c ")]
    assert [part.strip() for part in row.split("│")] == ["", "c", "1", "", ""]  # seed 2 of c is not asked for


def test_many_seeds_stay_readable() -> None:
    cells = [
        CellState("d", "recbole/GRU4Rec", seed, "missing" if seed in (4, 17) else "done", None, "")
        for seed in range(1, 21)
    ]
    [row] = [line for line in shown(cells).splitlines() if "recbole" in line]
    assert [part.strip() for part in row.split("│")[1:4]] == ["recbole/GRU4Rec", "1-3, 5-16, 18-20", "4, 17"]


def test_reasons_that_differ_in_the_name_of_a_run_alone_share_a_line() -> None:
    cells = [
        CellState("d", "m", seed, "stale", None, f"would now be {seed:016x}; `bench why {seed + 8:016x}`")
        for seed in (1, 2)
    ]
    text = shown(cells, width=150)
    assert text.count("would now be") == 1
    assert "stale, d, 2 runs, the first m seed 1: would now be 0000000000000001;" in text
    assert "1 run: 1 stale" in shown(cells[:1])


def test_an_untouched_suite_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "small.yaml"
    file.write_text(SUITE, encoding="utf-8")
    print_status(str(file), ["seeds=[3]"], tmp_path / "results", tmp_path / "home")
    assert "2 runs: 2 missing" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["small.yaml"]


def test_an_unknown_suite(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nosuch"):
        print_status("nosuch", [], tmp_path, tmp_path)


@pytest.mark.parametrize("verb", ["status", "run", "tune"])
def test_the_name_of_results_leads_to_their_suite(verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not to the suite of the nearest name, which here is the paper's at full size."""
    monkeypatch.chdir(Path(__file__).parents[2])
    done = call_here(verb, "small-table2", check=2)
    assert "'small-table2' names results" in done.stderr and "did you mean" not in done.stderr
    assert f"`bench {verb} suites/small/table2.yaml`" in done.stderr
