"""Stock RecBole in a process of its own: one timed training step for every line on standard input.

RecBole reads the command line, patches global state and prints; none of that may reach the program that
compares. The first line is the job as JSON; every further line asks for one step, which is answered by a
line of JSON (``targets``, ``seconds``). A step is what RecBole's trainer does for a batch: fetch it, forget
gradients, loss, backward, Adam.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import chain, repeat
from typing import Any, TextIO

from bench.recbole.shim import prepare_process


@dataclass(frozen=True)
class StockJob:
    """What RecBole is to train.

    Attributes:
        model: RecBole's name of it.
        folder: holds ``data/data.inter``, and takes whatever RecBole writes.
        options: RecBole's own options, beside those that every job shares (`_config`).
        threads: of torch.
        items: number of items that RecBole must find.
        targets: number of training targets that RecBole must find.
    """

    model: str
    folder: str
    options: dict[str, Any]
    threads: int
    items: int
    targets: int

    def to_json(self) -> str:
        """One line."""
        return json.dumps(asdict(self))


def serve(requests: TextIO, replies: TextIO) -> None:
    """Answer requests until there are none.

    Raises:
        RuntimeError: RecBole made something else of the data than it was given.
    """
    job = StockJob(**json.loads(requests.readline()))
    step = _steps(job)
    _send(replies, {"ready": True})
    for _ in requests:
        _send(replies, next(step))


def _steps(job: StockJob) -> Iterator[dict[str, float]]:
    """Timed steps, epoch after epoch; batches that are not full (the last of an epoch) are left out."""
    import torch
    from recbole.config import Config
    from recbole.data import create_dataset, data_preparation
    from recbole.utils import get_model, init_seed

    torch.set_num_threads(job.threads)
    config = Config(model=job.model, dataset="data", config_dict=_config(job))
    init_seed(config["seed"], config["reproducibility"])
    dataset = create_dataset(config)
    batches, _, _ = data_preparation(config, dataset)
    found = dataset.item_num - 1, len(batches.dataset)
    if found != (job.items, job.targets):
        raise RuntimeError(f"RecBole found {found} items and targets, not {(job.items, job.targets)}")
    model = get_model(job.model)(config, batches.dataset).to(config["device"])
    optimiser = torch.optim.Adam(model.parameters(), lr=config["learning_rate"])
    model.train()
    full = config["train_batch_size"]

    def timed() -> Iterator[dict[str, float]]:
        stream = chain.from_iterable(repeat(batches))
        while True:
            start = time.perf_counter()
            batch = next(stream)
            if len(batch) < full:
                continue
            optimiser.zero_grad()
            loss = model.calculate_loss(batch)
            loss.backward()
            optimiser.step()
            yield {"targets": len(batch), "seconds": time.perf_counter() - start}

    return timed()


def _config(job: StockJob) -> dict[str, Any]:
    return {
        "data_path": job.folder,
        "checkpoint_dir": job.folder,
        "load_col": {"inter": ["user_id", "item_id", "timestamp"]},
        "eval_args": {
            "split": {"LS": "valid_and_test"},
            "order": "TO",
            "mode": "full",
            "group_by": "user",
        },
        "loss_type": "CE",
        "train_neg_sample_args": None,
        "use_gpu": False,
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
