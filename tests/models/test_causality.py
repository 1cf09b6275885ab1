"""All targets of a row share one pass, so no state may know what comes after it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bench.models.batch import pack


def every_state(world, model, rows):
    """[R, L, D]: the state after every token."""
    length = len(rows[0])
    at = np.array([[r, t] for r in range(len(rows)) for t in range(length)])
    batch = pack([np.array(row) for row in rows], at, at[:, 0])
    return model.encode(batch).view(len(rows), length, -1)


@pytest.mark.parametrize("seen", [1, 4, 9])
def test_the_future_leaves_earlier_states_bit_equal(world, causal, seen):
    model = world.make_model(causal).eval()
    rows = np.random.default_rng(0).permutation(np.tile(np.arange(1, 31), 2)).reshape(6, 10)
    other = rows.copy()
    # Rows swap futures: every later token changes, the batch's shapes and distinct items do not.
    other[:, seen:] = np.roll(rows[:, seen:], 1, axis=0)
    before, after = every_state(world, model, rows), every_state(world, model, other)
    assert torch.equal(before[:, :seen], after[:, :seen])
    assert not torch.isclose(before[:, seen:], after[:, seen:]).all(-1).any()


def test_one_pass_equals_a_row_per_prefix(world, causal, float64):
    model = world.make_model(causal)
    rows = world.random_rows([10, 4, 7, 2])
    shared = pack(
        [np.array(row[:-1]) for row in rows],
        np.array([[r, t] for r, row in enumerate(rows) for t in range(len(row) - 1)]),
        np.array([r for r, row in enumerate(rows) for _ in row[1:]]),
        np.array([item for row in rows for item in row[1:]]),
    )
    gradients = []
    for batch in (shared, world.prefix_batch(model, rows)):
        model.zero_grad()
        loss = model.loss(batch)
        loss.backward()
        gradients.append([loss.detach(), *(p.grad.clone() for p in model.parameters())])
    torch.testing.assert_close(gradients[0], gradients[1], rtol=0, atol=1e-12)


def test_bert4rec_looks_ahead(world):
    model = world.make_model(("BERT4Rec", world.small_settings("BERT4Rec"))).eval()
    before, after = (every_state(world, model, [[1, 2, 31, last]]) for last in (4, 5))
    assert not torch.isclose(before[0, 2], after[0, 2]).all()
