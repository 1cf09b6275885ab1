"""The instrument proves itself: where one modality is planted, the ablation names it and nothing else.

A small form of suites/small/proof-*.yaml: in a shop whose purchases depend on one modality, the model that is
certified for the mechanism is worse without it, and worse with it permuted or drawn at random; the others do not
matter. In a shop where nothing is planted, nothing does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.registry import MODALITIES, Modality

pytestmark = pytest.mark.slow

SUITE = """\
suite: proof
datasets: [{{name: toyshop, label: shop, mechanism: {mechanism}, {options}{planted}}}]
seeds: [1, 2, 3]
metrics: [NDCG@10]
training:
  {{epochs: {epochs}, learning_rate: 1.0e-3, batch_size: 256, max_length: 20, stride: 20, patience: 5, threads: 1}}
defaults:
  attention: {{hidden_dropout: 0.2, attention_dropout: 0.2}}
models:
  - {{name: {model}, label: whole, modalities: [image, text, category]{settings}}}
"""
CERTIFIED = {
    "attention": {"model": "MAF", "settings": ", multitask: false", "options": "", "epochs": 16},
    "content": {"model": "SASRecF", "settings": "", "options": "users: 800, items: 800, ", "epochs": 10},
}


def words(folder: Path, mechanism: str, planted: Modality | None, *options: str) -> dict[str, str]:
    """The word for every variant beside the whole model."""
    weight = "" if planted is None else f"{planted}: 1"
    text = SUITE.format(mechanism=mechanism, planted=weight, **CERTIFIED[mechanism])
    (folder / "proof.yaml").write_text(text.replace(", }", "}"), encoding="utf-8")
    environment = os.environ | {"BENCH_HOME": str(folder / "home"), "COLUMNS": "200"}

    def bench(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "bench", *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=900,
            check=True,
        )
        return done.stdout

    bench("ablate", "proof.yaml", "--modality", "all", "--mode", "without", *options)
    (made,) = (folder / "results").glob("proof-ablate-*")
    rows = json.loads(bench("compare", made.name, "--format", "json"))
    return {row["variant"]: row["verdict"] for row in rows}
