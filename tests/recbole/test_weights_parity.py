"""RecBole's weights in the native models: the same scores, losses, metrics and trained weights.

One process builds RecBole's own models on a cut of MovieLens-100K (`reference.py`), with every weight drawn
large enough to show, dropout off. A fifth of the films loses its genres, so that missing contents are met.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from safetensors.numpy import load_file as load_arrays
from safetensors.torch import load_file
from torch import Tensor

from bench.data.prepared import Catalogue, Targets, TrainingData
from bench.data.sources.ml100k import read_atomic, recbole_copy
from bench.errors import InputError
from bench.evaluation.metrics import summarise
from bench.evaluation.ranking import rank
from bench.features.category import LabelMean, MultiHot
from bench.features.encoder import Encoded
from bench.features.table import ItemFeatures
from bench.models.base import ModelContext, SequentialModel
from bench.models.batch import pack
from bench.models.building import build
from bench.models.contents import DenseContents
from bench.recbole.weights import RULES, Numbering, native_state
from bench.registry import Modality
from bench.suite.settings import LabelMeanSettings, MultiHotSettings
from bench.training.batches import all_targets, target_batch

pytestmark = pytest.mark.requires("recbole")

IntArray = npt.NDArray[np.int64]

USERS, NEWEST, MAX_LENGTH, LEARNING_RATE, STEPS = 60, 14, 8, 1e-2, 50
TOPK = [1, 5, 10, 20]

# The same sizes for both; RecBole's names and ours. All different, so that nothing fits by chance.
ATTENTION = {"hidden_size": 16, "n_layers": 3, "n_heads": 4, "inner_size": 24}
NO_DROPOUT = {"hidden_dropout_prob": 0.0, "attn_dropout_prob": 0.0}
MEAN = {"selected_features": ["class"], "pooling_mode": "mean"}
SUM = MEAN | {"pooling_mode": "sum"}
RECBOLE: dict[str, dict[str, Any]] = {
    "SASRec": {**ATTENTION, **NO_DROPOUT},
    "GRU4Rec": {"embedding_size": 12, "hidden_size": 20, "num_layers": 2, "dropout_prob": 0.0},
    "SASRecF": {**ATTENTION, **NO_DROPOUT, **MEAN},
    "SASRecF-sum": {**ATTENTION, **NO_DROPOUT, **SUM},
    "FDSA": {**ATTENTION, **NO_DROPOUT, **MEAN},
    "Caser": {"embedding_size": 12, "nh": 3, "nv": 2, "dropout_prob": 0.0, "reg_weight": 1e-2},
}
BLOCKS = {"hidden_size": 16, "layers": 3, "heads": 4, "inner_size": 24}
OFF = {"hidden_dropout": 0.0, "attention_dropout": 0.0}
NATIVE: dict[str, dict[str, Any]] = {
    "SASRec": {**BLOCKS, **OFF},
    "GRU4Rec": {"embedding_size": 12, "hidden_size": 20, "layers": 2, "dropout": 0.0},
    "SASRecF": {**BLOCKS, **OFF},
    "SASRecF-sum": {**BLOCKS, **OFF},
    "FDSA": {**BLOCKS, **OFF},
    "Caser": {
        **{"embedding_size": 12, "horizontal_filters": 3, "vertical_filters": 2},
        **{"dropout": 0.0, "regularisation": 1e-2},
    },
}


class World:
    """A cut of MovieLens-100K, and what RecBole's models say about it.

    Attributes:
        data: training parts and validation targets.
        test: [U] test targets.
        categories: mean and sum of labels per item, some items without.
        histories: [R] random rows of 1 to MAX_LENGTH items.
        history_users: [R].
        batches: numbers of the training targets in each batch.
        numbering: from our numbers to RecBole's.
        answers: RecBole's losses and metrics by model.
        folder: with the weights and scores.
    """

    def __init__(self, folder: Path, run_file: Callable[[Path, Path], None]) -> None:
        self.folder = folder
        parts, genres = cut()
        self._make_data(parts)
        labels = self._make_features(genres)
        rng = np.random.default_rng(1)
        lengths = np.concatenate([np.arange(1, MAX_LENGTH + 1), rng.integers(1, MAX_LENGTH + 1, size=292)])
        self.histories = [rng.integers(1, self.data.n_items + 1, size=length) for length in lengths]
        self.history_users = rng.integers(0, USERS, size=len(lengths))
        self.batches = [rng.permutation(self.data.n_targets)[:100] for _ in range(STEPS)]
        self._write(parts, genres, labels)
        run_file(Path(__file__).with_name("reference.py"), folder)
        self.answers = json.loads((folder / "answer.json").read_text(encoding="utf-8"))
        self.numbering = Numbering(**load_arrays(folder / "numbering.safetensors"))

    def _make_data(self, parts: list[IntArray]) -> None:
        lengths = [len(part) - 2 for part in parts]
        self.test = np.array([part[-1] for part in parts])
        self.data = TrainingData(
            n_users=len(parts),
            n_items=int(max(part.max() for part in parts)),
            offsets=np.concatenate([[0], np.cumsum(lengths)]),
            items=np.concatenate([part[:-2] for part in parts]),
            validation=np.array([part[-2] for part in parts]),
        )

    def _make_features(self, genres: list[tuple[str, ...]]) -> tuple[str, ...]:
        n = len(genres)
        empty = ("",) * n
        catalogue = Catalogue(tuple(map(str, range(n))), empty, empty, tuple(genres), (None,) * n)
        mean = LabelMean(LabelMeanSettings()).encode(catalogue)
        total = MultiHot(MultiHotSettings()).encode(catalogue)
        self.categories = {"mean": table("label-mean", mean), "sum": table("multi-hot", total)}
        return mean.columns

    def _write(self, parts: list[IntArray], genres: list[tuple[str, ...]], labels: tuple[str, ...]) -> None:
        """RecBole's atomic files, with places in the history as times, and what it is asked."""
        (self.folder / "data").mkdir()
        rows = [f"u{u}\ti{i}\t{t}" for u, part in enumerate(parts) for t, i in enumerate(part)]
        header = "user_id:token\titem_id:token\ttimestamp:float"
        write_lines(self.folder / "data" / "data.inter", [header, *rows])
        films = [f"i{n}\t{' '.join(of_item)}" for n, of_item in enumerate(genres, start=1)]
        write_lines(self.folder / "data" / "data.item", ["item_id:token\tclass:token_seq", *films])
        targets = all_targets(self.data)
        job = {
            "models": RECBOLE,
            "max_length": MAX_LENGTH,
            "topk": TOPK,
            "learning_rate": LEARNING_RATE,
            "n_items": self.data.n_items,
            "n_users": USERS,
            "labels": labels,
            "histories": [row.tolist() for row in self.histories],
            "history_users": self.history_users.tolist(),
            "batches": [
                np.stack([targets.user[chosen], targets.place[chosen]], axis=1).tolist()
                for chosen in self.batches
            ],
        }
        (self.folder / "job.json").write_text(json.dumps(job), encoding="utf-8")

    def tensors(self, name: str, prefix: str) -> dict[str, Tensor]:
        """RecBole's state before or after training."""
        stored = load_file(self.folder / f"{name}.safetensors")
        return {
            key.removeprefix(f"{prefix}."): value for key, value in stored.items() if key.startswith(prefix)
        }

    def model(self, label: str, dtype: torch.dtype = torch.float64) -> SequentialModel:
        """The native model with RecBole's weights."""
        name, _, pooling = label.partition("-")
        features: dict[Modality, ItemFeatures] = {"category": self.categories[pooling or "mean"]}
        context = ModelContext(self.data.n_items, USERS, MAX_LENGTH, features)
        model = build(name, NATIVE[label], context)
        assert isinstance(model, SequentialModel)
        model.load_state_dict(self.native(label, "before"))
        model = model.to(dtype)
        for module in model.modules():
            if isinstance(module, DenseContents) and not pooling:
                # Features are stored as float32; a third in float32 would hide what 1e-8 is to show.
                table = module.table("category")
                carried = (table.values > 0).to(dtype)
                table.values = carried / carried.sum(1, keepdim=True).clamp(min=1)
        return model

    def native(self, label: str, prefix: str) -> dict[str, Tensor]:
        """RecBole's weights before or after training, for the native model."""
        return native_state(label.partition("-")[0], self.tensors(label, prefix), self.numbering)

    def batch(self, model: SequentialModel, number: int) -> Any:
        """The same targets as RecBole's batch, as scheme `prefixes` makes them."""
        targets = all_targets(self.data)
        return target_batch(self.data, targets, self.batches[number], MAX_LENGTH, share=model.causal)


def cut() -> tuple[list[IntArray], list[tuple[str, ...]]]:
    """The newest interactions of the first users, items numbered from 1, and each item's genres."""
    folder = recbole_copy()
    assert folder is not None
    raw = read_atomic(folder)
    films = dict(zip(raw.items["id"].to_pylist(), raw.items["categories"].to_pylist(), strict=True))
    histories: dict[str, list[tuple[int, str]]] = {}
    for row in raw.interactions.to_pylist():
        histories.setdefault(row["user"], []).append((row["timestamp"], row["item"]))
    chosen = [[item for _, item in sorted(h)][-NEWEST:] for h in list(histories.values())[:USERS]]
    used = sorted({item for part in chosen for item in part})
    number = {item: place for place, item in enumerate(used, start=1)}
    genres = [() if place % 5 == 0 else tuple(films[item]) for place, item in enumerate(used)]
    return [np.array([number[item] for item in part]) for part in chosen], genres


def table(encoder: str, encoded: Encoded) -> ItemFeatures:
    """The features as a model takes them: a row for the padding item first."""
    return ItemFeatures(
        modality="category",
        encoder=encoder,
        values=np.pad(encoded.values, ((1, 0), (0, 0))),
        present=np.pad(encoded.present, (1, 0)),
        content_hash="",
        labels=encoder == "multi-hot",
    )


def write_lines(file: Path, lines: list[str]) -> None:
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, run_file: Callable[[Path, Path], None]) -> World:
    return World(tmp_path_factory.mktemp("parity"), run_file)


each_model = pytest.mark.parametrize("name", RECBOLE)


@each_model
def test_scores_are_recboles(world: World, name: str) -> None:
    model = world.model(name, torch.float32).eval()
    found = []
    with torch.no_grad():
        for places in np.array_split(np.arange(len(world.histories)), 3):
            rows = [world.histories[place] for place in places]
            at = np.array([[row, len(items) - 1] for row, items in enumerate(rows)])
            found.append(model.scores(pack(rows, at, world.history_users[places])))
    wanted = world.tensors(name, "scores")["scores"]
    # Scores of this size mean that every weight took part; all-but-equal zeros would agree too.
    assert wanted.std() > 0.3
    torch.testing.assert_close(torch.cat(found), wanted, rtol=1e-5, atol=1e-5)


@each_model
def test_the_training_loss_is_recboles(world: World, name: str) -> None:
    model = world.model(name).train()
    loss = model.loss(world.batch(model, 0)).item()
    wanted = world.answers[name]["loss"]
    if name == "Caser":
        # RecBole's norm of the user table counts row 0, which stands for no user and is never looked up.
        table = world.tensors(name, "before")["user_embedding.weight"].double()
        wanted -= NATIVE[name]["regularisation"] * (table.norm() - table[1:].norm()).item()
    assert loss == pytest.approx(wanted, rel=0, abs=1e-8)


def test_without_the_correction_the_unused_row_would_show(world: World) -> None:
    model = world.model("Caser")
    assert abs(model.loss(world.batch(model, 0)).item() - world.answers["Caser"]["loss"]) > 1e-4


@each_model
def test_fifty_steps_of_adam_give_recboles_losses_and_weights(world: World, name: str) -> None:
    # For Caser RecBole trained with row 0 of its user table at zero, where its norm leaves it.
    model = world.model(name).train()
    optimiser = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, fused=True)
    losses = []
    for number in range(len(world.batches)):
        optimiser.zero_grad()
        loss = model.loss(world.batch(model, number))
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses == pytest.approx(world.answers[name]["losses"], rel=0, abs=1e-8)
    assert losses[-1] != pytest.approx(losses[0], abs=1e-2)
    wanted = world.native(name, "after")
    for key, weight in model.state_dict().items():
        torch.testing.assert_close(weight, wanted[key], rtol=0, atol=1e-8, msg=key)


@each_model
def test_ranks_give_recboles_metrics(world: World, name: str) -> None:
    rows = [
        np.append(world.data.history(user), world.data.validation[user]) for user in range(world.data.n_users)
    ]
    ranks = rank(
        world.model(name),
        rows,
        Targets(np.arange(len(rows)), world.test),
        n_items=world.data.n_items,
        max_length=MAX_LENGTH,
        chunk=25,
    )
    names = tuple(f"{metric}@{k}" for metric in ("Recall", "NDCG", "MRR") for k in TOPK)
    found = summarise(names, ranks.better, ranks.ties, "expected")
    assert {key.lower(): value for key, value in found.items()} == pytest.approx(
        world.answers[name]["metrics"], rel=0, abs=1e-10
    )
    assert 0 < found["Recall@20"] < 1


def test_every_model_with_rules_is_tested() -> None:
    assert {label.partition("-")[0] for label in RECBOLE} == RULES.keys()


@each_model
def test_every_weight_of_recbole_is_needed(world: World, name: str) -> None:
    whole = world.tensors(name, "before")
    model = world.model(name)
    for key in whole:
        rest = {other: value for other, value in whole.items() if other != key}
        with pytest.raises((InputError, RuntimeError)):  # load_state_dict raises the second
            model.load_state_dict(native_state(name.partition("-")[0], rest, world.numbering))


@each_model
def test_a_weight_that_no_rule_knows_is_an_error(world: World, name: str) -> None:
    state = world.tensors(name, "before") | {"gate.weight": torch.zeros(1)}
    with pytest.raises(InputError, match=r"lacks: gate\.weight"):
        native_state(name.partition("-")[0], state, world.numbering)
