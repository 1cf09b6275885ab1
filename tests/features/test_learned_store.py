"""Features of encoders with weights on disk: their size, what is made of them, kills, and other weights."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file
from sklearn.decomposition import PCA

from bench.data.datasets import prepare_dataset
from bench.data.prepared import PreparedDataset, load_catalogue
from bench.errors import DataError
from bench.features.learned import LearnedEncoder
from bench.features.store import extract, stored_hash
from bench.features.torchvision_images import TorchvisionImages

Published = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def dataset(home: Path) -> PreparedDataset:
    return prepare_dataset("toyshop", "shop", {"users": 20, "items": 40}, home)


@pytest.fixture
def encodings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows by one with each encoding of pictures."""
    calls: list[str] = []
    original = TorchvisionImages.encode

    def counted(encoder: LearnedEncoder, *rest: Any) -> Any:
        calls.append("encode")
        return original(encoder, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(TorchvisionImages, "encode", counted)
    return calls


def only(home: Path) -> Path:
    (folder,) = (path for path in (home / "features").iterdir() if path.is_dir())
    return folder


def test_values_are_halves_and_read_as_such(
    dataset: PreparedDataset, published: Published, tmp_path: Path
) -> None:
    options = published["torchvision"]
    found = extract(dataset, "image", "torchvision", options, tmp_path)
    stored = load_file(only(tmp_path) / "features.safetensors")["values"]
    assert stored.dtype == np.float16 and stored.shape == (dataset.n_items + 1, 512)
    assert len(np.unique(stored[1:], axis=0)) > dataset.n_items / 2
    assert found.values.dtype == np.float32
    np.testing.assert_array_equal(found.values, stored.astype(np.float32))
    assert stored_hash(dataset, "image", "torchvision", options, tmp_path) == found.content_hash


def test_standardised_and_reduced_from_what_is_stored(
    dataset: PreparedDataset, published: Published, tmp_path: Path, encodings: list[str]
) -> None:
    options = published["torchvision"]
    plain = extract(dataset, "image", "torchvision", options, tmp_path)
    scaled = extract(dataset, "image", "torchvision", options | {"standardisation": "zscore"}, tmp_path)
    small = extract(dataset, "image", "torchvision", options | {"dimensions": 8}, tmp_path)
    assert len(encodings) == 1
    used = plain.values[1:].astype(np.float64)
    deviation = used.std(0)
    moving = deviation > 1e-3
    assert moving.sum() > 100
    expected = (used - used.mean(0))[:, moving] / deviation[moving]
    np.testing.assert_allclose(scaled.values[1:, moving], expected, atol=5e-3)
    reference = PCA(8, svd_solver="full").fit_transform(used)
    assert small.values.shape == (dataset.n_items + 1, 8)
    np.testing.assert_allclose(np.abs(small.values[1:]), np.abs(reference), rtol=5e-3, atol=5e-3)
    both = {
        mode: extract(
            dataset, "image", "torchvision", options | {"standardisation": mode, "dimensions": 8}, tmp_path
        )
        for mode in ("zscore", "l2")
    }
    np.testing.assert_allclose(
        np.abs(both["zscore"].values[1:]), np.abs(reference / reference.std(0)), rtol=1e-2, atol=1e-2
    )
    np.testing.assert_allclose(np.linalg.norm(both["l2"].values[1:], axis=1), 1, atol=2e-3)
    assert "standardisation=zscore" in scaled.encoder and "dimensions=8" in small.encoder
    assert len({plain.content_hash, scaled.content_hash, small.content_hash}) == 3


def test_weights_that_cannot_be_read_leave_nothing_begun(dataset: PreparedDataset, tmp_path: Path) -> None:
    (tmp_path / "weights.pth").write_bytes(b"no weights")
    options = {"model": "vgg16", "weights": str(tmp_path / "weights.pth")}
    with pytest.raises(DataError, match="weights"):
        extract(dataset, "image", "torchvision", options, tmp_path / "home")
    assert [path.suffix for path in (tmp_path / "home").rglob("*") if path.is_dir()] == [""]


def test_the_label_says_which_weights_without_saying_where(
    dataset: PreparedDataset, published: Published, tmp_path: Path
) -> None:
    found = extract(dataset, "image", "torchvision", published["torchvision"], tmp_path)
    assert found.encoder == ("torchvision(model=squeezenet1_1, standardisation=none, weights=squeezenet.pth)")


def test_other_weights_under_the_same_name_are_noticed(
    dataset: PreparedDataset, published: Published, tmp_path: Path, encodings: list[str]
) -> None:
    import torch

    file = tmp_path / "mine.pth"
    shutil.copy(published["torchvision"]["weights"], file)
    options = published["torchvision"] | {"weights": str(file)}
    before = extract(dataset, "image", "torchvision", options, tmp_path)
    state = torch.load(file, weights_only=True)
    state["features.0.bias"] += 0.5
    torch.save(state, file)
    assert stored_hash(dataset, "image", "torchvision", options, tmp_path) is None
    after = extract(dataset, "image", "torchvision", options, tmp_path)
    assert after.content_hash != before.content_hash and len(encodings) == 2
    file.unlink()
    assert stored_hash(dataset, "image", "torchvision", options, tmp_path) is None


def test_killed_and_begun_again_the_bytes_are_the_same(
    dataset: PreparedDataset, published: Published, tmp_path: Path
) -> None:
    """A real process, a real kill."""
    weights = published["torchvision"]["weights"]
    words = ["toyshop[users=20,items=132]", "--image", f"torchvision/squeezenet1_1[weights={weights}]"]

    def start(home: Path) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "bench", "features", "extract", *words],
            env={**os.environ, "BENCH_HOME": str(home)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    whole = start(tmp_path / "whole")
    printed, _ = whole.communicate(timeout=300)
    assert whole.returncode == 0, printed
    assert "torchvision(model=squeezenet1_1" in printed

    killed = start(tmp_path / "killed")
    features = tmp_path / "killed" / "features"
    until = time.monotonic() + 300
    while len(kept := sorted(features.glob("*.work/*.safetensors"))) < 2 and time.monotonic() < until:
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert 2 <= len(kept) < 5, "it ended before it was killed"
    assert not list(features.glob("*/features.json"))
    times = {file: file.stat().st_mtime_ns for file in kept}
    linked = tmp_path / "links"  # the working folder goes when all is done
    linked.mkdir()
    for file in kept:
        os.link(file, linked / file.name)

    again = start(tmp_path / "killed")
    printed, _ = again.communicate(timeout=300)
    assert again.returncode == 0, printed
    assert [(linked / file.name).stat().st_mtime_ns for file in kept] == list(times.values())
    one, other = (only(tmp_path / name) / "features.safetensors" for name in ("whole", "killed"))
    assert one.read_bytes() == other.read_bytes()
    assert not list(features.glob("*.work"))


@pytest.mark.requires("data")
def test_real_posters_and_plots(
    shared_data: Path, published: Published, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Films of a few users of the real multimodal set; what should be there is counted by plain Python."""
    monkeypatch.setenv("BENCH_DATA", str(shared_data / "ml-100k-multimodal"))
    options = {
        **{"interactions": "interactions.csv", "items": "items.csv", "title": "title", "text": "text"},
        **{"categories": "categories", "image": "image", "users": 4, "last": 20},
    }
    films = prepare_dataset("tables", "films", options, tmp_path)
    catalogue = load_catalogue(films)
    with (shared_data / "ml-100k-multimodal" / "items.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["item_id"]: row for row in csv.DictReader(file)}
    posters = [
        bool(rows[name]["image"]) and (shared_data / "ml-100k-multimodal" / rows[name]["image"]).is_file()
        for name in catalogue.ids
    ]
    assert 40 < len(posters) <= 80
    images = extract(films, "image", "torchvision", published["torchvision"], tmp_path)
    assert images.present[1:].tolist() == posters
    assert len(np.unique(images.values[images.present], axis=0)) == sum(posters)
    texts = extract(films, "text", "huggingface", published["huggingface"], tmp_path)
    assert texts.present[1:].all() and len(np.unique(texts.values, axis=0)) > 0.9 * len(posters)
