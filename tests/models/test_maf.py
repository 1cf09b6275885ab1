"""MAF beside SASRec, its subsets of modalities, and its auxiliary tasks."""

from __future__ import annotations

from itertools import chain, combinations

import numpy as np
import pytest
import torch

from bench.registry import MODALITIES

SUBSETS = list(chain.from_iterable(combinations(MODALITIES, n) for n in range(4)))


def maf(world, context=None, **settings):
    return world.make_model(("MAF", {**world.small_settings("MAF"), **settings}), context)


@pytest.mark.parametrize("fusion", ["sum", "concat", "gate"])
def test_without_modalities_it_is_sasrec_at_the_same_score_scale(world, fusion):
    sasrec = world.make_model(("SASRec", world.small_settings("SASRec"))).eval()
    model = maf(world, world.make_context([]), fusion=fusion, score_scale="sqrt_head").eval()
    assert model.state_dict().keys() == sasrec.state_dict().keys()
    batch = world.scoring_batch(model, world.random_rows([10, 3, 1, 10]))
    torch.testing.assert_close(model.scores(batch), sasrec.scores(batch), rtol=0, atol=1e-6)
    assert model.loss(batch).item() == pytest.approx(sasrec.loss(batch).item(), abs=1e-6)


def test_the_papers_score_scale_divides_by_the_models_width(world, float64):
    sasrec = world.make_model(("SASRec", world.small_settings("SASRec")))
    model = maf(world, world.make_context([]), score_scale="sqrt_d")
    model.load_state_dict(sasrec.state_dict())
    batch = world.scoring_batch(model, world.random_rows([10, 3]))
    assert not torch.allclose(model.scores(batch), sasrec.scores(batch), rtol=0, atol=1e-9)
    with torch.no_grad():  # 16 wide, 2 heads: 1/sqrt(16) is 1/sqrt(8) with queries times sqrt(1/2)
        for attention in sasrec.encoder.attention:
            attention.query.weight *= 0.5**0.5
            attention.query.bias *= 0.5**0.5
    torch.testing.assert_close(model.scores(batch), sasrec.scores(batch), rtol=0, atol=1e-12)


@pytest.mark.parametrize("fusion", ["sum", "concat", "gate"])
@pytest.mark.parametrize("chosen", SUBSETS, ids="+".join)
def test_any_subset_of_modalities(world, fusion, chosen):
    model = maf(world, fusion=fusion, modalities=chosen)
    model.loss(world.prefix_batch(model, world.random_rows([11] * 4))).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and torch.isfinite(parameter.grad).all(), name
    read = {name.split(".")[2] for name in model.state_dict() if name.startswith("contents.projections")}
    assert read == set(chosen)
    assert len(model.tasks) == len(chosen)


@pytest.mark.parametrize("fusion", ["sum", "concat", "gate"])
def test_contents_of_earlier_items_act_through_attention(world, float64, fusion):
    other = {m: world.make_features(m) for m in MODALITIES}
    other["image"].values[11] += 5.0  # the first item's picture
    before, after = (
        maf(world, context, fusion=fusion).eval()
        for context in (world.make_context(), world.make_context(features=other))
    )
    for parameter in before.parameters():  # far from the start, where attention is all but uniform
        torch.nn.init.normal_(parameter, std=0.5)
    after.load_state_dict(before.state_dict())
    batch = world.scoring_batch(before, [[11, 12, 13]])
    assert not torch.isclose(before.scores(batch), after.scores(batch)).any()
    alone = world.scoring_batch(before, [[11]])  # attention over one item has no choice
    assert torch.equal(before.scores(alone), after.scores(alone))


def test_a_modality_that_no_item_has_changes_nothing(world, float64):
    image = world.make_features("image")
    nobody = world.make_features("text", missing=range(world.N_ITEMS + 1), values=np.ones((31, 7)))
    alone = maf(world, world.make_context(features={"image": image}))
    beside = maf(world, world.make_context(features={"image": image, "text": nobody}))
    assert not beside.load_state_dict(alone.state_dict(), strict=False).unexpected_keys
    batch = world.prefix_batch(alone, world.random_rows([10, 4]))
    torch.testing.assert_close(alone.scores(batch), beside.scores(batch), rtol=0, atol=1e-12)
    torch.testing.assert_close(alone.loss(batch), beside.loss(batch), rtol=0, atol=1e-12)
