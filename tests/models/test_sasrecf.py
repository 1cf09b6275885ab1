"""SASRecF against the padded computation with one embedding per field, in float64."""

from __future__ import annotations

import numpy as np
import torch


def one_hot_context(world, seed=0):
    """Two fields with one token per item, as RecBole's token features are."""
    rng = np.random.default_rng(seed)
    tokens = {
        "text": rng.integers(0, 6, world.N_ITEMS + 1),
        "category": rng.integers(0, 3, world.N_ITEMS + 1),
    }
    features = {
        field: world.make_features(field, missing=[], values=np.eye(values.max() + 1)[values])
        for field, values in tokens.items()
    }
    return tokens, world.make_context(features=features)


def test_equals_recboles_on_token_features(world, float64):
    tokens, context = one_hot_context(world)
    model = world.make_model(("SASRecF", world.small_settings("SASRecF")), context)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    batch = world.prefix_batch(model, world.random_rows([11, 3, 7]))

    items_RL, lengths_R, at_M2 = batch.padded()
    positions_L = torch.arange(items_RL.shape[1])
    looked_up = [model.items(items_RL)]
    for field, token_V in tokens.items():
        table = model.contents.projections[field].weight.T
        looked_up.append(table[torch.from_numpy(token_V)[items_RL]])
    x_RLD = model.norm(model.join(torch.cat(looked_up, -1)) + model.positions(positions_L))
    x_RLD = world.padded_encoder(model.encoder, x_RLD, positions_L < lengths_R[:, None], causal=True)
    expected = x_RLD[at_M2[:, 0], at_M2[:, 1]] @ model.items.weight.T
    torch.testing.assert_close(model.scores(batch), expected, rtol=0, atol=1e-10)


def test_without_modalities_the_join_maps_the_item_embedding_alone(world, float64):
    plain = world.make_model(("SASRec", world.small_settings("SASRec")))
    model = world.make_model(("SASRecF", world.small_settings("SASRecF")), world.make_context([]))
    missing = model.load_state_dict(plain.state_dict(), strict=False)
    assert missing.missing_keys == ["join.weight", "join.bias"] and not missing.unexpected_keys
    with torch.no_grad():
        model.join.weight.copy_(torch.eye(16))
    batch = world.scoring_batch(plain, world.random_rows([10, 3, 1]))
    torch.testing.assert_close(model.scores(batch), plain.scores(batch), rtol=0, atol=1e-12)
