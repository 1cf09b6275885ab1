"""What RecBole is given to read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.data.prepared import TrainingData
from benchmarks.rival import write_interactions

# User 0 trains on 1, 2, user 1 on 2; item 5 occurs nowhere.
DATA = TrainingData(2, 5, np.array([0, 2, 3]), np.array([1, 2, 2]), np.array([3, 4]))


def test_every_item_occurs_and_the_training_parts_are_the_same(tmp_path: Path) -> None:
    write_interactions(DATA, tmp_path / "data.inter")
    header, *rows = [line.split("\t") for line in (tmp_path / "data.inter").read_text().splitlines()]
    assert header == ["user_id:token", "item_id:token", "timestamp:float"]
    # Training part, validation item, and as the test item first the one that occurs nowhere.
    assert [(user, item) for user, item, _ in rows] == [
        *[("u0", "i1"), ("u0", "i2"), ("u0", "i3"), ("u0", "i5")],
        *[("u1", "i2"), ("u1", "i4"), ("u1", "i4")],
    ]
    assert [time for *_, time in rows] == ["0", "1", "2", "3", "0", "1", "2"]


def test_more_unseen_items_than_users_is_refused(tmp_path: Path) -> None:
    data = TrainingData(2, 8, DATA.offsets, DATA.items, DATA.validation)
    with pytest.raises(ValueError, match="4 items occur nowhere"):
        write_interactions(data, tmp_path / "data.inter")
