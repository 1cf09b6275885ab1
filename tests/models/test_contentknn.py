"""ContentKNN, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from bench.errors import TrainingError


def scores_after(world, features, *items):
    model = world.make_model(("ContentKNN", {}), world.make_context(features=features))
    return model.scores(world.scoring_batch(model, [[9, item] for item in items])).numpy()


def values(world, rows):
    table = np.zeros((world.N_ITEMS + 1, 2))
    table[: len(rows)] = rows
    return table


def test_mean_cosine_over_the_modalities_that_both_have(world):
    image = values(world, [[0, 0], [1, 0], [0, 2], [3, 3], [0, 0], [0, 0]])
    text = values(world, [[0, 0], [0, 1], [0, 5], [0, 0], [-1, 0], [0, 0]])
    features = {
        "image": world.make_features("image", missing=range(4, 31), values=image),
        "text": world.make_features("text", missing=[3, *range(5, 31)], values=text),
    }
    scores = scores_after(world, features, 1, 4, 5)[:, 1:7]
    half = 0.5**0.5
    # After 1: itself; image 0 and text 1; image only; text only, at a right angle; nothing shared.
    assert scores[0].tolist() == pytest.approx([-3, 0.5, half, 0, -2, -2])
    assert scores[1].tolist() == pytest.approx([0, 0, -2, -3, -2, -2])
    assert scores[2].tolist() == pytest.approx([-2, -2, -2, -2, -3, -2])


def test_only_the_chosen_modalities_count(world):
    image, text = (
        world.make_features("image", missing=[], values=values(world, [[0, 0], [1, 0], [1, 0], [0, 1]])),
        world.make_features("text", missing=[], values=values(world, [[0, 0], [1, 0], [0, 1], [1, 0]])),
    )
    context = world.make_context(features={"image": image, "text": text})
    for modality, nearest in (("image", 2), ("text", 3)):
        model = world.make_model(("ContentKNN", {"modalities": [modality]}), context)
        assert model.scores(world.scoring_batch(model, [[1]])).argmax() == nearest


def test_without_contents_there_is_nothing_to_compare(world):
    with pytest.raises(TrainingError, match="no modality"):
        world.make_model(("ContentKNN", {}), world.make_context([]))
