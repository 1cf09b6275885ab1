"""Runs under controls: their own results, and what a model must offer for noise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench.registry import CONTROLS
from tests.execution.conftest import Bench

SUITE = """\
suite: controls
datasets: [{name: toyshop, label: shop, users: 60, items: 40, image: 1}]
seeds: [1]
metrics: [NDCG@10]
training: {epochs: 2, batch_size: 64, max_length: 10, device: cpu}
defaults:
  attention: {hidden_size: 8, layers: 1, heads: 2, inner_size: 8}
  MAF: {multimodal_size: 4}
models:
"""

OWN = """\
from torch import nn
from bench.models.base import SequentialModel, feature_buffers
from bench.suite.settings import MultimodalSettings

class Copied(SequentialModel):
    Settings = MultimodalSettings

    def __init__(self, settings, context):
        super().__init__()
        self.register_buffer("image", feature_buffers(context.features["image"])[0], persistent=False)
        self.inner = nn.Linear(self.image.shape[1], 8)
        self.items = nn.Embedding(context.n_items + 1, 8)

    def encode(self, batch):
        return self.inner(self.image[batch.items[batch.at]])

    def output(self):
        return self.items.weight, None
"""


def controls(control: str) -> str:
    return "controls: {}" if control == "whole" else f"controls: {{image: {control}}}"


def records(folder: Path, suite: str) -> dict[str, Any]:
    index = json.loads((folder / "results" / suite / "index.json").read_text(encoding="utf-8"))
    return {
        cell["model"]: json.loads(
            (folder / "results" / "runs" / cell["fingerprint"] / "run.json").read_text(encoding="utf-8")
        )
        for cell in index["cells"]
        if cell["status"] == "done"
    }


def test_every_control_is_a_run_of_its_own(tmp_path: Path, here: Bench) -> None:
    models = ["MAF", "ContentKNN"]
    lines = [
        f"  - {{name: {model}, label: {model} {control}, modalities: [image], {controls(control)}}}"
        for model in models
        for control in ["whole", *CONTROLS]
    ]
    (tmp_path / "controls.yaml").write_text(SUITE + "\n".join(lines) + "\n", encoding="utf-8")
    here("run", "controls.yaml")
    found = records(tmp_path, "controls")
    assert len(found) == len({each["fingerprint"] for each in found.values()}) == 10
    for model in models:
        losses = [found[f"{model} {control}"]["metrics"] for control in ["whole", *CONTROLS]]
        assert len({json.dumps(each) for each in losses}) > 1
    assert "controls" not in found["MAF whole"]["spec"]["variant"]["settings"]
    assert found["MAF zero"]["spec"]["variant"]["settings"]["controls"] == {"image": "zero"}


def test_a_model_that_copies_its_features_cannot_have_noise(tmp_path: Path, bench: Bench) -> None:
    (tmp_path / "copied.py").write_text(OWN, encoding="utf-8")
    lines = [
        f'  - {{name: "copied:Copied", label: {control}, modalities: [image], {controls(control)}}}'
        for control in ("shuffle", "noise")
    ]
    (tmp_path / "own.yaml").write_text(
        SUITE.replace("suite: controls", "suite: own") + "\n".join(lines) + "\n", encoding="utf-8"
    )
    shown = bench("run", "own.yaml", check=1)
    assert "Copied keeps its own copy of image" in " ".join((shown.stdout + shown.stderr).split())
    assert set(records(tmp_path, "own")) == {"shuffle"}
