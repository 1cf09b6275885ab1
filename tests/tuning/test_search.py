"""Searches with real trainings, in threads: their trials, what they keep, and what they never see."""

from __future__ import annotations

import json
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bench.data.hashing import file_hash
from bench.errors import TrainingError
from bench.suite.reader import read_document
from bench.suite.schema import load_suite
from bench.tuning import search, worker
from tests.tuning.conftest import GRID, TPE, Tune, found, what_counts

Write = Callable[[str], Path]
SHORT = TPE.replace("trials: 13", "trials: 4")


def test_a_search_from_its_first_trial_to_the_frozen_suite(here: Tune, write: Write, tmp_path: Path) -> None:
    """Equal budgets, the default first, the winner frozen."""
    write(
        """\
models: [Popularity, SASRec, {name: MAF, multimodal_size: 4}]
claims: [{better: MAF, than: SASRec, metric: Recall@10}]
search:
  trials: 3
  space:
    SASRec: {training.learning_rate: {low: 1.0e-3, high: 1.0e-1, log: true}}
    MAF: {multimodal_size: [2, 4, 8], lambda: [1, 10]}
"""
    )
    said = here("tune", "tiny.yaml", "--jobs", "1", "--freeze", "suites/tuned.yaml")
    studies, rows = found(tmp_path)
    assert [(each.model, each.spent["trials"], each.amount) for each in studies] == [
        ("SASRec", 3, 3),
        ("MAF", 3, 3),
    ]
    assert [(row.trial, row.name) for row in rows if row.model == "MAF"] == [(0, "default"), (1, ""), (2, "")]
    assert rows[3].settings == {"multimodal_size": 4, "lambda": 10}
    for each in studies:
        own = [row for row in rows if row.model == each.model]
        assert each.best is not None and each.best.value == max(row.value or 0 for row in own)
        assert each.curve == tuple(max(row.value or 0 for row in own[: n + 1]) for n in range(3))
        assert each.default is not None and each.default.value == own[0].value
        assert each.finished and each.spent["epochs"] == 9
        assert all(row.value == max(row.validation.values()) for row in own)
    for words in ("3 trials", "default", "best so far, by trial", "space: multimodal_size: 2, 4, 8"):
        assert words in said.stdout

    frozen = load_suite(tmp_path / "suites" / "tuned.yaml")
    rate = studies[0].best.settings["training.learning_rate"]  # type: ignore[union-attr]
    assert (frozen.suite, frozen.seeds, frozen.search) == ("tuned", (1, 2), None)
    assert [each.label for each in frozen.models] == ["Popularity", "SASRec", "MAF"]
    assert frozen.models[1].training == ({} if studies[0].best.name else {"learning_rate": rate})  # type: ignore[union-attr]
    assert frozen.models[2].settings["multimodal_size"] == studies[1].best.settings["multimodal_size"]  # type: ignore[union-attr]
    assert len(frozen.claims) == 1
    assert "search of tiny.yaml on shop" in frozen.notes[0] and "seed 1001" in frozen.notes[0]
    assert frozen.notes[1].startswith("SASRec: 3 trials allowed, 3 trials and 9 epochs spent")
    # Neither weights nor runs come of a search.
    files = [file.name for file in (tmp_path / "results").rglob("*") if file.is_file()]
    assert {file for file in files if not file.startswith(".")} == {
        "journal.log",
        "trials.csv",
        "studies.json",
    }


def poison(home: Path) -> None:
    """Put something else in the place of the test targets, and let the record say that it is right."""
    (file,) = home.rglob("test.parquet")
    record = file.with_name("dataset.json")
    facts = json.loads(record.read_text(encoding="utf-8"))
    file.write_bytes(b"not a table")
    facts["files"][file.name] = file_hash(file)
    record.write_text(json.dumps(facts), encoding="utf-8")


def test_poisoned_test_data_change_nothing(
    here: Tune, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENCH_HOME", str(tmp_path / "home"))
    write(SHORT)
    here("tune", "tiny.yaml", "--jobs", "1", "--results", "clean")
    poison(tmp_path / "home")
    here("tune", "tiny.yaml", "--jobs", "1")
    clean = search_rows(tmp_path / "clean")
    assert what_counts(clean) == what_counts(found(tmp_path)[1])
    assert len(clean) == 4 and all(row.state == "done" for row in clean)
    # It is the test targets that were poisoned: a run cannot do without them.
    here("run", "tiny.yaml", "--model", "Popularity", "--seed", "1", check=1)


def search_rows(results: Path) -> list[Any]:
    from bench.tuning.records import read_search

    return read_search(results, "tiny")[1]


def test_the_same_seed_gives_the_same_trials(here: Tune, write: Write, tmp_path: Path) -> None:
    """Thirteen, so that the sampler has begun to learn."""
    write(TPE)
    serial = ("--jobs", "1", "--set", "training.epochs=1")
    for results in ("one", "two"):
        here("tune", "tiny.yaml", *serial, "--results", results)
    one = search_rows_of(tmp_path / "one")
    assert one == search_rows_of(tmp_path / "two")
    assert len(one) == 13
    assert len({str(row["settings"]) for row in one}) == 13
    here("tune", "tiny.yaml", *serial, "--results", "two", "--set", "search.seed=1")
    other = search_rows_of(tmp_path / "two")
    assert other[0] == one[0] and other[1]["settings"] != one[1]["settings"]


def search_rows_of(results: Path) -> list[Any]:
    from bench.tuning.records import read_search

    return what_counts(read_search(results, "tiny@training.epochs=1")[1])


def test_a_search_that_is_done_does_nothing_and_a_raised_budget_goes_on(
    here: Tune, write: Write, tmp_path: Path
) -> None:
    write(SHORT)
    here("tune", "tiny.yaml", "--set", "search.trials=2")
    first = found(tmp_path)[1]
    said = here("tune", "tiny.yaml", "--set", "search.trials=2").stderr
    assert "done already: 2 trials" in said and "trial 0" not in said
    here("tune", "tiny.yaml")
    assert found(tmp_path)[1][:2] == first  # to the second: they were not done again
    assert len(found(tmp_path)[1]) == 4


def test_failures_are_trials_and_the_study_goes_on(here: Tune, write: Write, tmp_path: Path) -> None:
    """A learning rate at which the loss is no number, and settings that cannot be."""
    write(
        """\
models: [SASRec]
search:
  sampler: grid
  space: {SASRec: {training.learning_rate: [1.0e-3, 1.0e+30]}}
"""
    )
    said = here("tune", "tiny.yaml", "--jobs", "1").stderr
    (study,), rows = found(tmp_path)
    assert [row.state for row in rows] == ["done", "failed"]
    assert "not finite" in rows[1].reason and "not finite" in said
    assert rows[1].value is None and rows[1].best_so_far == rows[0].value
    assert study.states == {"done": 1, "failed": 1} and study.spent["trials"] == 2
    assert study.finished


def test_what_is_charged_is_what_the_clock_says_and_the_table_adds_up(
    here: Tune, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The preparation of a training and an epoch that was not finished among it."""
    from bench.execution import starting

    start = starting.start

    def slow(*words: Any, **options: Any) -> Any:
        time.sleep(0.4)
        return start(*words, **options)

    monkeypatch.setattr(starting, "start", slow)
    write(
        """\
models: [SASRec]
search:
  sampler: random
  epochs: 7
  space: {SASRec: {training.learning_rate: {low: 1.0e+29, high: 1.0e+30}}}
"""
    )
    here("tune", "tiny.yaml", "--jobs", "1", "--set", "training.epochs=2")
    (study,), rows = found(tmp_path, "tiny@training.epochs=2")
    assert (rows[0].state, rows[0].epochs) == ("done", 2)
    assert {row.state for row in rows[1:]} == {"failed"} and all(row.epochs >= 1 for row in rows)
    assert all(row.seconds >= 0.4 for row in rows)
    assert study.spent["epochs"] == sum(row.epochs for row in rows) >= 7
    assert study.spent["seconds"] == pytest.approx(sum(row.seconds for row in rows), abs=0.01)


def test_an_epoch_that_was_begun_is_counted() -> None:
    """A training that fails in its second epoch has cost two."""
    said: list[dict[str, Any]] = []

    class Parent:
        def send_bytes(self, text: bytes) -> None:
            said.append(json.loads(text))

        def recv_bytes(self) -> bytes:
            return b"true"

    trial = worker._Trial(Parent(), {})  # type: ignore[arg-type]
    trial._begun = 1
    epoch = SimpleNamespace(epoch=1, value=0.5)
    trial._report(epoch, SimpleNamespace(best_epoch=1, best_value=0.5))
    assert [each["epochs"] for each in said] == [1]
    assert trial.cost() == {"epochs": 2}


def test_a_machine_that_trains_nothing_costs_no_points(
    here: Tune, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After three trials in a row its study waits for the next command, and the other one goes on."""
    from bench.execution import starting

    start = starting.start

    def broken(spec: Any, *words: Any, **options: Any) -> Any:
        if spec.variant.label == "SASRec":
            raise OSError(28, "No space left on device")
        return start(spec, *words, **options)

    write(
        GRID.replace("models: [", "models: [SASRec, ")
        .replace("space: {", "space: {SASRec: {heads: [1, 2]}, ")
        .replace("grid", "grid\n  unequal: true")
    )
    monkeypatch.setattr(starting, "start", broken)
    said = here("tune", "tiny.yaml", "--jobs", "1", check=1)
    assert said.stderr.count("not finished: OSError: [Errno 28] No space left on device") == 3
    assert "shop SASRec: set aside: this machine could not train 3 trials in a row" in said.stderr
    studies, rows = found(tmp_path)
    assert [(each.model, each.spent["trials"], each.finished) for each in studies] == [
        ("SASRec", 0, False),
        ("MAF", 6, True),
    ]
    assert "No space left" in (tmp_path / "results/tiny/search/errors.log").read_text(encoding="utf-8")
    monkeypatch.setattr(starting, "start", start)
    here("tune", "tiny.yaml", "--jobs", "1")
    studies, rows = found(tmp_path)
    assert [row.state for row in rows] == ["done"] * 8 and studies[0].never_done == 0


def test_what_recbole_printed_is_kept(
    here: Tune, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its folder goes with the trial; the reason points to where its output is now."""

    def fails(*words: Any, **options: Any) -> None:
        output = words[4] / "recbole" / "output.txt"
        output.parent.mkdir()
        output.write_text("what RecBole printed\n", encoding="utf-8")
        raise TrainingError(f"RecBole: ValueError: loss is nan (traceback in {output})")

    monkeypatch.setattr("bench.execution.starting.start", fails)
    write(SHORT)
    here("tune", "tiny.yaml", "--jobs", "1", "--set", "search.trials=1", check=1)
    (row,) = found(tmp_path)[1]
    assert row.reason == "RecBole: ValueError: loss is nan (traceback in errors.log)"
    log = (tmp_path / "results" / "tiny" / "search" / "errors.log").read_text(encoding="utf-8")
    assert "what RecBole printed" in log and "TrainingError" in log


def test_pruning_ends_trials_at_validation_epochs(here: Tune, write: Write, tmp_path: Path) -> None:
    write(
        """\
models: [SASRec]
search:
  sampler: grid
  pruner: median
  space: {SASRec: {training.learning_rate: [1.0e-3, 0.01, 0.02, 0.03, 0.005, 1.0e-9, 1.0e-10]}}
"""
    )
    here("tune", "tiny.yaml", "--jobs", "1", "--set", "training.validate_every=2")
    _, rows = found(tmp_path, "tiny@training.validate_every=2")
    by_rate = {row.settings["training.learning_rate"]: row for row in rows}
    pruned = by_rate[1e-10]
    assert pruned.state == "pruned" and pruned.epochs == 2 and list(pruned.validation) == [2]
    assert pruned.value == pruned.validation[2]
    assert all(list(row.validation) == [2, 3] for row in rows if row.state == "done")


def test_several_seeds_are_averaged(here: Tune, write: Write, tmp_path: Path) -> None:
    write(SHORT)
    few = ("--set", "search.trials=1", "--jobs", "1")
    values = {}
    for seeds in ("[7]", "[8]", "[7, 8]"):
        here("tune", "tiny.yaml", *few, "--set", f"search.seeds={seeds}")
        values[seeds] = found(tmp_path)[1][0]
    assert values["[7, 8]"].value == pytest.approx(
        ((values["[7]"].value or 0) + (values["[8]"].value or 0)) / 2, abs=1e-15
    )
    assert values["[7, 8]"].epochs == 6


@pytest.mark.parametrize(("budget", "trials"), [("epochs: 7", 3), ("seconds: 0.001", 1)])
def test_other_budgets(here: Tune, write: Write, tmp_path: Path, budget: str, trials: int) -> None:
    write(TPE.replace("trials: 13", budget))
    here("tune", "tiny.yaml", "--jobs", "1")
    (study,), rows = found(tmp_path)
    assert len(rows) == trials and study.finished


def test_trials_at_once(here: Tune, write: Write, tmp_path: Path) -> None:
    write(GRID)
    here("tune", "tiny.yaml", "--jobs", "3")
    _, rows = found(tmp_path)
    assert [row.trial for row in rows] == list(range(6))
    assert len({str(row.settings) for row in rows}) == 6


def test_ctrl_c_leaves_a_usable_study(
    here: Tune, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(SHORT)
    whole = search.Search._heard
    seen = []

    def interrupted(self: Any, each: Any, task: Any, message: dict[str, Any]) -> None:
        seen.append(message["kind"])
        if seen.count("done") == 1 and message["kind"] == "epoch":
            each.answer(False)  # the thread that stands for a worker cannot be killed
            assert each.receive()["kind"] == "stopped"
            raise KeyboardInterrupt
        whole(self, each, task, message)

    monkeypatch.setattr(search.Search, "_heard", interrupted)
    said = here("tune", "tiny.yaml", "--jobs", "1", check=None)
    assert said.returncode in (1, 130)
    assert "the same command goes on" in said.stderr
    assert [row.state for row in found(tmp_path)[1]] == ["done"]
    monkeypatch.undo()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_two_datasets_are_frozen_apart(here: Tune, write: Write, tmp_path: Path) -> None:
    file = write(GRID)
    text = file.read_text(encoding="utf-8")
    first = re.search(r"datasets: \[(.*)\]\n", text)
    assert first is not None
    other = first[1].replace("label: shop", "label: 'other shop'").replace("image: 1", "image: 1, seed: 1")
    text = text.replace(first[1], f"{first[1]}, {other}")
    file.write_text(text, encoding="utf-8")
    here("tune", "tiny.yaml", "--set", "search.space.MAF.multimodal_size=[4]", "--freeze", "t.yaml")
    shop, other_shop = load_suite(tmp_path / "t-shop.yaml"), load_suite(tmp_path / "t-other-shop.yaml")
    assert [each.label for each in shop.datasets] == ["shop"]
    assert [each.label for each in other_shop.datasets] == ["other shop"]
    assert (shop.suite, other_shop.suite) == ("t-shop", "t-other-shop")
    head = (tmp_path / "t-shop.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert head.startswith("# Written by `bench tune --freeze` from tiny.yaml")
    assert read_document(tmp_path / "t-shop.yaml").data["models"][0]["label"] == "MAF"
    # One after the other overwrites neither.
    for dataset in ("shop", "other shop"):
        few = ("--set", "search.space.MAF.multimodal_size=[4]", "--dataset", dataset)
        here("tune", "tiny.yaml", *few, "--freeze", "u.yaml")
    assert load_suite(tmp_path / "u-shop.yaml").datasets == shop.datasets
    assert load_suite(tmp_path / "u-other-shop.yaml").datasets == other_shop.datasets
    assert not (tmp_path / "u.yaml").exists()


def test_a_file_of_somebody_else_is_not_overwritten(here: Tune, write: Write, tmp_path: Path) -> None:
    write(GRID)
    (tmp_path / "mine.yaml").write_text("suite: mine\n", encoding="utf-8")
    said = here("tune", "tiny.yaml", "--freeze", "mine.yaml", check=2).stderr
    assert "mine.yaml is there, and bench did not write it" in said
    assert not (tmp_path / "results").exists()  # said before the search
    here("tune", "tiny.yaml", "--freeze", "ours.yaml")
    here("tune", "tiny.yaml", "--freeze", "ours.yaml")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--model", "Popularity"], ["tunes none of these", "SASRec"]),
        (["--model", "SASRek"], ["no model 'SASRek'", "SASRec"]),
        (["--model", "SASRec", "--freeze", "x.yaml"], ["--freeze", "every model"]),
        (["--freeze", "x.txt"], ["--freeze", ".yaml"]),
        (["--storage", "nosuch://x"], ["nosuch://x", "no address of a database"]),
        (["--set", "search.trials=none"], ["search.trials", "'none'"]),
    ],
)
def test_mistakes(here: Tune, write: Write, arguments: list[str], words: list[str]) -> None:
    write(TPE)
    said = here("tune", "tiny.yaml", *arguments, check=2).stderr
    assert all(word in said for word in words), said


def test_a_suite_without_a_search(here: Tune, write: Write) -> None:
    write("models: [SASRec]\n")
    assert "has no search" in here("tune", "tiny.yaml", check=2).stderr


def test_a_dry_run_says_what_would_be_tried(here: Tune, write: Write, tmp_path: Path) -> None:
    write(SHORT)
    said = here("tune", "tiny.yaml", "--dry-run").stdout
    for words in ("SASRec", "0.0001 to 0.1 (log)", "4 trials", "tpe sampler", "seed 1001", "journal.log"):
        assert words in said
    assert not (tmp_path / "results").exists()
    here("tune", "tiny.yaml", "--set", "search.trials=2")
    assert "2 trials" in here("tune", "tiny.yaml", "--dry-run").stdout


def test_a_dry_run_counts_a_default_beside_the_grid_without_data(
    here: Tune, write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BENCH_HOME", str(tmp_path / "empty"))
    write(GRID.replace("lambda: 10}", "lambda: 7}"))
    said = here("tune", "tiny.yaml", "--dry-run").stdout
    assert "7 trials" in said and "data not prepared here" in said


def test_figures_of_a_search(here: Tune, write: Write, tmp_path: Path) -> None:
    write(SHORT)
    assert "no search of suite 'tiny'" in here("plot", "tuning", "tiny", check=2).stderr
    here("tune", "tiny.yaml")
    (tmp_path / "results" / "tiny" / "search" / "journal.log").unlink()  # figures need it not
    here("plot", "tuning", "tiny.yaml", "--format", "svg")
    made = sorted(file.name for file in (tmp_path / "plots" / "tiny").iterdir())
    stems = [f"tuning-{kind}" for kind in ("history", "importance", "slices")]
    assert made == sorted(f"{stem}.{ending}" for stem in stems for ending in ("csv", "svg"))
    table = (tmp_path / "plots" / "tiny" / "tuning-history.csv").read_text(encoding="utf-8")
    assert table.count("\n") == 5
    assert "did you mean 'SASRec'" in here("plot", "tuning", "tiny", "--model", "SASRek", check=2).stderr


@pytest.mark.requires("recbole")
def test_models_of_recbole_are_tuned(here: Tune, write: Write, tmp_path: Path) -> None:
    write(
        """\
models: [{name: recbole/SASRec, hidden_size: 8, n_layers: 1, inner_size: 8}]
search:
  sampler: grid
  pruner: median
  space: {recbole/SASRec: {n_heads: [1, 2], training.learning_rate: [1.0e-3]}}
"""
    )
    here("tune", "tiny.yaml", "--jobs", "1", "--freeze", "best.yaml")
    (study,), rows = found(tmp_path)
    assert [(row.name, row.settings["n_heads"]) for row in rows] == [("default", 2), ("", 1)]
    assert all(row.state == "done" and row.epochs == 3 for row in rows), rows
    assert study.best is not None
    (model,) = load_suite(tmp_path / "best.yaml").models
    assert model.settings.get("n_heads", 2) == study.best.settings["n_heads"]
