"""The feature store: padding row, reuse, repair."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bench.data.datasets import prepare_dataset
from bench.data.prepared import Catalogue, PreparedDataset
from bench.data.sources.base import Progress
from bench.errors import InputError
from bench.features.category import MultiHot
from bench.features.encoder import Encoded
from bench.features.store import extract, stored_hash
from bench.registry import ENCODERS, MODALITIES
from bench.suite.encoders import DEFAULTS


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def dataset(home: Path) -> PreparedDataset:
    return prepare_dataset("toyshop", "shop", {"users": 20, "items": 30}, home)


@pytest.fixture
def encodings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one with each multi-hot encoding."""
    calls: list[int] = []
    original = MultiHot.encode

    def counted(encoder: MultiHot, catalogue: Catalogue, progress: Progress | None = None) -> Encoded:
        calls.append(1)
        return original(encoder, catalogue, progress)

    monkeypatch.setattr(MultiHot, "encode", counted)
    return calls


@pytest.mark.parametrize("modality", MODALITIES)
def test_row_0_pads_and_every_item_has_its_row(home: Path, dataset: PreparedDataset, modality: str) -> None:
    features = extract(dataset, modality, DEFAULTS[modality], {}, home)  # type: ignore[index,arg-type]
    assert features.values.shape == (dataset.n_items + 1, features.width)
    assert features.present.tolist() == [False] + [True] * dataset.n_items
    assert not features.values[0].any() and features.values[1:].any(axis=1).all()
    assert features.labels == (modality == "category")
    assert features.values.dtype == np.float32


def test_looking_at_a_hash_encodes_nothing(
    tmp_path: Path, dataset: PreparedDataset, encodings: list[int]
) -> None:
    assert stored_hash(dataset, "category", "multi-hot", {}, tmp_path) is None
    assert not encodings and not list(tmp_path.iterdir())
    made = extract(dataset, "category", "multi-hot", {}, tmp_path)
    assert stored_hash(dataset, "category", "multi-hot", {"minimum": 1}, tmp_path) == made.content_hash
    assert stored_hash(dataset, "category", "multi-hot", {"minimum": 2}, tmp_path) is None
    assert len(encodings) == 1
    with pytest.raises(InputError, match="made for category"):
        stored_hash(dataset, "text", "multi-hot", {}, tmp_path)


def test_the_default_encoders_suit_their_modality() -> None:
    assert {ENCODERS[name].modality: name for name in DEFAULTS.values()} == DEFAULTS


def test_the_label_names_the_encoder_with_its_options(home: Path, dataset: PreparedDataset) -> None:
    assert (
        extract(dataset, "text", "tfidf-svd", {}, home).encoder
        == "tfidf-svd(size=64, standardisation=zscore)"
    )
    assert (
        extract(dataset, "text", "tfidf-svd", {"size": 8}, home).encoder
        == "tfidf-svd(size=8, standardisation=zscore)"
    )
    assert extract(dataset, "text", "tfidf-svd", {"size": 8}, home).width == 8


def test_features_are_encoded_once(
    tmp_path: Path, dataset: PreparedDataset, encodings: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = extract(dataset, "category", "multi-hot", {}, tmp_path)
    second = extract(dataset, "category", "multi-hot", {"minimum": 1}, tmp_path)
    assert len(encodings) == 1
    assert first.content_hash == second.content_hash
    assert np.array_equal(first.values, second.values)
    extract(dataset, "category", "multi-hot", {"minimum": 2}, tmp_path)
    assert len(encodings) == 2
    entry = ENCODERS["multi-hot"]
    monkeypatch.setitem(ENCODERS, "multi-hot", type(entry)(**vars(entry) | {"version": 99}))
    extract(dataset, "category", "multi-hot", {}, tmp_path)
    assert len(encodings) == 3


@pytest.mark.parametrize("damage", ["flip", "cut", "json", "foreign"])
def test_damaged_features_are_rebuilt(
    tmp_path: Path, dataset: PreparedDataset, encodings: list[int], damage: str
) -> None:
    whole = extract(dataset, "category", "multi-hot", {}, tmp_path)
    (folder,) = (path for path in (tmp_path / "features").iterdir() if path.is_dir())
    tensors, facts = folder / "features.safetensors", folder / "features.json"
    if damage == "flip":
        content = bytearray(tensors.read_bytes())
        content[-1] ^= 1
        tensors.write_bytes(content)
    elif damage == "cut":
        tensors.write_bytes(tensors.read_bytes()[:-5])
    elif damage == "json":
        facts.write_text("{")
    else:
        facts.write_text(json.dumps(json.loads(facts.read_text()) | {"content_hash": "0"}))
    again = extract(dataset, "category", "multi-hot", {}, tmp_path)
    assert len(encodings) == 2
    assert again.content_hash == whole.content_hash
    assert np.array_equal(again.values, whole.values)
    extract(dataset, "category", "multi-hot", {}, tmp_path)
    assert len(encodings) == 2  # the repaired copy is good


def test_a_wrong_encoder_is_the_users_error(home: Path, dataset: PreparedDataset) -> None:
    with pytest.raises(InputError, match="made for text, not image"):
        extract(dataset, "image", "tfidf-svd", {}, home)
    with pytest.raises(InputError, match="did you mean 'multi-hot'"):
        extract(dataset, "category", "multihot", {}, home)
    with pytest.raises(InputError, match="minimum"):
        extract(dataset, "category", "multi-hot", {"minimum": 0}, home)
