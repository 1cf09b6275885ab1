"""Popularity, worked by hand."""

from __future__ import annotations

import numpy as np

from bench.data.prepared import TrainingData


def test_counts_training_interactions_only(world):
    model = world.make_model(("Popularity", {}))
    items = np.array([1, 2, 2, 3, 2])
    model.fit(TrainingData(2, 30, np.array([0, 3, 5]), items, validation=np.array([7, 7])))
    scores = model.scores(world.scoring_batch(model, [[1], [9, 4]]))
    assert scores[:, :8].tolist() == [[0, 1, 3, 1, 0, 0, 0, 0]] * 2
    model.fit(TrainingData(1, 30, np.array([0, 1]), np.array([4]), validation=np.array([7])))
    assert model.counts.sum() == 1  # fitted anew, not added up
