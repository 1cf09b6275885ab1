"""The instrument proves itself: where one modality is planted, the ablation names it and nothing else.

In a shop whose purchases depend on one modality, the model that is certified for the mechanism is worse
without it, and worse with it permuted or drawn at random; another modality does not matter. In a shop where
nothing is planted, nothing does.
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
training: {{epochs: {epochs}, learning_rate: 1.0e-3, batch_size: 256, max_length: 20, stride: 20}}
defaults:
  attention: {{hidden_dropout: 0.2, attention_dropout: 0.2}}
models:
  - {{name: {model}, label: whole, modalities: [image, text, category]{settings}}}
"""
CERTIFIED = {
    "attention": {"model": "MAF", "settings": ", multitask: false", "options": "", "epochs": 8},
    "content": {"model": "SASRecF", "settings": "", "options": "users: 800, items: 800, ", "epochs": 10},
}


def words(folder: Path, mechanism: str, planted: Modality | None, other: Modality) -> dict[str, str]:
    """The word for every variant beside the whole model; ``planted`` and ``other`` are taken apart."""
    weight = "image: 0" if planted is None else f"{planted}: 1"
    text = SUITE.format(mechanism=mechanism, planted=weight, **CERTIFIED[mechanism])
    (folder / "proof.yaml").write_text(text, encoding="utf-8")
    taken = other if planted is None else f"{planted}+{other}"
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

    controls = ("--control", "shuffle", "--control", "noise")
    bench("ablate", "proof.yaml", "--modality", taken, "--mode", "without", *controls)
    (made,) = (folder / "results").glob("proof-ablate-*")
    rows = json.loads(bench("compare", made.name, "--format", "json"))
    return {row["variant"]: row["verdict"] for row in rows}


@pytest.mark.parametrize(("mechanism", "planted"), [("attention", "image"), ("content", "text")])
def test_the_ablation_names_the_planted_modality(tmp_path: Path, mechanism: str, planted: Modality) -> None:
    other = next(each for each in MODALITIES if each != planted)
    found = words(tmp_path, mechanism, planted, other)
    matters = {label for label, word in found.items() if word == "worse"}
    assert matters == {f"whole without {planted}", f"whole, {planted} shuffle", f"whole, {planted} noise"}
    assert len(found) == 6 and "better" not in found.values()


@pytest.mark.parametrize("mechanism", ["attention", "content"])
def test_where_nothing_is_planted_nothing_matters(tmp_path: Path, mechanism: str) -> None:
    found = words(tmp_path, mechanism, None, "image")
    assert len(found) == 3
    assert not {"better", "worse"} & set(found.values())
