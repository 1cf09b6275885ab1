"""RecBole at work, inside the child process: its classes, its dataset, its Trainer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from recbole.config import Config
from recbole.data import create_dataset, data_preparation
from recbole.utils import get_model, get_trainer, init_logger, init_seed
from safetensors.torch import save_file
from torch import Tensor

from bench.evaluation.ranking import count, require_finite
from bench.recbole.job import DATASET, RecBoleJob

# Called with the epoch (from 1), the mean batch loss, the monitored value or None, and the seconds of
# training and of validation.
OnEpoch = Callable[[int, float, float | None, float, float], None]


def leave_last(groups: Iterable[Iterable[int]], leave_one_num: int) -> list[list[int]]:
    """Rows for training and for each held-out place: each user's last ``leave_one_num`` rows, one per place.

    RecBole's own version keeps a row for training whatever happens, and so trains on the validation item
    of every user with three interactions.
    """
    rows = [list(group) for group in groups]
    held_out = [[row[place - leave_one_num] for row in rows] for place in range(leave_one_num)]
    return [[index for row in rows for index in row[:-leave_one_num]], *held_out]


@dataclass
class _Pending:
    """An epoch that is trained and perhaps still to be validated."""

    epoch: int
    loss: float
    train_s: float


class Engine:
    """One model of RecBole with its data and Trainer.

    Raises:
        ValueError: RecBole made other users, items or targets of the data than it was given.
    """

    def __init__(self, job: RecBoleJob, on_epoch: OnEpoch) -> None:
        torch.set_num_threads(job.threads)
        self._on_epoch = on_epoch
        self._pending: _Pending | None = None
        config = {"data_path": job.folder, "checkpoint_dir": "saved", **job.config}
        self.config = Config(model=job.model, dataset=DATASET, config_dict=config)
        init_seed(self.config["seed"], self.config["reproducibility"])
        init_logger(self.config)
        dataset = create_dataset(self.config)
        dataset._split_index_by_leave_one_out = leave_last
        self._train, self._validation, self._test = data_preparation(self.config, dataset)
        self._check(job, dataset)
        # From RecBole's numbers to ours: 0 stays the padding item.
        self._items = torch.tensor([0, *map(int, dataset.field2id_token["item_id"][1:])])
        self._users = torch.tensor([-1, *map(int, dataset.field2id_token["user_id"][1:])])
        init_seed(self.config["seed"], self.config["reproducibility"])
        kind = get_model(job.model)
        # RecBole's sine.py, which is imported with every sequential model, switches this on for the process:
        # a stack trace for every operation, most of a small model's time. It changes no number.
        torch.autograd.set_detect_anomaly(False)
        self.model = kind(self.config, self._train.dataset).to(self.config["device"])
        self._trainer = get_trainer(self.config["MODEL_TYPE"], job.model)(self.config, self.model)
        self._watch()

    def fit(self, weights: Path) -> int:
        """Train as RecBole does, take the best weights and write them; the number of parameters."""
        self._trainer.fit(self._train, self._validation, saved=True, show_progress=False)
        self._flush(None, 0.0)
        best = torch.load(self._trainer.saved_model_file, map_location=self.config["device"])
        self.model.load_state_dict(best["state_dict"])
        self.model.load_other_parameter(best.get("other_parameter"))
        state = {
            name: value.detach().cpu().clone().contiguous() for name, value in self.model.state_dict().items()
        }
        save_file(state, weights)
        return sum(weight.numel() for weight in self.model.parameters() if weight.requires_grad)

    def rank(self, split: str, targets: list[int]) -> dict[str, Any]:
        """Places of the targets by our count, from the scores that RecBole's own evaluation ranks.

        Args:
            split: validation or test.
            targets: [U] item numbers; for validation RecBole has them already.

        Returns:
            better [U] and ties [U], by user number, and ``metrics``, what RecBole's evaluation says.
        """
        loader = self._test if split == "test" else self._validation
        inner = torch.empty_like(self._items)
        inner[self._items] = torch.arange(len(self._items))
        features = loader.dataset.inter_feat
        wanted = torch.tensor(targets)[self._users[features["user_id"]]]
        if split == "test":
            features.interaction["item_id"] = inner[wanted]
        elif not torch.equal(self._items[features["item_id"]], wanted):
            raise ValueError("RecBole's validation targets are not those of the prepared dataset")
        better, ties = torch.full((2, len(targets)), -1)
        sort = self._trainer._full_sort_batch_eval

        def recorded(batch: Any) -> Any:
            interaction, scores, *positive = sort(batch)
            users = self._users[interaction["user_id"].cpu()]
            scores_MV: Tensor = scores[:, 1:]
            require_finite(scores_MV)
            found = count(scores_MV, positive[1].to(scores.device)[:, None] - 1)
            better[users], ties[users] = (each.cpu() for each in found)
            return interaction, scores, *positive

        self._trainer._full_sort_batch_eval = recorded
        try:
            metrics = self._trainer.evaluate(loader, load_best_model=False, show_progress=False)
        finally:
            self._trainer._full_sort_batch_eval = sort
        if int(better.min()) < 0:
            raise ValueError("RecBole ranked the targets of some users only")
        return {"better": better.tolist(), "ties": ties.tolist(), "metrics": dict(metrics)}

    def _check(self, job: RecBoleJob, dataset: Any) -> None:
        found = {
            "users": (dataset.user_num - 1, job.users),
            "items": (dataset.item_num - 1, job.items),
            "training targets": (len(self._train.dataset), job.targets),
            "validation targets": (len(self._validation.dataset), job.users),
            "test targets": (len(self._test.dataset), job.users),
        }
        for what, (theirs, ours) in found.items():
            if theirs != ours:
                raise ValueError(f"RecBole found {theirs} {what}, the prepared dataset has {ours}")

    def _watch(self) -> None:
        """Report epochs from inside RecBole's loop, which calls back only after validations."""
        train_epoch, valid_epoch = self._trainer._train_epoch, self._trainer._valid_epoch

        def train(data: Any, epoch: int, *args: Any, **kwargs: Any) -> Any:
            self._flush(None, 0.0)
            start = time.perf_counter()
            loss = train_epoch(data, epoch, *args, **kwargs)
            total = sum(loss) if isinstance(loss, tuple) else loss
            self._pending = _Pending(epoch + 1, total / len(data), time.perf_counter() - start)
            return loss

        def validate(data: Any, *args: Any, **kwargs: Any) -> Any:
            start = time.perf_counter()
            score, result = valid_epoch(data, *args, **kwargs)
            self._flush(float(score), time.perf_counter() - start)
            return score, result

        self._trainer._train_epoch, self._trainer._valid_epoch = train, validate

    def _flush(self, value: float | None, validate_s: float) -> None:
        if self._pending is not None:
            epoch, self._pending = self._pending, None
            self._on_epoch(epoch.epoch, epoch.loss, value, epoch.train_s, validate_s)
