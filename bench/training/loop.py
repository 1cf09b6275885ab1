"""Training with early stopping on validation. Test targets are out of reach: `TrainingData` holds none."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from bench.data.prepared import TrainingData
from bench.errors import TrainingError
from bench.evaluation.metrics import summarise
from bench.evaluation.ranking import Ranks, histories, rank
from bench.models.base import Recommender, SequentialModel
from bench.models.batch import Batch
from bench.models.tables import noisy_tables
from bench.suite.settings import EvaluationSettings, TrainingSettings
from bench.training.batches import (
    all_targets,
    all_windows,
    masked_epoch,
    prefixes_epoch,
    windows_epoch,
)
from bench.training.checkpoint import Epoch, Progress, restore, save

CHECKPOINT_EVERY_S = 20.0


@dataclass(frozen=True)
class Job:
    """One training: what to train on, how, and where its unfinished state goes.

    Attributes:
        data: training parts and validation targets.
        training: the suite's training settings.
        evaluation: how validation targets are ranked.
        seed: of weights, batches and dropout.
        device: where the model computes.
        checkpoint: file of the unfinished state, or None to keep none.
        report: called after every epoch.
        checkpoint_every_s: seconds between two checkpoints, at least.
        code: identifies the code that computes; a checkpoint of other code is not continued.
    """

    data: TrainingData
    training: TrainingSettings
    evaluation: EvaluationSettings
    seed: int
    device: str = "cpu"
    checkpoint: Path | None = None
    report: Callable[[Epoch, Progress], None] = lambda epoch, progress: None
    checkpoint_every_s: float = CHECKPOINT_EVERY_S
    code: str = ""


def train(model: SequentialModel, job: Job) -> Progress:
    """Train ``model`` and leave the weights of its best validation epoch in it.

    Epoch e draws its batches and dropout from (seed, e) alone, so that a training resumed from a
    checkpoint ends with the same bits as one that was not interrupted. Training stops after
    ``training.epochs``, or when ``training.patience`` validations in a row brought no higher value.

    Raises:
        TrainingError: there are no targets to train on, or the loss is not finite.
    """
    if job.data.n_targets == 0:
        raise TrainingError(
            "the training set is empty: no user has more than three interactions, and the last two are"
            " held out for validation and test"
        )
    optimiser = adam(model, job.training)
    best: dict[str, Tensor] = {}
    progress = Progress()
    found = restore(job.checkpoint, model, optimiser, job.code) if job.checkpoint else None
    if found is not None:
        best, progress = found
    batches = epoch_batches(model, job)
    saved = time.perf_counter()
    while progress.stopped is None:
        epoch = _one_epoch(model, optimiser, batches, job, len(progress.epochs) + 1)
        progress.epochs.append(epoch)
        if epoch.value is not None and epoch.value > progress.best_value:
            progress.best_epoch, progress.best_value = epoch.epoch, epoch.value
            best = {name: value.detach().clone() for name, value in model.state_dict().items()}
        progress.stopped = _verdict(progress, job.training)
        due = time.perf_counter() - saved >= job.checkpoint_every_s
        if job.checkpoint and (due or progress.stopped):
            save(job.checkpoint, model, optimiser, best, progress, job.code)
            saved = time.perf_counter()
        job.report(epoch, progress)
    model.load_state_dict(best)
    return progress


def validation_ranks(model: Recommender, job: Job) -> Ranks:
    """Places of the validation targets after the training parts."""
    targets = job.data.validation_targets()
    return rank(
        model,
        histories(job.data, targets.users, with_validation=False),
        targets,
        n_items=job.data.n_items,
        max_length=job.training.max_length,
        mask_history=job.evaluation.mask_history,
        chunk=job.evaluation.batch_size,
        device=job.device,
    )


def epoch_batches(model: SequentialModel, job: Job) -> Callable[[np.random.Generator], Iterator[Batch]]:
    """The function that draws an epoch's batches for this model and scheme."""
    data, t = job.data, job.training
    if model.objective == "masked":
        return lambda rng: masked_epoch(data, t.max_length, model.mask_ratio, t.batch_size, rng)
    if t.scheme == "windows" and model.causal:
        windows = all_windows(data, t.max_length, t.stride)
        return lambda rng: windows_epoch(data, windows, t.batch_size, rng)
    targets = all_targets(data)
    return lambda rng: prefixes_epoch(data, targets, t.batch_size, t.max_length, rng, share=model.causal)


def train_epoch(
    model: SequentialModel,
    optimiser: torch.optim.Optimizer,
    batches: Callable[[np.random.Generator], Iterator[Batch]],
    seed: int,
    number: int,
    device: str = "cpu",
) -> float:
    """Train one epoch; the mean loss over its targets.

    Args:
        model: in training mode afterwards.
        optimiser: of the model's parameters.
        batches: of `epoch_batches`.
        seed: with ``number`` it decides batches and dropout.
        number: of the epoch, from 1.
        device: where the model is.

    Raises:
        TrainingError: there are no targets, or the loss is not finite.
    """
    rng = np.random.default_rng([seed, number])
    torch.manual_seed(int(rng.integers(2**62)))
    model.train()
    total = torch.zeros((), device=device)
    kind = torch.device(device).type
    count = 0
    noisy = noisy_tables(model)
    for batch in batches(rng):
        for table in noisy:
            table.redraw()
        optimiser.zero_grad(set_to_none=True)
        with torch.autocast(kind, torch.bfloat16, enabled=model.bf16 and kind != "cpu"):
            loss = model.loss(batch.to(device))
        loss.backward()
        optimiser.step()
        total += loss.detach() * len(batch.targets)
        count += len(batch.targets)
    if count == 0:
        raise TrainingError(
            "an epoch has no targets: training.max_length must be at least 2 for a model with masked items"
        )
    mean = float(total) / count
    if not math.isfinite(mean):
        raise TrainingError(
            f"the loss is not finite ({mean}) in epoch {number}: the training diverged; a smaller"
            " training.learning_rate may help"
        )
    return mean


def adam(model: SequentialModel, training: TrainingSettings) -> torch.optim.Optimizer:
    """The optimiser of every model."""
    return torch.optim.Adam(
        model.parameters(), lr=training.learning_rate, weight_decay=training.weight_decay, fused=True
    )


def _one_epoch(
    model: SequentialModel,
    optimiser: torch.optim.Optimizer,
    batches: Callable[[np.random.Generator], Iterator[Batch]],
    job: Job,
    number: int,
) -> Epoch:
    start = time.perf_counter()
    mean = train_epoch(model, optimiser, batches, job.seed, number, job.device)
    trained = time.perf_counter()
    value = None
    if number % job.training.validate_every == 0 or number == job.training.epochs:
        ranks = validation_ranks(model, job)
        monitor = job.training.monitor
        value = summarise((monitor,), ranks.better, ranks.ties, job.evaluation.ties)[monitor]
    return Epoch(number, mean, value, trained - start, time.perf_counter() - trained)


def _verdict(progress: Progress, training: TrainingSettings) -> str | None:
    """Why training ends after the latest epoch, or None."""
    since = sum(e.value is not None for e in progress.epochs if e.epoch > progress.best_epoch)
    if since >= training.patience:
        return "patience"
    if len(progress.epochs) >= training.epochs:
        return "epochs"
    return None
