"""GRU4Rec on packed rows against torch's GRU on padded rows, in float64."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from bench.models.batch import pack
from bench.models.gru4rec import time_order


@pytest.mark.parametrize("layers", [1, 2])
def test_equals_a_gru_on_padded_rows(world, float64, layers):
    settings = {**world.small_settings("GRU4Rec"), "layers": layers}
    model = world.make_model(("GRU4Rec", settings))
    padded = nn.GRU(16, 24, num_layers=layers, bias=False, batch_first=True)
    padded.load_state_dict(model.gru.state_dict())
    batch = world.prefix_batch(model, world.random_rows([11, 3, 7, 7, 2]))
    items_RL, _, at_M2 = batch.padded()
    states, _ = padded(model.items(items_RL))
    expected = model.dense(states)[at_M2[:, 0], at_M2[:, 1]] @ model.items.weight.T
    torch.testing.assert_close(model.scores(batch), expected, rtol=0, atol=1e-12)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=8))
def test_time_order_is_torchs_packing(lengths):
    rows = [np.arange(1, n + 1) + 10 * r for r, n in enumerate(lengths)]
    batch = pack(rows, np.zeros((0, 2), dtype=np.int64), np.zeros(0, dtype=np.int64))
    place, sizes = time_order(batch)
    ours = torch.empty_like(batch.items)
    ours[place] = batch.items

    items_RL, lengths_R, _ = batch.padded()
    theirs = nn.utils.rnn.pack_padded_sequence(
        items_RL.flip(0), lengths_R.flip(0), batch_first=True, enforce_sorted=True
    )
    assert ours.tolist() == theirs.data.tolist()
    assert sizes.tolist() == theirs.batch_sizes.tolist()
