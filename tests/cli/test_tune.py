"""What a search shows while it runs, in a terminal and elsewhere."""

from __future__ import annotations

import io
from pathlib import Path

import optuna
from rich.console import Console

from bench.cli.tune_progress import TuneLines, TuneLive
from bench.tuning.owner import Owner, this_process
from bench.tuning.shared import Claim, SharedStudy
from bench.tuning.trials import Spent
from bench.tuning.worker import ERRORS
from tests.tuning.conftest import TPE, plan_of


def opened() -> SharedStudy:
    text = TPE.replace("[Popularity, SASRec]", "[{name: SASRec, label: '[red]SASRec'}]")
    return SharedStudy(
        plan_of(text.replace("    SASRec:", "    '[red]SASRec':")), optuna.storages.InMemoryStorage()
    )


def claimed(study: SharedStudy) -> Claim:
    claim = study.claim()
    assert claim is not None
    return claim


def test_the_live_table(tmp_path: Path) -> None:
    study = opened()
    console = Console(file=io.StringIO(), force_terminal=True, width=80, height=30, color_system=None)
    live = TuneLive(console, tmp_path)
    first = claimed(study)
    live.began(study, first)
    live.epoch(study, first, {"epochs": 2, "best": 0.25})
    study.complete(first, 0.3125, Spent(1, 3, 0.5))
    live.ended(study, first)
    second = claimed(study)
    live.began(study, second)
    live.epoch(study, second, {"epochs": 1, "best": 0.125})
    shown = Console(file=io.StringIO(), width=80)
    shown.print(live._table())
    text = shown.file.getvalue()  # type: ignore[attr-defined]
    head, one, two = text.strip().splitlines()
    assert head.split() == ["dataset", "model", "trial", "settings", "epochs", "validation", "state", "best"]
    assert one.split()[:5] == ["shop", "[red]SASRec", "0", "of", "13"]  # a label is no markup
    assert one.split()[-4:] == ["3", "0.3125", "done", "0.3125"]
    assert two.split()[-4:] == ["1", "0.1250", "running", "0.3125"]
    assert "learning_ra" in one


def test_the_best_so_far_is_the_study_s_and_never_falls(tmp_path: Path) -> None:
    """With several at a time a later slot may end first."""
    study = opened()
    console = Console(file=io.StringIO(), width=60)
    lines = TuneLines(console, tmp_path)
    first, second = claimed(study), claimed(study)
    study.complete(second, 0.5, Spent(1, 3, 0.5))
    lines.ended(study, second)
    study.complete(first, 0.25, Spent(1, 3, 0.5))
    lines.ended(study, first)
    said = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert [line.partition("; ")[2] for line in said] == ["best so far 0.5000"] * 2


def test_what_is_put_back_leaves_the_live_table(tmp_path: Path) -> None:
    study = opened()
    console = Console(file=io.StringIO(), force_terminal=True, width=80, height=30, color_system=None)
    live = TuneLive(console, tmp_path)
    claim = claimed(study)
    live.began(study, claim)
    assert live._table().row_count == 1
    study.fail(claim, "interrupted", "interrupted", Spent())
    live.put_back(study, claim, "interrupted")
    assert live._table().row_count == 0
    assert "trial 0: not finished: interrupted" in console.file.getvalue()  # type: ignore[attr-defined]


def test_what_died_is_tried_again_unless_it_was_given_up(tmp_path: Path) -> None:
    said = []
    storage = optuna.storages.InMemoryStorage()
    for _ in range(10):
        gone, study = (SharedStudy(plan_of(TPE), storage) for _ in range(2))
        owner = this_process().as_dict() | {"pid": 2**22 + 1}  # beyond the last number of Linux
        gone._me = Owner(**owner)
        claimed(gone)
        console = Console(file=io.StringIO(), width=60)
        TuneLines(console, tmp_path).planned([study], "journal.log")
        said.append(console.file.getvalue().splitlines()[1])  # type: ignore[attr-defined]
    again = "shop SASRec: trial 0: its process died: again"
    assert said == [*[again] * 9, "shop SASRec: trial 0: its process died: given up"]


def test_of_how_many_trials_is_said_where_it_is_known(tmp_path: Path) -> None:
    study = SharedStudy(plan_of(TPE.replace("trials: 13", "epochs: 5")), optuna.storages.InMemoryStorage())
    console = Console(file=io.StringIO(), width=60)
    claim = claimed(study)
    study.complete(claim, 0.25, Spent(1, 3, 0.5))
    TuneLines(console, tmp_path).ended(study, claim)
    assert "trial 0 (default settings" in console.file.getvalue()  # type: ignore[attr-defined]


def test_lines_say_how_each_trial_ended(tmp_path: Path) -> None:
    study = opened()
    console = Console(file=io.StringIO(), width=60)
    lines = TuneLines(console, tmp_path)
    lines.planned([study], "journal.log")
    first, second = claimed(study), claimed(study)
    study.report(second, 1, 0.125)
    study.complete(first, 0.3125, Spent(1, 3, 0.5))
    study.prune(second, 0.125, Spent(1, 1, 0.25))
    lines.ended(study, first)
    lines.ended(study, second)
    third = claimed(study)
    lines.failed(study, third, "the loss is not finite", "a trace")
    study.fail(third, "failed", "the loss is not finite", Spent(1, 1, 0.1))
    lines.ended(study, third)
    lines.waiting(2)
    lines.waiting(2)
    said = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert said[0] == "shop [red]SASRec: 13 trials"
    assert said[1].startswith(
        "shop [red]SASRec: trial 0 of 13 (default settings, training.learning_rate=0.001"
    )
    assert said[1].endswith("done, 0.3125 after 3 epochs, 0.5 s; best so far 0.3125")
    assert said[2].endswith("pruned, 0.1250 after 1 epoch, 0.2 s; best so far 0.3125")
    assert said[3].endswith("failed: the loss is not finite; best so far 0.3125")
    assert said[4:] == ["waiting for 2 trials of other processes"]
    assert "a trace" in (tmp_path / ERRORS).read_text(encoding="utf-8")
