"""BERT4Rec on packed rows against the padded computation, in float64."""

from __future__ import annotations

import torch


def test_equals_padded_rows_with_masks(world, float64):
    model = world.make_model(("BERT4Rec", world.small_settings("BERT4Rec")))
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    batch = world.scoring_batch(model, world.random_rows([12, 3, 7, 7, 1]))
    items_RL, lengths_R, at_M2 = batch.padded()
    positions_L = torch.arange(items_RL.shape[1])
    x_RLD = model.norm(model.items(items_RL) + model.positions(positions_L))
    x_RLD = world.padded_encoder(model.encoder, x_RLD, positions_L < lengths_R[:, None], causal=False)
    h_RLD = model.head(x_RLD)
    h_RLD = model.head_norm(h_RLD * 0.5 * (1 + torch.erf(h_RLD / 2**0.5)))
    state_MD = h_RLD[at_M2[:, 0], at_M2[:, 1]]
    expected = state_MD @ model.items.weight[: world.N_ITEMS + 1].T + model.bias
    torch.testing.assert_close(model.scores(batch), expected, rtol=0, atol=1e-10)


def test_the_mask_token_has_an_embedding_but_is_no_candidate(world):
    model = world.make_model(("BERT4Rec", world.small_settings("BERT4Rec")))
    assert len(model.items.weight) == world.N_ITEMS + 2
    assert model.scores(world.scoring_batch(model, [[1]])).shape == (1, world.N_ITEMS + 1)
    assert model.mask_ratio == 0.2
