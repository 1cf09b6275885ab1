"""What holds for every model of the registry, also those to come."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from bench.data.prepared import TrainingData
from bench.models import tasks
from bench.models.base import CountingModel
from bench.models.regression import formed_squared_error

# Parameters that a softmax cannot see: they add the same amount to everything it compares.
INVARIANT = ("key.bias", "energy.bias")


def fitted(world, variant, context=None):
    """The model in evaluation mode; counting models have counted 12 users who never met item 30."""
    model = world.make_model(variant, context).eval()
    if isinstance(model, CountingModel):
        rows = [[1 + (7 * u + 3 * t) % 29 for t in range(6)] for u in range(world.N_USERS)]
        model.fit(
            TrainingData(
                world.N_USERS,
                world.N_ITEMS,
                np.arange(0, 6 * world.N_USERS + 1, 6),
                np.concatenate(rows),
                np.ones(world.N_USERS, dtype=np.int64),
            )
        )
    return model


EDGES = {
    "one item": [[7]],
    "the longest row": [list(range(11, 21))],
    "an item never trained on": [[30], [3, 30, 2]],
    "one item again and again": [[4] * 10],
    "some contents missing": [[1, 6, 9, 12], [5, 14]],
    "no contents": [[5], [5, 5]],
    "no image in the batch": [[1, 2], [3, 4, 1]],
    "all lengths": [list(range(1, n + 1)) for n in range(1, 11)],
}


@pytest.mark.parametrize("rows", EDGES.values(), ids=EDGES.keys())
def test_scores_and_gradients_are_finite_on(world, variant, rows):
    model = fitted(world, variant)
    batch = world.scoring_batch(model, rows)
    scores = model.scores(batch)
    assert scores.shape == (len(rows), world.N_ITEMS + 1)
    assert torch.isfinite(scores).all()
    if not isinstance(model, CountingModel):
        model.train().loss(batch).backward()
        assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


def test_products_in_bfloat16_change_little(world, trained, monkeypatch):
    # On the processor bf16 reaches the softmax only; under autocast everything, as on an accelerator, whose
    # squared error is the one that is formed.
    monkeypatch.setattr(tasks, "linear_squared_error", formed_squared_error)
    model = world.make_model(trained).eval()
    batch = world.prefix_batch(model, world.random_rows([3, 6, 10]))
    plain = model.loss(batch)
    model.bf16 = True
    for everything in (False, True):
        with torch.autocast("cpu", torch.bfloat16, enabled=everything):
            reduced = model.loss(batch)
        assert reduced.dtype == torch.float32
        assert 0 < abs(reduced - plain) < 0.01 * plain
        model.zero_grad()
        reduced.backward()
        assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


def test_batch_composition_and_order_do_not_matter(world, variant, float64):
    model = fitted(world, variant)
    rows = world.random_rows([3, 1, 10, 3, 7, 2, 1, 9, 10, 5])
    together = model.scores(world.scoring_batch(model, rows))
    for number, row in enumerate(rows):
        # The first rows keep the users' numbers right, which Caser looks at.
        alone = model.scores(world.scoring_batch(model, [[1]] * number + [row]))[number]
        torch.testing.assert_close(alone, together[number], rtol=0, atol=1e-12)

    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(1))
    shuffled = replace(world.scoring_batch(model, [rows[i] for i in order]), users=order % world.N_USERS)
    torch.testing.assert_close(model.scores(shuffled), together[order], rtol=0, atol=1e-12)


def test_users_histories_matter(world, variant):
    model = fitted(world, variant)
    scores = model.scores(world.scoring_batch(model, [[10, 11], [10, 12]]))
    assert torch.equal(scores[0], scores[1]) == (variant[0] == "Popularity")


def test_saved_state_restores_scores_and_holds_no_features(world, variant):
    model = fitted(world, variant)
    state = {name: value.clone() for name, value in model.state_dict().items()}
    other = world.make_model(variant, seed=1).eval()
    other.load_state_dict(state)
    batch = world.scoring_batch(model, world.random_rows([4, 2]))
    assert torch.equal(model.scores(batch), other.scores(batch))
    if not isinstance(model, CountingModel):
        assert state.keys() == dict(model.named_parameters()).keys()


def test_same_seed_gives_the_same_weights(world, trained):
    first, second, third = (world.make_model(trained, seed=s).state_dict() for s in (3, 3, 4))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert any(not torch.equal(first[name], third[name]) for name in first)


def test_gradients_reach_every_parameter(world, trained, float64):
    model = world.make_model(trained)
    model.loss(world.prefix_batch(model, world.random_rows([10] * 6 + [11] * 6))).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        if not name.endswith(INVARIANT):
            assert parameter.grad.abs().max() > 1e-12, name


def test_untrained_loss_is_that_of_guessing(world, trained):
    name, settings = trained
    model = world.make_model((name, {**settings, **({"multitask": False} if name == "MAF" else {})}))
    loss = model.task_loss(*_state_and_batch(world, model, world.random_rows([8] * 12)))
    assert loss.item() == pytest.approx(math.log(world.N_ITEMS + 1), rel=0.25)


def test_a_tiny_set_is_overfitted(world, trained):
    name, settings = trained
    rows = world.random_rows([5] * 8, seed=5)
    model = world.make_model((name, {**settings, **({"layers": 1} if "layers" in settings else {})}))
    batch = world.prefix_batch(model, rows)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    first = model.task_loss(model.encode(batch), batch).item()
    for _ in range(80):
        optimiser.zero_grad()
        model.loss(batch).backward()
        optimiser.step()
    model.eval()
    last = model.task_loss(model.encode(batch), batch).item()
    top = model.scores(batch)[:, 1:].argmax(1) + 1
    assert last < 0.2 * first
    assert (top == batch.targets).float().mean() > 0.95


def test_dropout_acts_in_training_only(world, trained):
    name, settings = trained
    rates = {key: 0.5 for key in ("hidden_dropout", "attention_dropout", "dropout") if key in settings}
    model = world.make_model((name, {**settings, **rates}))
    batch = world.scoring_batch(model, world.random_rows([8] * 4))
    assert not torch.equal(model.scores(batch), model.scores(batch))
    model.eval()
    assert torch.equal(model.scores(batch), model.scores(batch))


def _state_and_batch(world, model, rows):
    batch = world.prefix_batch(model, rows)
    return model.encode(batch), batch
