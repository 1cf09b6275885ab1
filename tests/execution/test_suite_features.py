"""Suites with encoders that have weights: extracted once, reused, and one cell's lack is not another's."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from bench.features.language import HuggingFaceTexts
from bench.features.torchvision_images import TorchvisionImages

Here = Callable[..., "subprocess.CompletedProcess[str]"]
Cells = dict[str, list[dict[str, Any]]]

SUITE: dict[str, Any] = {
    "suite": "content",
    "datasets": [{"name": "toyshop", "users": 40, "items": 30}],
    "seeds": [1, 2],
    "metrics": ["Recall@10"],
    "training": {"epochs": 1, "batch_size": 64, "max_length": 8},
    "defaults": {"attention": {"hidden_size": 8, "layers": 1, "heads": 2, "inner_size": 8}},
    "models": [
        "SASRec",
        {"name": "MAF", "modalities": ["image", "text"], "multimodal_size": 4},
        {"name": "FDSA", "modalities": ["text"]},
    ],
}


@pytest.fixture
def encodings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The name of an encoder for each time it encodes."""
    calls: list[str] = []
    for kind in (TorchvisionImages, HuggingFaceTexts):

        def counted(
            encoder: Any, *rest: Any, original: Callable[..., Any] = kind.encode, name: str = kind.__name__
        ) -> Any:
            calls.append(name)
            return original(encoder, *rest)

        monkeypatch.setattr(kind, "encode", counted)
    return calls


def run(here: Here, folder: Path, features: dict[str, Any], check: int = 0) -> tuple[Cells, str]:
    """The suite's cells by model, and what was printed, in one line."""
    file = folder / "content.yaml"
    file.write_text(yaml.safe_dump(SUITE | {"features": features}), encoding="utf-8")
    done = here("run", str(file), check=check)
    printed = " ".join(f"{done.stderr} {done.stdout}".split())
    cells = json.loads((folder / "results" / "content" / "index.json").read_text(encoding="utf-8"))["cells"]
    found = {model: [cell for cell in cells if cell["model"] == model] for model in ("SASRec", "MAF", "FDSA")}
    return found, printed


def test_features_are_extracted_once_for_all_runs(
    tmp_path: Path, here: Here, published: dict[str, dict[str, Any]], encodings: list[str]
) -> None:
    features = {
        "image": {"name": "torchvision", **published["torchvision"]},
        "text": {"name": "huggingface", **published["huggingface"], "standardisation": "zscore"},
    }
    cells, printed = run(here, tmp_path, features)
    assert {cell["status"] for model in cells.values() for cell in model} == {"done"}
    assert sorted(encodings) == ["HuggingFaceTexts", "TorchvisionImages"]
    assert "6 runs: 0 reused, 6 to compute" in printed
    assert "Item features: image torchvision(model=squeezenet1_1, standardisation=none" in printed
    _, printed = run(here, tmp_path, features)
    assert len(encodings) == 2
    assert "6 runs: 6 reused, 0 to compute" in printed


def test_weights_that_cannot_be_had_fail_their_cells_alone(
    tmp_path: Path,
    here: Here,
    published: dict[str, dict[str, Any]],
    encodings: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BENCH_OFFLINE", "1")
    text = {"name": "huggingface", **published["huggingface"]}
    cells, printed = run(here, tmp_path, {"image": {"name": "torchvision/vgg16"}, "text": text}, check=1)
    assert [cell["status"] for cell in cells["SASRec"] + cells["FDSA"]] == ["done"] * 4
    assert [cell["status"] for cell in cells["MAF"]] == ["failed"] * 2
    assert "vgg16-397923af.pth is not at hand, and BENCH_OFFLINE forbids to fetch it" in printed
    assert encodings.count("TorchvisionImages") == 1  # tried for the first seed only


def test_random_weights_are_said_below_the_table(
    tmp_path: Path, here: Here, published: dict[str, dict[str, Any]]
) -> None:
    text = {"name": "huggingface", **published["huggingface"]}
    image = {"name": "torchvision/squeezenet1_1", "weights": "random"}
    _, printed = run(here, tmp_path, {"image": image, "text": text})
    assert "weights=random" in printed


def test_modalities_that_no_item_has_here_are_left_out_or_refused(tmp_path: Path, here: Here) -> None:
    """Pictures with an address only, which nobody fetched."""
    folder = tmp_path / "films"
    folder.mkdir()
    rows = "".join(f"u{n % 5},i{n % 7},{1_500_000_000 + n}\n" for n in range(40))
    (folder / "log.csv").write_text(f"user_id,item_id,timestamp\n{rows}", encoding="utf-8")
    items = "".join(f"i{n},Film {n},https://example.org/{n}.jpg\n" for n in range(7))
    (folder / "items.csv").write_text(f"item_id,title,image\n{items}", encoding="utf-8")
    here("data", "add", "films", str(folder))
    suite = {
        **SUITE,
        "suite": "films",
        "datasets": ["films"],
        "models": ["ContentKNN", {"name": "MAF", "modalities": ["image"], "multimodal_size": 4}],
    }
    (tmp_path / "films.yaml").write_text(yaml.safe_dump(suite), encoding="utf-8")
    try:
        done = here("run", "films.yaml", check=1)
        cells = json.loads((tmp_path / "results" / "films" / "index.json").read_text(encoding="utf-8"))[
            "cells"
        ]
        assert [cell["status"] for cell in cells] == ["done", "done", "failed", "failed"]
        assert "MAF reads image, which no item of films has here" in cells[-1]["error"]
        assert "bench data prepare 'films' --pictures" in cells[-1]["error"]
        assert "Item features: text tfidf-svd" in " ".join(done.stdout.split())
        assert "4 runs: 2 reused" in here("run", "films.yaml", check=1).stderr
    finally:
        here("data", "remove", "films")
