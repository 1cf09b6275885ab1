"""RecBole's own models on given data: weights, scores, losses, metrics. A script of test_weights_parity.

It reads ``job.json`` and the atomic files in the current folder and writes one ``<model>.safetensors`` for
each model, with the state before and after training, and ``numbering.safetensors`` and ``answer.json``.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from bench.recbole.shim import prepare_process

JOB: dict[str, Any] = json.loads(Path("job.json").read_text(encoding="utf-8"))


def prepare(model: str, settings: dict[str, Any]) -> tuple[Any, Any, Any, Any]:
    """Config, the whole dataset, training and test loader."""
    from recbole.config import Config
    from recbole.data import create_dataset, data_preparation

    options = {
        "data_path": ".",
        "load_col": {"inter": ["user_id", "item_id", "timestamp"], "item": ["item_id", "class"]},
        "MAX_ITEM_LIST_LENGTH": JOB["max_length"],
        "train_neg_sample_args": None,
        "metrics": ["Recall", "NDCG", "MRR"],
        "topk": JOB["topk"],
        "metric_decimal_place": 12,
        "learning_rate": JOB["learning_rate"],
        "checkpoint_dir": ".",
        "use_gpu": False,
        **settings,
    }
    config = Config(model=model, dataset="data", config_dict=options)
    dataset = create_dataset(config)
    train, _, test = data_preparation(config, dataset)
    return config, dataset, train, test


def randomise(model: torch.nn.Module) -> None:
    """Weights of a size at which every one of them, biases and norms too, shows in the scores."""
    torch.manual_seed(5)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.normal_(mean=float("LayerNorm.weight" in name), std=0.3)


def scores(model: Any, items: Tensor, users: Tensor) -> Tensor:
    """RecBole's scores [R, V] after the histories of the job; the columns are numbered as RecBole does."""
    from recbole.data.interaction import Interaction

    rows = [items[torch.tensor(row)] for row in JOB["histories"]]
    padded = torch.zeros(len(rows), JOB["max_length"], dtype=torch.int64)
    for place, row in enumerate(rows):
        padded[place, : len(row)] = row
    batch = Interaction(
        {
            "user_id": users[torch.tensor(JOB["history_users"])],
            "item_id_list": padded,
            "item_length": torch.tensor([len(row) for row in rows]),
        }
    )
    model.eval()
    with torch.no_grad():
        found: Tensor = model.full_sort_predict(batch)
    return found


def batches(train: Any, users: Tensor) -> list[Any]:
    """RecBole's rows of the job's targets, given as [user, number of items before the target]."""
    feat = train.dataset.inter_feat
    place: dict[tuple[int, int], int] = {}
    seen = np.zeros(len(users) + 1, dtype=np.int64)
    for row, user in enumerate(feat["user_id"].tolist()):
        seen[user] += 1
        place[user, int(seen[user])] = row
    return [feat[[place[int(users[user]), before] for user, before in chosen]] for chosen in JOB["batches"]]


def steps(model: Any, optimiser: torch.optim.Optimizer, rows: list[Any]) -> list[float]:
    """The loss before each of as many steps as there are batches."""
    model.train()
    losses = []
    for batch in rows:
        optimiser.zero_grad()
        loss = model.calculate_loss(batch)
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses


def reference(label: str) -> dict[str, Any]:
    """What RecBole's model (``<model>`` or ``<model>-<variant>``) says; weights and scores go into a file."""
    from recbole.utils import get_model, get_trainer

    name = label.partition("-")[0]
    config, dataset, train, test = prepare(name, JOB["models"][label])
    known = (dataset.token2id("item_id", f"i{n}") for n in range(1, JOB["n_items"] + 1))
    items = torch.tensor([0, *known])
    users = torch.tensor([dataset.token2id("user_id", f"u{n}") for n in range(JOB["n_users"])])
    labels = torch.tensor([dataset.token2id("class", label) for label in JOB["labels"]])
    save_file({"items": items, "users": users, "labels": labels}, "numbering.safetensors")

    model = get_model(name)(config, train.dataset)
    randomise(model)
    tensors = {f"before.{key}": value.clone() for key, value in model.state_dict().items()}
    tensors["scores"] = scores(model, items, users)[:, items]

    model.double()
    trainer = get_trainer(config["MODEL_TYPE"], name)(config, model)
    metrics = trainer.evaluate(test, load_best_model=False)
    rows = batches(train, users)
    model.train()
    loss = model.calculate_loss(rows[0]).item()
    if name == "Caser":
        with torch.no_grad():
            model.user_embedding.weight[0] = 0  # see the test
    losses = steps(model, trainer.optimizer, rows)
    tensors |= {f"after.{key}": value for key, value in model.state_dict().items()}
    save_file(tensors, f"{label}.safetensors")
    return {"loss": loss, "losses": losses, "metrics": {key.lower(): float(v) for key, v in metrics.items()}}


if __name__ == "__main__":
    prepare_process()
    logging.disable(logging.CRITICAL)
    torch.set_num_threads(1)
    answer = {label: reference(label) for label in JOB["models"]}
    Path("answer.json").write_text(json.dumps(answer), encoding="utf-8")
