"""Curves of two programs beside each other, against SciPy and by hand."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
from scipy import stats

from bench.results.index import read_index
from bench.results.query import cells_of
from benchmarks.trajectories import beside, curves

ROOT = Path(__file__).parents[2]


def test_beside_is_welchs_statistic() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.normal(5, 1, 12), rng.normal(6, 2, 9)
    z = stats.ttest_ind(other, one, equal_var=False).statistic
    assert beside(list(one), list(other)) == f"{100 * (other.mean() / one.mean() - 1):+.2f} (z {z:+.1f})"
    assert beside([1.0], [2.0, 3.0]) == ""
    assert beside([2.0, 2.0], [3.0, 3.0]) == "+50.00 (z none)"


def test_the_committed_runs(tmp_path: Path) -> None:
    """Two finished seeds of each side, told as their files have them."""
    index = json.loads((ROOT / "results" / "parity" / "index.json").read_text(encoding="utf-8"))
    models = ("recbole/Caser", "Caser prefixes")
    kept = [each for each in index["cells"] if each["model"] in models and each["seed"] in (1, 2)]
    index["cells"] = kept
    index["equalities"] = [each for each in index["equalities"] if each["to"] == models[0]]
    (tmp_path / "parity").mkdir()
    (tmp_path / "parity" / "index.json").write_text(json.dumps(index), encoding="utf-8")
    for cell in kept:
        shutil.copytree(
            ROOT / "results" / "runs" / cell["fingerprint"], tmp_path / "runs" / cell["fingerprint"]
        )
    read = read_index(tmp_path, "parity")
    theirs, ours = (curves(tmp_path, cells_of(tmp_path, read), model) for model in models)
    assert len(theirs) == len(ours) == 2
    first = (tmp_path / "runs" / kept[0]["fingerprint"] / "history.csv").read_text(encoding="utf-8")
    loss, value = first.splitlines()[1].split(",")[1:3]
    assert (float(loss), float(value)) in [run[0] for run in (*theirs, *ours)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.trajectories", "parity", "--results", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Caser prefixes beside recbole/Caser" in done.stdout
    assert beside([run[0][0] for run in theirs], [run[0][0] for run in ours]) in re.sub(
        " +", " ", done.stdout
    )


def test_a_suite_without_results_is_said(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.trajectories", "parity", "--results", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "has no results of suite 'parity'" in done.stderr
