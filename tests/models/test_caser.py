"""Caser without padding against convolutions on rows padded to the maximum, in float64."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from bench.models.base import ModelContext
from bench.models.batch import pack
from bench.models.building import build


def padded_scores(model, batch, length):
    """What RecBole's Caser computes: items padded to ``length`` on the right, one image per row."""
    items_RN, _, at_M2 = batch.padded()
    items_ML = F.pad(items_RN, (0, length - items_RN.shape[1]))[at_M2[:, 0]]
    image_M1LE = model.items(items_ML).unsqueeze(1)
    joined = [model.vertical.convolution(image_M1LE).flatten(1)]
    for convolution in model.horizontal.convolutions:
        activation = torch.relu(convolution(image_M1LE).squeeze(3))
        joined.append(F.max_pool1d(activation, activation.shape[2]).squeeze(2))
    hidden = torch.relu(model.fc1(torch.cat(joined, dim=1)))
    state = torch.relu(model.fc2(torch.cat([hidden, model.users(batch.users)], dim=1)))
    return state @ model.items.weight.T


@pytest.mark.parametrize("length", [1, 5, 8, 9, 20])
@pytest.mark.parametrize("shortest_only", [False, True])
def test_equals_convolutions_on_padded_rows(world, float64, length, shortest_only):
    torch.manual_seed(0)
    context = ModelContext(world.N_ITEMS, world.N_USERS, length)
    settings = {"embedding_size": 6, "horizontal_filters": 3, "vertical_filters": 2, "dropout": 0.0}
    model = build("Caser", settings, context)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    lengths = [1, min(2, length)] if shortest_only else list(range(1, length + 1)) * 2
    batch = world.scoring_batch(model, world.random_rows(lengths))

    results = []
    for scores in (model.scores(batch), padded_scores(model, batch, length)):
        model.zero_grad()
        F.cross_entropy(scores, batch.targets).backward()
        results.append([scores.detach(), *(p.grad.clone() for p in model.parameters())])
    assert results[0][0].std() > 0.1
    torch.testing.assert_close(results[0], results[1], rtol=0, atol=1e-10)


def test_regularisation_adds_norms_of_all_weight_matrices(world, float64):
    settings = {**world.small_settings("Caser"), "regularisation": 0.5}
    model = world.make_model(("Caser", settings))
    batch = world.prefix_batch(model, world.random_rows([4] * 3))
    plain = F.cross_entropy(model.scores(batch), batch.targets).item()
    norms = [
        np.sqrt((p.detach().numpy() ** 2).sum())
        for name, p in model.named_parameters()
        if name.endswith("weight")
    ]
    assert len(norms) == 5 + world.MAX_LENGTH
    assert model.loss(batch).item() == pytest.approx(plain + 0.5 * sum(norms), abs=1e-10)


def test_the_user_matters(world):
    model = world.make_model(("Caser", world.small_settings("Caser")))
    batch = world.scoring_batch(model, [[1, 2], [1, 2]])
    scores = model.scores(batch)
    assert not torch.equal(scores[0], scores[1])


def test_a_target_in_the_middle_of_a_row_is_refused(world):
    model = world.make_model(("Caser", world.small_settings("Caser")))
    batch = pack([np.array([1, 2, 3])], np.array([[0, 1]]), np.array([0]), np.array([3]))
    with pytest.raises(ValueError, match="a row per target"):
        model.scores(batch)
