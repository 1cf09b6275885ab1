"""A run that cannot be used any more: every verb says so, and `bench run` computes it again."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Here = Callable[..., "subprocess.CompletedProcess[str]"]

SUITE = """\
suite: small
datasets: [{name: toyshop, label: shop, users: 60, items: 40}]
seeds: [1, 2]
metrics: [Recall@10]
training: {device: cpu}
models: [Popularity, Markov]
"""


@pytest.fixture
def run(tmp_path: Path, here: Here) -> Path:
    """The folder of a finished run of `small`, Popularity with seed 1."""
    (tmp_path / "small.yaml").write_text(SUITE, encoding="utf-8")
    here("run", "small.yaml")
    index = json.loads((tmp_path / "results/small/index.json").read_text())
    return tmp_path / "results/runs" / str(index["cells"][0]["fingerprint"])


def numbers(folder: Path) -> tuple[Any, str]:
    """The metrics, and the hash of the ranks."""
    metrics = json.loads((folder / "run.json").read_text())["metrics"]
    return metrics, hashlib.sha256((folder / "ranks.parquet").read_bytes()).hexdigest()


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:100])


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("run.json", cut),
        ("ranks.parquet", lambda file: file.write_bytes(b"")),
        ("ranks.parquet", Path.unlink),
    ],
)
def test_all_verbs_agree_and_run_repairs(
    run: Path, here: Here, name: str, damage: Callable[[Path], object]
) -> None:
    before = numbers(run)
    damage(run / name)
    table = here("table", "small", check=1)
    assert "* Popularity on shop, seed 1 damaged:" in table.stdout and name in table.stdout
    assert json.loads(here("table", "small", "--format", "json", check=1).stdout)[0]["seeds"] == [2]
    status = here("status", "small.yaml")
    assert "4 runs: 3 done, 1 damaged" in status.stdout
    assert f"damaged, shop, Popularity seed 1: {run.relative_to(run.parents[2]) / name}" in status.stdout
    plan = here("run", "small.yaml", "--dry-run")
    assert f"shop Popularity seed 1: to compute {run.name} again" in plan.stdout
    repaired = here("run", "small.yaml")
    assert "4 runs: 3 reused, 1 to compute" in repaired.stderr
    assert "shop Popularity seed 1: computed again:" in repaired.stderr and name in repaired.stderr
    assert "1 run computed, 3 reused, 0 failed." in repaired.stderr
    assert numbers(run) == before
    assert "damaged" not in here("table", "small").stdout
    assert "4 runs: 4 done" in here("status", "small.yaml").stdout
    assert "computed again" not in here("run", "small.yaml").stderr


def test_what_the_system_does_not_give_is_not_replaced(run: Path, here: Here) -> None:
    """The run may be whole: no permission, a folder of another system that is not there at the moment."""
    (run / "run.json").rename(run / "kept")
    (run / "run.json").mkdir()
    failed = here("run", "small.yaml", check=1)
    assert "4 runs: 3 reused, 0 to compute" in failed.stderr
    assert "run.json cannot be read: Is a directory" in failed.stderr
    assert (run / "kept").is_file()
    assert "* Popularity on shop, seed 1 unreadable:" in here("table", "small", check=1).stdout
    assert "1 unreadable" in here("status", "small.yaml").stdout
    assert "1 unreadable. Nothing was run." in here("run", "small.yaml", "--dry-run").stdout
    (run / "run.json").rmdir()
    (run / "kept").rename(run / "run.json")
    assert "unreadable" not in here("table", "small").stdout
    assert "0 runs computed, 4 reused, 0 failed." in here("run", "small.yaml").stderr


def test_why_holds_the_metrics_against_the_ranks(run: Path, here: Here) -> None:
    assert (
        "Metrics: computed again from ranks.parquet, the recorded ones agree" in here("why", run.name).stdout
    )
    record = json.loads((run / "run.json").read_text())
    record["metrics"]["test"]["Recall@10"] = 0.987
    (run / "run.json").write_text(json.dumps(record))
    assert "the recorded ones DIFFER: test Recall@10 0.987, by the ranks 0." in here("why", run.name).stdout
    (run / "ranks.parquet").unlink()
    shown = here("why", run.name).stdout
    assert "Metrics: as recorded, not checked:" in shown and "ranks.parquet is missing." in shown
