"""LastItem, worked by hand."""

from __future__ import annotations

import numpy as np

from bench.models.batch import pack


def test_newest_first(world):
    model = world.make_model(("LastItem", {}))
    scores = model.scores(world.scoring_batch(model, [[3, 1, 2], [4, 5, 4, 6], [7]]))
    assert scores[:, :9].tolist() == [
        [0, 2, 3, 1, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 3, 2, 4, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 1, 0],
    ]
    assert not scores[:, 9:].any()


def test_what_follows_the_target_is_not_history(world):
    model = world.make_model(("LastItem", {}))
    batch = pack([np.array([3, 1, 2])], np.array([[0, 1], [0, 0]]), np.array([0, 0]))
    assert model.scores(batch)[:, :4].tolist() == [[0, 2, 0, 1], [0, 0, 0, 1]]
