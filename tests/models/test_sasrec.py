"""SASRec on packed rows against the padded computation, in float64."""

from __future__ import annotations

import torch


def padded_states(world, model, batch, causal):
    """The state at every target's place, computed as RecBole does."""
    items_RL, lengths_R, at_M2 = batch.padded()
    positions_L = torch.arange(items_RL.shape[1])
    real_RL = positions_L < lengths_R[:, None]
    x_RLD = model.norm(model.items(items_RL) + model.positions(positions_L))
    x_RLD = world.padded_encoder(model.encoder, x_RLD, real_RL, causal)
    return x_RLD[at_M2[:, 0], at_M2[:, 1]]


def test_equals_padded_rows_with_masks(world, float64):
    model = world.make_model(("SASRec", world.small_settings("SASRec")))
    # Larger weights than at the start, so that attention is far from uniform.
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    batch = world.prefix_batch(model, world.random_rows([11, 3, 7, 7, 2]))
    gradients = []
    for states in (model.encode(batch), padded_states(world, model, batch, causal=True)):
        model.zero_grad()
        scores = states @ model.items.weight.T
        loss = -torch.log_softmax(scores, dim=1).gather(1, batch.targets[:, None]).mean()
        loss.backward()
        gradients.append([scores.detach(), *(p.grad.clone() for p in model.parameters())])
    torch.testing.assert_close(gradients[0][0], model.scores(batch), rtol=0, atol=1e-13)
    torch.testing.assert_close(gradients[0], gradients[1], rtol=0, atol=1e-10)
