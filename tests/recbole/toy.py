"""What the scripts of test_upstream_facts share: a toy dataset in RecBole's files, and models on it.

The text of this file stands before theirs, in a process whose current folder is empty.
"""

from __future__ import annotations

import logging
import os  # noqa: F401  the scripts use these
import random  # noqa: F401
import sys  # noqa: F401
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np  # noqa: F401
import torch
from recbole.config import Config
from recbole.data import create_dataset, data_preparation
from recbole.data.interaction import Interaction  # noqa: F401
from recbole.utils import early_stopping, get_model, get_trainer  # noqa: F401

from bench.recbole.shim import prepare_process

prepare_process()
logging.disable(logging.CRITICAL)
torch.set_num_threads(1)

INTERACTIONS = {"inter": ["user_id", "item_id", "timestamp"]}
HISTORIES = [[f"i{(3 * u + 5 * t + t * t) % 13}" for t in range(9)] for u in range(7)]


def write(kind: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """An atomic file of the dataset ``toy``."""
    Path("toy").mkdir(exist_ok=True)
    lines = ["\t".join(header), *("\t".join(map(str, row)) for row in rows)]
    Path("toy", f"toy.{kind}").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_histories(*histories: Sequence[str], first_time: int = 0) -> None:
    """One history per user, a second between two items."""
    rows = [(f"u{u}", item, first_time + t) for u, row in enumerate(histories) for t, item in enumerate(row)]
    write("inter", ["user_id:token", "item_id:token", "timestamp:float"], rows)


def config(model: str = "SASRec", dataset: str = "toy", **options: Any) -> Any:
    """Leave-one-out with full ranking and softmax loss, on the processor."""
    given = {
        "data_path": ".",
        "load_col": INTERACTIONS,
        "train_neg_sample_args": None,
        "use_gpu": False,
        "MAX_ITEM_LIST_LENGTH": 10,
        "eval_args": {"split": {"LS": "valid_and_test"}, "order": "TO", "group_by": "user", "mode": "full"},
        **options,
    }
    return Config(model=model, dataset=dataset, config_dict=given)


def made(model: str = "SASRec", **options: Any) -> tuple[Any, Any, Any, Any]:
    """Config, dataset, the three loaders (training, validation, test) and the model."""
    torch.manual_seed(0)
    chosen = config(model, **options)
    dataset = create_dataset(chosen)
    loaders = data_preparation(chosen, dataset)
    return chosen, dataset, loaders, get_model(model)(chosen, loaders[0].dataset)


def trainer_for(chosen: Any, network: Any) -> Any:
    """RecBole's trainer of the model."""
    return get_trainer(chosen["MODEL_TYPE"], chosen["model"])(chosen, network)
