"""FDSA against the padded computation with one embedding per field, in float64."""

from __future__ import annotations

import numpy as np
import torch

from bench.models.fdsa import FieldAttention


def fdsa(world, context):
    model = world.make_model(("FDSA", world.small_settings("FDSA")), context)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return model


def test_equals_recboles_on_token_features(world, float64):
    tokens = np.random.default_rng(0).integers(0, 6, (2, world.N_ITEMS + 1))
    features = {
        field: world.make_features(field, missing=[], values=np.eye(6)[values])
        for field, values in zip(("text", "category"), tokens, strict=True)
    }
    model = fdsa(world, world.make_context(features=features))
    batch = world.prefix_batch(model, world.random_rows([11, 3, 7]))

    items_RL, lengths_R, at_M2 = batch.padded()
    positions_L = torch.arange(items_RL.shape[1])
    real_RL = positions_L < lengths_R[:, None]
    attention = model.fields.attention
    fields_RLJD = torch.stack(
        [
            model.fields.contents.projections[field].weight.T[torch.from_numpy(token_V)[items_RL]]
            for field, token_V in zip(("text", "category"), tokens, strict=True)
        ],
        dim=2,
    )
    weights_RLJ1 = torch.softmax(attention.energy(torch.relu(attention.inner(fields_RLJD))), dim=2)
    inputs = [model.items(items_RL), (fields_RLJD * weights_RLJ1).sum(2)]
    states = [
        world.padded_encoder(encoder, model.norm(x + model.positions(positions_L)), real_RL, causal=True)
        for encoder, x in zip((model.item_encoder, model.field_encoder), inputs, strict=True)
    ]
    joined = model.norm(model.join(torch.cat(states, -1)))[at_M2[:, 0], at_M2[:, 1]]
    torch.testing.assert_close(model.scores(batch), joined @ model.items.weight.T, rtol=0, atol=1e-10)


def test_field_attention_looks_only_at_fields_that_are_there(float64):
    attention = FieldAttention(3)
    fields = torch.randn(4, 2, 3)
    present = torch.tensor([[True, True], [True, False], [False, True], [False, False]])
    mixed = attention(fields, present)
    both = torch.softmax(attention.energy(torch.relu(attention.inner(fields[0]))), dim=0)
    torch.testing.assert_close(mixed[0], (both * fields[0]).sum(0))
    assert torch.equal(mixed[1], fields[1, 0])
    assert torch.equal(mixed[2], fields[2, 1])
    assert torch.equal(mixed[3], torch.zeros(3))


def test_a_modality_that_no_item_has_changes_nothing(world, float64):
    image, text = world.make_features("image"), world.make_features("text")
    nobody = world.make_features("text", missing=range(world.N_ITEMS + 1), values=np.ones((31, 7)))
    alone = fdsa(world, world.make_context(features={"image": image}))
    beside = fdsa(world, world.make_context(features={"image": image, "text": nobody}))
    there = fdsa(world, world.make_context(features={"image": image, "text": text}))
    for model in (beside, there):
        assert not model.load_state_dict(alone.state_dict(), strict=False).unexpected_keys
    batch = world.scoring_batch(alone, world.random_rows([10, 3, 1]))
    torch.testing.assert_close(alone.scores(batch), beside.scores(batch), rtol=0, atol=1e-12)
    assert not torch.isclose(alone.scores(batch), there.scores(batch)).all()


def test_without_modalities_the_second_encoder_sees_positions_alone(world):
    model = fdsa(world, world.make_context([])).eval()
    assert not any(name.startswith("fields") for name in model.state_dict())
    batch = world.scoring_batch(model, [[1, 2, 3], [4, 5, 6]])
    states = model.field_encoder(model.norm(model.positions(batch.positions)), batch)
    assert torch.equal(states[0], states[1])
    assert not torch.equal(*model.scores(batch))
