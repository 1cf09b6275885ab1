"""A suite that runs in seconds, and ways to run it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SUITE = """\
suite: tiny
datasets: [{name: toyshop, label: shop, users: 60, items: 40, image: 1}]
seeds: [1, 2]
metrics: [Recall@10, NDCG@10]
training: {epochs: 3, batch_size: 64, max_length: 10, learning_rate: 1.0e-3, device: cpu}
defaults: {attention: {hidden_size: 8, layers: 1, heads: 2, inner_size: 8}}
models:
  - Popularity
  - SASRec
  - {name: MAF, multimodal_size: 4}
"""

Bench = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def suite_file(tmp_path: Path) -> Path:
    file = tmp_path / "tiny.yaml"
    file.write_text(SUITE, encoding="utf-8")
    return file


def environment(cache: Path) -> dict[str, str]:
    return os.environ | {"BENCH_CACHE": str(cache), "COLUMNS": "200"}


@pytest.fixture
def bench(tmp_path: Path, cache: Path) -> Bench:
    """Runs the command line in a folder of its own; results go to its `results`."""

    def call(*arguments: str, check: int | None = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "bench", *arguments],
            cwd=tmp_path,
            env=environment(cache),
            capture_output=True,
            text=True,
            timeout=240,
        )
        if check is not None:
            assert done.returncode == check, f"{done.stdout}\n{done.stderr}"
        return done

    return call
