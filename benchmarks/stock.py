"""Stock RecBole in a process of its own: one timed piece of work for every line on standard input.

RecBole reads the command line, patches global state and prints; none of that may reach the program that
compares. The first line is the job as JSON; every further line is one of `REQUESTS` and is answered by a line
of JSON with its ``seconds``. A step is what RecBole's trainer does for a batch: fetch it, forget gradients,
loss, backward, Adam.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from itertools import chain, repeat
from typing import Any, TextIO

from bench.recbole.job import CATEGORIES, DATASET
from bench.recbole.shim import prepare_process

REQUESTS = ("step", "step without anomaly detection", "evaluate")


@dataclass(frozen=True)
class StockJob:
    """What RecBole is to train.

    Attributes:
        model: RecBole's name of it.
        folder: holds the atomic files, and takes whatever RecBole writes.
        options: RecBole's own options, beside those that every job shares (`_config`).
        threads: of torch.
        device: ``cpu`` or ``cuda``.
        items: number of items that RecBole must find.
        targets: number of training targets that RecBole must find.
    """

    model: str
    folder: str
    options: dict[str, Any]
    threads: int
    device: str
    items: int
    targets: int

    def to_json(self) -> str:
        """One line."""
        return json.dumps(asdict(self))


class Stock:
    """RecBole with its own dataset, loader, model and trainer.

    Raises:
        RuntimeError: RecBole made something else of the data than it was given.
    """

    def __init__(self, job: StockJob) -> None:
        import torch
        from recbole.config import Config
        from recbole.data import create_dataset, data_preparation
        from recbole.utils import get_model, get_trainer, init_seed

        torch.set_num_threads(job.threads)
        self._torch = torch
        self._config = Config(model=job.model, dataset=DATASET, config_dict=_config(job))
        init_seed(self._config["seed"], self._config["reproducibility"])
        dataset = create_dataset(self._config)
        self._batches, self._validation, _ = data_preparation(self._config, dataset)
        found = dataset.item_num - 1, len(self._batches.dataset)
        if found != (job.items, job.targets):
            raise RuntimeError(f"RecBole found {found} items and targets, not {(job.items, job.targets)}")
        self._model = get_model(job.model)(self._config, self._batches.dataset).to(self._config["device"])
        self._trainer = get_trainer(self._config["MODEL_TYPE"], job.model)(self._config, self._model)
        self._optimiser = torch.optim.Adam(self._model.parameters(), lr=self._config["learning_rate"])
        self._device = job.device
        self._stream = chain.from_iterable(repeat(self._batches))

    def step(self, anomaly: bool) -> dict[str, float | None]:
        """Train on the next full batch (the last of an epoch is left out).

        ``targets`` counts its targets, ``memory_mib`` is what tensors took on an accelerator at most. Waiting
        for the device after each step changes nothing: RecBole's trainer reads the loss after each.

        Args:
            anomaly: torch's anomaly detection, which importing RecBole's models switches on (sine.py).
        """
        self._torch.autograd.set_detect_anomaly(anomaly)
        self._model.train()
        while True:
            start = time.perf_counter()
            batch = next(self._stream)
            if len(batch) == self._config["train_batch_size"]:
                break
        self._optimiser.zero_grad()
        loss = self._model.calculate_loss(batch)
        loss.backward()
        self._optimiser.step()
        memory_mib = self._finish()
        seconds = time.perf_counter() - start
        masked = batch.interaction.get("MASK_INDEX")  # BERT4Rec: its loss counts indices above 0
        targets = len(batch) if masked is None else int((masked > 0).sum())
        return {"targets": targets, "seconds": seconds, "memory_mib": memory_mib}

    def _finish(self) -> float | None:
        """Wait for an accelerator; the most memory that its tensors have taken so far."""
        if self._device == "cpu":
            return None
        self._torch.cuda.synchronize()
        return float(self._torch.cuda.max_memory_allocated()) / 2**20

    def evaluate(self) -> dict[str, float]:
        """RecBole's own full-sort evaluation of the validation items."""
        start = time.perf_counter()
        self._trainer.evaluate(self._validation, load_best_model=False, show_progress=False)
        return {"seconds": time.perf_counter() - start}


def serve(requests: TextIO, replies: TextIO) -> None:
    """Answer requests until there are none."""
    stock = Stock(StockJob(**json.loads(requests.readline())))
    _send(replies, {"ready": True})
    for line in requests:
        request = line.rstrip("\n")
        if request not in REQUESTS:
            raise ValueError(f"{request!r} is none of {REQUESTS}")
        _send(replies, stock.evaluate() if request == "evaluate" else stock.step(request == "step"))


def _config(job: StockJob) -> dict[str, Any]:
    columns = ["item_id"]
    if "selected_features" in job.options:
        columns.append(CATEGORIES)
    return {
        "data_path": job.folder,
        "checkpoint_dir": job.folder,
        "load_col": {"inter": ["user_id", "item_id", "timestamp"], "item": columns},
        "eval_args": {
            "split": {"LS": "valid_and_test"},
            "order": "TO",
            "mode": "full",
            "group_by": "user",
        },
        "loss_type": "CE",
        "train_neg_sample_args": None,
        "use_gpu": job.device != "cpu",
        "show_progress": False,
        **job.options,
    }


def _send(replies: TextIO, message: dict[str, Any]) -> None:
    replies.write(json.dumps(message) + "\n")
    replies.flush()


def main() -> None:
    """Serve on the standard streams; what RecBole prints goes to the standard error."""
    prepare_process()
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as replies:
        os.dup2(2, 1)
        serve(sys.stdin, replies)


if __name__ == "__main__":
    main()
