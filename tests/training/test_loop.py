"""Early stopping, best weights, determinism, resumption to the same bits, clear ends of bad trainings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from bench.data.prepared import TrainingData
from bench.errors import TrainingError
from bench.evaluation.metrics import summarise
from bench.features.controls import controlled
from bench.features.table import ItemFeatures
from bench.models.base import ModelContext, SequentialModel
from bench.models.batch import Batch
from bench.models.building import build
from bench.registry import Modality
from bench.suite.settings import EvaluationSettings, TrainingSettings
from bench.training.checkpoint import Epoch, Progress
from bench.training.loop import Job, train, validation_ranks

ITEMS = 30


def shop(users: int = 40, seed: int = 0) -> TrainingData:
    """Sequences in which item i is mostly followed by i + 1."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(2, 9, size=users)
    parts = [(rng.integers(0, ITEMS) + np.arange(n + 1)) % ITEMS + 1 for n in lengths]
    return TrainingData(
        n_users=users,
        n_items=ITEMS,
        offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        items=np.concatenate([part[:-1] for part in parts]).astype(np.int64),
        validation=np.array([part[-1] for part in parts], dtype=np.int64),
    )


def model(name: str = "SASRec", seed: int = 3) -> SequentialModel:
    torch.manual_seed(seed)
    options = {"hidden_size": 16, "heads": 2, "layers": 1} if name != "GRU4Rec" else {}
    made = build(name, options, ModelContext(ITEMS, 40, max_length=8))
    assert isinstance(made, SequentialModel)
    return made


def job(**changes: object) -> Job:
    training = TrainingSettings(epochs=6, learning_rate=0.01, batch_size=32, max_length=8, patience=6)
    return Job(
        data=shop(),
        training=training.model_copy(update=changes),
        evaluation=EvaluationSettings(),
        seed=11,
    )


def weights(trained: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in trained.state_dict().items()}


def assert_same_bits(a: dict[str, Tensor], b: dict[str, Tensor]) -> None:
    assert a.keys() == b.keys()
    for name in a:
        assert torch.equal(a[name], b[name]), name


@pytest.mark.parametrize("name", ["SASRec", "GRU4Rec", "Caser", "BERT4Rec"])
def test_training_learns_and_keeps_the_best_weights(name: str) -> None:
    epochs = 100 if name == "BERT4Rec" else 25  # masked items take longer to learn from
    trained = caser() if name == "Caser" else model(name)
    work = job(epochs=epochs, patience=epochs)
    progress = train(trained, work)
    best = max(progress.epochs, key=lambda e: (e.value or 0.0, -e.epoch))
    assert progress.best_epoch == best.epoch
    ranks = validation_ranks(trained, work)
    value = summarise(("NDCG@10",), ranks.better, ranks.ties, "expected")["NDCG@10"]
    assert value == best.value  # the weights left in the model are those of the best epoch
    chance = sum(1 / np.log2(place + 1) for place in range(1, 11)) / ITEMS
    assert value > 1.5 * chance
    assert progress.epochs[-1].loss < progress.epochs[0].loss


def caser() -> SequentialModel:
    torch.manual_seed(3)
    made = build("Caser", {"embedding_size": 16}, ModelContext(ITEMS, 40, max_length=8))
    assert isinstance(made, SequentialModel)
    return made


@pytest.mark.parametrize("scheme", ["prefixes", "windows"])
@pytest.mark.parametrize("name", ["SASRec", "BERT4Rec"])
def test_same_seed_same_bits_other_seed_other_bits(name: str, scheme: str) -> None:
    runs = []
    for seed in (1, 1, 2):
        trained = model(name)
        train(trained, replace(job(scheme=scheme, epochs=2), seed=seed))
        runs.append(weights(trained))
    assert_same_bits(runs[0], runs[1])
    assert any(not torch.equal(runs[0][k], runs[2][k]) for k in runs[0])


class Stop(Exception):
    pass


@pytest.mark.parametrize("name", ["SASRec", "BERT4Rec", "GRU4Rec"])
@pytest.mark.parametrize("killed_after", [1, 3])
def test_a_resumed_training_ends_with_the_same_bits(tmp_path: Path, name: str, killed_after: int) -> None:
    whole = model(name)
    reference = train(whole, job())

    def kill(epoch: Epoch, progress: Progress) -> None:
        if epoch.epoch == killed_after:
            raise Stop

    file = tmp_path / "checkpoint.safetensors"
    work = replace(job(), checkpoint=file, checkpoint_every_s=0.0)
    with pytest.raises(Stop):
        train(model(name), replace(work, report=kill))
    resumed = model(name, seed=99)  # whatever it starts from, the checkpoint decides
    seen: list[int] = []
    progress = train(resumed, replace(work, report=lambda e, p: seen.append(e.epoch)))
    assert seen == list(range(killed_after + 1, 7))
    assert_same_bits(weights(whole), weights(resumed))
    assert [e.loss for e in progress.epochs] == [e.loss for e in reference.epochs]
    assert [e.value for e in progress.epochs] == [e.value for e in reference.epochs]
    assert progress.best_epoch == reference.best_epoch


def test_a_resumed_training_with_features_that_are_noise_ends_with_the_same_bits(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    values = rng.standard_normal((ITEMS + 1, 5)).astype(np.float32)
    values[0] = 0
    table = ItemFeatures("image", "made up", values, np.arange(ITEMS + 1) > 0, "0" * 64, labels=False)

    def maf(seed: int) -> SequentialModel:
        torch.manual_seed(seed)
        features: dict[Modality, ItemFeatures] = {"image": controlled(table, "noise", seed=11)}
        options = {"hidden_size": 16, "heads": 2, "layers": 1, "multimodal_size": 8, "lambda": 1}
        made = build("MAF", options, ModelContext(ITEMS, 40, max_length=8, features=features))
        assert isinstance(made, SequentialModel)
        return made

    def kill(epoch: Epoch, progress: Progress) -> None:
        if epoch.epoch == 2:
            raise Stop

    whole, resumed = maf(3), maf(99)
    reference = train(whole, job())
    work = replace(job(), checkpoint=tmp_path / "checkpoint.safetensors", checkpoint_every_s=0.0)
    with pytest.raises(Stop):
        train(maf(3), replace(work, report=kill))
    progress = train(resumed, work)
    assert_same_bits(weights(whole), weights(resumed))
    assert [e.value for e in progress.epochs] == [e.value for e in reference.epochs]
    ranks = [validation_ranks(each, work).better.tolist() for each in (whole, resumed, whole)]
    assert ranks[0] == ranks[1] == ranks[2]


def test_a_finished_training_is_not_continued(tmp_path: Path) -> None:
    work = replace(job(), checkpoint=tmp_path / "checkpoint.safetensors")
    first = model()
    train(first, work)
    second = model(seed=5)
    train(second, replace(work, report=lambda e, p: pytest.fail("trained again")))
    assert_same_bits(weights(first), weights(second))


@pytest.mark.parametrize("damage", [b"", b"\x10\0\0\0\0\0\0\0{}", b"no checkpoint at all"])
def test_a_damaged_checkpoint_starts_from_the_beginning(tmp_path: Path, damage: bytes) -> None:
    file = tmp_path / "checkpoint.safetensors"
    file.write_bytes(damage)
    whole, again = model(), model()
    train(whole, job(epochs=1))
    train(again, replace(job(epochs=1), checkpoint=file))
    assert_same_bits(weights(whole), weights(again))


class Scripted(SequentialModel):
    """Gives validation targets the places that a script dictates, one entry an epoch."""

    def __init__(self, places: list[int], loss: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.places, self.epoch, self.value = places, -1, loss
        self.register_buffer("mark", torch.zeros(1))

    def encode(self, batch: Batch) -> Tensor:
        raise AssertionError("not used")

    def output(self) -> tuple[Tensor, Tensor | None]:
        raise AssertionError("not used")

    def loss(self, batch: Batch) -> Tensor:
        return self.weight.sum() * 0 + self.value

    def train(self, mode: bool = True) -> Scripted:
        if mode and not self.training:
            self.epoch += 1
            self.get_buffer("mark").fill_(self.epoch)
        return super().train(mode)

    def scores(self, batch: Batch) -> Tensor:
        # The validation target of every user is item 1; items 2 ... p score higher.
        scores = torch.zeros(len(batch.users), ITEMS + 1)
        scores[:, 1] = 0.5
        scores[:, 2 : self.places[self.epoch] + 1] = 1.0
        return scores


def scripted(places: list[int], **changes: object) -> tuple[Scripted, Progress]:
    data = replace(shop(), validation=np.ones(40, dtype=np.int64))
    made = Scripted(places)
    made.eval()
    return made, train(made, replace(job(epochs=len(places), **changes), data=data))


def test_patience_counts_validations_without_a_higher_value() -> None:
    made, progress = scripted([5, 3, 4, 3, 9, 1], patience=3)
    # Epoch 2 is best; 4 is equal, which is no improvement; three in a row end it before the place 1.
    assert (len(progress.epochs), progress.best_epoch, progress.stopped) == (5, 2, "patience")
    assert made.get_buffer("mark").item() == 2  # the state after the second validation


def test_validation_can_be_rarer() -> None:
    _, progress = scripted([9, 5, 9, 4, 9], patience=5, validate_every=2)
    assert [e.value is not None for e in progress.epochs] == [False, True, False, True, True]
    assert (progress.best_epoch, progress.stopped) == (4, "epochs")


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_ends_the_training(loss: float) -> None:
    with pytest.raises(TrainingError, match=r"not finite .* in epoch 1"):
        train(Scripted([1, 1], loss), job())


def test_an_empty_training_set_is_said() -> None:
    data = TrainingData(2, 5, np.array([0, 1, 2]), np.array([1, 2]), np.array([3, 4]))
    with pytest.raises(TrainingError, match="training set is empty"):
        train(model(), replace(job(), data=data))


@pytest.mark.parametrize("change", ["code", "shape"])
def test_a_checkpoint_of_other_code_or_another_model_is_not_continued(tmp_path: Path, change: str) -> None:
    file = tmp_path / "checkpoint.safetensors"
    work = replace(job(epochs=2), checkpoint=file, code="before")
    torch.manual_seed(0)
    other = build("SASRec", {"hidden_size": 8, "layers": 1}, ModelContext(ITEMS, 40, max_length=8))
    assert isinstance(other, SequentialModel)
    train(model() if change == "code" else other, work)
    whole, again = model(), model()
    train(whole, job(epochs=2))
    train(again, replace(work, code="after" if change == "code" else "before"))
    assert_same_bits(weights(whole), weights(again))


def test_masked_items_need_two_places() -> None:
    torch.manual_seed(0)
    short = build("BERT4Rec", {"hidden_size": 8, "layers": 1}, ModelContext(ITEMS, 40, max_length=1))
    assert isinstance(short, SequentialModel)
    with pytest.raises(TrainingError, match="max_length must be at least 2"):
        train(short, job(max_length=1))
