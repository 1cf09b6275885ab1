"""Suites from the command line: results, reuse, failures, kills."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

Bench = Callable[..., "subprocess.CompletedProcess[str]"]


def index(folder: Path, name: str = "tiny") -> dict[str, Any]:
    index: dict[str, Any] = json.loads((folder / "results" / name / "index.json").read_text())
    return index


def runs(folder: Path) -> dict[str, Path]:
    return {p.name: p for p in (folder / "results" / "runs").iterdir() if not p.name.startswith(".")}


def digest(run: Path) -> dict[str, str]:
    """Hashes of what must be the same bits; timings in run.json and history.csv differ of course."""
    same = ("ranks.parquet", "model.safetensors")
    return {name: hashlib.sha256((run / name).read_bytes()).hexdigest() for name in same}


def test_a_suite_runs_whole_and_is_reused(
    tmp_path: Path, suite_file: Path, bench: Bench, here: Bench
) -> None:
    bench("run", str(suite_file))
    assert [c["status"] for c in index(tmp_path)["cells"]] == ["done"] * 6
    made = runs(tmp_path)
    assert len(made) == 6
    for name, folder in made.items():
        assert {p.name for p in folder.iterdir()} == {
            "run.json", "history.csv", "ranks.parquet", "model.safetensors", "log.txt",
        }  # fmt: skip
        record = json.loads((folder / "run.json").read_text())
        assert record["fingerprint"] == name
        assert record["provenance"]["command"].startswith("bench run")
        ranks = pq.read_table(folder / "ranks.parquet").to_pandas()
        test = ranks[ranks["split"] == "test"]
        assert len(test) == record["inputs"]["dataset"]["users"]
        # Recall@10 again from the per-user ranks, ties counted out place by place.
        places = [
            np.mean([b + 1 + t <= 10 for t in range(n + 1)])
            for b, n in zip(test["better"], test["ties"], strict=True)
        ]
        assert record["metrics"]["test"]["Recall@10"] == pytest.approx(np.mean(places))
    before = {name: (p / "run.json").stat().st_mtime_ns for name, p in made.items()}
    again = here("run", str(suite_file))
    assert "6 runs: 6 reused, 0 to compute" in again.stderr
    assert {n: (p / "run.json").stat().st_mtime_ns for n, p in runs(tmp_path).items()} == before
    fresh = here("run", str(suite_file), "--fresh", "--model", "SASRec", "--seed", "2")
    assert "1 to compute" in fresh.stderr
    assert len(runs(tmp_path)) == 6


def test_same_bits_however_many_at_once(tmp_path: Path, suite_file: Path, bench: Bench, here: Bench) -> None:
    here("run", str(suite_file), "--results", "results")
    bench("run", str(suite_file), "--jobs", "3", "--results", "elsewhere/results")
    other = runs(tmp_path / "elsewhere")
    assert other.keys() == runs(tmp_path).keys()
    for name, folder in runs(tmp_path).items():
        assert digest(folder) == digest(other[name])


def test_the_test_set_is_opened_after_training_only(
    tmp_path: Path, suite_file: Path, here: Bench, home: Path
) -> None:
    """Poisoned test targets change test metrics and nothing else: not weights, not validation."""
    here("run", str(suite_file), "--model", "SASRec", "--seed", "1")
    (clean,) = runs(tmp_path).values()
    prepared = [f.parent for f in home.glob("datasets/*/dataset.json")
                if json.loads(f.read_text())["users"] <= 60]  # fmt: skip
    assert prepared
    originals = {
        folder / name: (folder / name).read_bytes()
        for folder in prepared
        for name in ("test.parquet", "dataset.json")
    }
    try:
        for file in [file for file in originals if file.suffix == ".parquet"]:
            table = pq.read_table(file)
            items = table["item"].to_numpy()
            column = table.column_names.index("item")
            pq.write_table(table.set_column(column, "item", [np.ones_like(items)]), file)
            facts = json.loads(originals[file.with_name("dataset.json")])
            facts["files"]["test.parquet"] = hashlib.sha256(file.read_bytes()).hexdigest()
            file.with_name("dataset.json").write_text(json.dumps(facts))
        here("run", str(suite_file), "--model", "SASRec", "--seed", "1", "--results", "poisoned/results")
    finally:
        for file, content in originals.items():
            file.write_bytes(content)
    (poisoned,) = runs(tmp_path / "poisoned").values()
    assert digest(clean)["model.safetensors"] == digest(poisoned)["model.safetensors"]
    a, b = (json.loads((p / "run.json").read_text())["metrics"] for p in (clean, poisoned))
    assert a["validation"] == b["validation"]
    assert a["test"] != b["test"]


def test_a_failing_cell_is_a_status_and_the_others_run(
    tmp_path: Path, suite_file: Path, bench: Bench
) -> None:
    (tmp_path / "mymodels.py").write_text(
        "import torch\n"
        "from bench.models.base import SequentialModel\n"
        "class Diverges(SequentialModel):\n"
        "    def __init__(self, settings, context):\n"
        "        super().__init__()\n"
        "        self.items = torch.nn.Embedding(context.n_items + 1, 4)\n"
        "    def encode(self, batch):\n"
        "        return self.items(batch.items)[batch.at] * float('nan')\n"
        "    def output(self):\n"
        "        return self.items.weight, None\n"
        "class Crashes(Diverges):\n"
        "    def encode(self, batch):\n"
        "        raise RuntimeError('no luck today')\n"
        "class Dies(Diverges):\n"
        "    def encode(self, batch):\n"
        "        import os, signal\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "class Bag(Diverges):\n"
        "    def encode(self, batch):\n"
        "        return self.items(batch.items)[batch.at]\n",
        encoding="utf-8",
    )
    text = suite_file.read_text() + "".join(
        f"  - mymodels:{name}\n" for name in ("Diverges", "Crashes", "Dies", "Bag")
    )
    suite_file.write_text(text.replace("seeds: [1, 2]", "seeds: [1]"))
    done = bench("run", str(suite_file), check=1)
    cells = {c["model"]: c for c in index(tmp_path)["cells"]}
    assert "not finite" in cells["mymodels:Diverges"]["error"]
    assert "no luck today" in cells["mymodels:Crashes"]["error"]
    assert "signal 9" in cells["mymodels:Dies"]["error"]
    assert cells["mymodels:Bag"]["status"] == cells["SASRec"]["status"] == "done"
    assert "Traceback" not in done.stdout + done.stderr
    assert "3 failed" in done.stderr
    assert "failed" in done.stdout
    status = bench("status", str(suite_file)).stdout
    assert status.count("failed") >= 3


def test_killed_in_the_middle_and_run_again(
    tmp_path: Path, suite_file: Path, bench: Bench, here: Bench, home: Path
) -> None:
    """kill -9 of the whole process tree's head: finished runs are kept, the rest ends with the same bits."""
    slow = suite_file.read_text().replace("epochs: 3", "epochs: 40")
    suite_file.write_text(slow)
    command = [sys.executable, "-m", "bench", "run", str(suite_file), "--jobs", "1"]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=os.environ | {"BENCH_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    folder = tmp_path / "results" / "runs"
    deadline = time.monotonic() + 120
    while len(list(folder.glob("[0-9a-f]*/run.json"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = {name: (p / "run.json").stat().st_mtime_ns for name, p in runs(tmp_path).items()}
    assert 2 <= len(kept) < 6
    bench("run", str(suite_file))
    after = runs(tmp_path)
    assert len(after) == 6
    for name, stamp in kept.items():
        assert (after[name] / "run.json").stat().st_mtime_ns == stamp
    here("run", str(suite_file), "--results", "reference/results")
    reference = runs(tmp_path / "reference")
    for name, run in after.items():
        assert digest(run) == digest(reference[name])


def test_overrides_keep_their_results_apart(tmp_path: Path, suite_file: Path, here: Bench) -> None:
    here("run", str(suite_file), "--model", "SASRec", "--seed", "1")
    plain = index(tmp_path)
    here("run", str(suite_file), "--model", "SASRec", "--seed", "1", "--set", "training.epochs=1")
    assert index(tmp_path) == plain
    assert len(runs(tmp_path)) == 2
    (other,) = [p.name for p in (tmp_path / "results").iterdir() if p.name not in {"tiny", "runs"}]
    table = json.loads(here("table", other, "--format", "json").stdout)
    assert {row["model"] for row in table if row["values"]} == {"SASRec"}


def test_an_edited_suite_never_mixes_settings_in_a_table(
    tmp_path: Path, suite_file: Path, here: Bench
) -> None:
    here("run", str(suite_file), "--model", "SASRec")
    suite_file.write_text(suite_file.read_text().replace("learning_rate: 1.0e-3", "learning_rate: 5.0e-2"))
    here("run", str(suite_file), "--model", "SASRec", "--seed", "1")
    table = json.loads(here("table", "tiny", "--format", "json").stdout)
    (row,) = [r for r in table if r["model"] == "SASRec" and r["metric"] == "NDCG@10"]
    assert row["seeds"] == [1]
    assert len(row["values"]) == 1


def test_dry_run_changes_nothing(tmp_path: Path, suite_file: Path, here: Bench) -> None:
    done = here("run", str(suite_file), "--dry-run")
    assert "Nothing was run" in done.stdout
    assert not (tmp_path / "results").exists()


def test_states_of_a_suite(tmp_path: Path, suite_file: Path, here: Bench) -> None:
    here("run", str(suite_file), "--model", "Popularity")
    first = here("status", str(suite_file)).stdout
    assert "6 runs: 2 done, 4 missing" in first
    suite_file.write_text(suite_file.read_text().replace("max_length: 10", "max_length: 9"))
    assert "6 runs: 2 stale, 4 missing" in here("status", str(suite_file)).stdout


def test_a_dataset_beside_the_suite(tmp_path: Path, suite_file: Path, here: Bench) -> None:
    here(
        "run", str(suite_file), "--dataset", "toyshop[users=50,items=30,text=1]",
        "--model", "Popularity", "--seed", "1",
    )  # fmt: skip
    assert "toyshop[users=50,items=30,text=1]" in index(tmp_path)["datasets"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "tiny.yaml", "--model", "SASrec"], "SASRec"),
        (["run", "tiny.yaml", "--set", "training.epoch=5"], "epochs"),
        (["run", "nowhere.yaml"], "nowhere.yaml"),
        (["run", "tiny.yaml", "--device", "cuda"], "--device cpu"),
    ],
)
def test_wrong_input_exits_with_2(
    tmp_path: Path, suite_file: Path, bench: Bench, arguments: list[str], words: str
) -> None:
    if "cuda" in arguments and Path("/dev/nvidiactl").exists():
        arguments = ["run", "tiny.yaml", "--device", "tpu"]
        words = "device"
    done = bench(*arguments, check=2)
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "results").exists()
