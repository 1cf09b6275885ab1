"""Places of the targets among all items.

Every prepared item is a candidate, also those that occur in no training part and those the user already
has; the padding item never is. The target's score is read from the same matrix as all others, so that
equal scores are recognised as ties.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from bench.data.prepared import Targets, TrainingData
from bench.errors import TrainingError
from bench.models.base import Recommender, SequentialModel
from bench.models.batch import Batch, pack
from bench.models.chunks import chunk_rows

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Ranks:
    """Where each target stands.

    Attributes:
        targets: users [M] and item numbers [M].
        better: [M] other candidates with a strictly higher score.
        ties: [M] other candidates with exactly the same score.
    """

    targets: Targets
    better: IntArray
    ties: IntArray


def histories(data: TrainingData, users: IntArray, with_validation: bool) -> list[IntArray]:
    """The users' histories: the training part, and for the test step what was held out after it."""
    if not with_validation:
        return [data.history(user) for user in users.tolist()]
    return [np.append(data.history(user), data.held_out(user)) for user in users.tolist()]


def rows_for_scoring(
    model: Recommender, rows: list[IntArray], users: IntArray, n_items: int, max_length: int
) -> Batch:
    """One row per user, cut to its newest items, ready for ``model.scores``.

    A model with masked objective gets the mask token (n_items + 1) after the history.
    """
    masked = isinstance(model, SequentialModel) and model.objective == "masked"
    if masked:
        rows = [
            np.append(row[len(row) - max_length + 1 :] if len(row) >= max_length else row, n_items + 1)
            for row in rows
        ]
    else:
        rows = [row[-max_length:] for row in rows]
    last = np.array([len(row) - 1 for row in rows])
    return pack(rows, np.stack([np.arange(len(rows)), last], axis=1), users)


@torch.inference_mode()
def rank(
    model: Recommender,
    rows: list[IntArray],
    targets: Targets,
    *,
    n_items: int,
    max_length: int,
    mask_history: bool = False,
    chunk: int = 256,
    device: torch.device | str = "cpu",
) -> Ranks:
    """Rank every target among all items.

    Args:
        model: scores the rows; it is put into evaluation mode and back.
        rows: [M] histories of the targets' users, oldest first.
        targets: users and items.
        n_items: number of candidates.
        max_length: histories are cut to this many items (including a mask token).
        mask_history: leave the items of the history out of the candidates (never the target).
        chunk: users scored at a time; bounds the memory to chunk x n_items scores.
        device: where the model is.

    Raises:
        TrainingError: a score is not finite.
    """
    was_training = model.training
    model.eval()
    better, ties = torch.empty(2, len(rows), dtype=torch.int64, device=device)
    # Rows of equal length side by side: attention runs once for all of a length.
    order = np.argsort([len(row) for row in rows], kind="stable")
    width = min(chunk, chunk_rows(n_items * torch.get_default_dtype().itemsize, device))
    for start in range(0, len(rows), width):
        chosen = order[start : start + width]
        own = [rows[m] for m in chosen]
        batch = rows_for_scoring(model, own, targets.users[chosen], n_items, max_length).to(device)
        scores_MV = model.scores(batch)[:, 1:]
        wanted_M1 = torch.from_numpy(targets.items[chosen] - 1).to(device)[:, None]
        require_finite(scores_MV)
        if mask_history:
            scores_MV = _without_history(scores_MV, own, wanted_M1)
        at = torch.from_numpy(chosen).to(device)
        better[at], ties[at] = count(scores_MV, wanted_M1)
    model.train(was_training)
    return Ranks(targets, better.cpu().numpy(), ties.cpu().numpy())


def count(scores_MV: Tensor, wanted_M1: Tensor) -> tuple[Tensor, Tensor]:
    """How many scores are better than and how many others equal the wanted one: [M] and [M]."""
    score_M1 = scores_MV.gather(1, wanted_M1)
    # Comparisons straight into numbers, whose sum is much faster than that of truth values, and exact while
    # it fits the mantissa.
    exact = torch.float32 if scores_MV.shape[1] < 2**24 else torch.float64
    compared = torch.empty_like(scores_MV, dtype=exact)
    better_M = torch.gt(scores_MV, score_M1, out=compared).sum(1).long()
    at_least_M = torch.ge(scores_MV, score_M1, out=compared).sum(1).long()
    return better_M, at_least_M - better_M - 1


def require_finite(scores_MV: Tensor) -> None:
    """Accept scores [M, V] that are all finite.

    Raises:
        TrainingError: one is not.
    """
    # One reduction in the usual case; a finite matrix whose sum overflows gets the exact look.
    if not torch.isfinite(scores_MV.sum()) and not torch.isfinite(scores_MV).all():
        raise TrainingError("a score is not finite: the model diverged, so no rank is meaningful")


def _without_history(scores_MV: Tensor, rows: list[IntArray], wanted_M1: Tensor) -> Tensor:
    """The scores with the items of each history at -inf, the target's kept."""
    lengths = torch.tensor([len(row) for row in rows])
    users = torch.repeat_interleave(torch.arange(len(rows)), lengths).to(scores_MV.device)
    items = torch.from_numpy(np.concatenate(rows) - 1).to(scores_MV.device)
    kept_M1 = scores_MV.gather(1, wanted_M1)
    masked = scores_MV.clone()
    masked[users, items] = -torch.inf
    return masked.scatter(1, wanted_M1, kept_M1)
