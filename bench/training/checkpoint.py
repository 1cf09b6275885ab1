"""The state of an unfinished training in one file, so that a killed run goes on to the same bits.

One safetensors file holds the weights, the optimiser's moments, the best weights so far and, as its
metadata, the loop's bookkeeping. It is written to a temporary name, synced and renamed.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn


@dataclass
class Epoch:
    """One row of history.csv; ``value`` is the monitored metric, None where it was not measured."""

    epoch: int
    loss: float
    value: float | None
    train_s: float
    validate_s: float


@dataclass
class Progress:
    """Where a training stands after its latest epoch; it took ``sessions`` processes to get there."""

    epochs: list[Epoch] = field(default_factory=list)
    best_epoch: int = 0
    best_value: float = float("-inf")
    stopped: str | None = None
    sessions: int = 1


def save(
    file: Path,
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    best: dict[str, Tensor],
    progress: Progress,
    code: str,
) -> None:
    """Write the state after an epoch, replacing the one before it atomically.

    ``code`` identifies the code that computed it: another one must not go on with it.
    """
    tensors = {f"model/{name}": value for name, value in model.state_dict().items()}
    tensors |= {f"best/{name}": value for name, value in best.items()}
    for number, state in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser/{number}/{name}": value for name, value in state.items()}
    part = file.with_suffix(".part")
    # A copy of each: safetensors refuses tensors that share memory (best may still be the model's).
    save_file(
        {name: value.detach().cpu().clone().contiguous() for name, value in tensors.items()},
        part,
        metadata={"progress": json.dumps(asdict(progress)), "code": code},
    )
    sync(part)
    part.replace(file)


def restore(
    file: Path, model: nn.Module, optimiser: torch.optim.Optimizer, code: str
) -> tuple[dict[str, Tensor], Progress] | None:
    """Load the state into model and optimiser.

    None, and both as they were, where there is no readable checkpoint of this code that fits the model.
    """
    try:
        with safe_open(file, "pt") as handle:
            if handle.metadata()["code"] != code:
                return None
            progress = json.loads(handle.metadata()["progress"])
            tensors = {name: handle.get_tensor(name) for name in handle.keys()}  # noqa: SIM118
    except (FileNotFoundError, SafetensorError, KeyError, ValueError):
        return None
    weights = _part(tensors, "model/")
    own = {name: value.shape for name, value in model.state_dict().items()}
    if own != {name: value.shape for name, value in weights.items()}:
        return None
    model.load_state_dict(weights)
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in _part(tensors, "optimiser/").items():
        number, _, key = name.partition("/")
        state.setdefault(int(number), {})[key] = value
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
    progress["epochs"] = [Epoch(**epoch) for epoch in progress["epochs"]]
    progress["sessions"] += 1
    return _part(tensors, "best/"), Progress(**progress)


def sync(file: Path) -> None:
    """Make sure the file's bytes are on disk before it gets its final name."""
    with file.open("rb") as handle:
        os.fsync(handle.fileno())


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
