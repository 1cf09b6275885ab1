"""The auxiliary tasks of MAF and DIF-SR, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from torch.nn import functional as F

MODELS = ["MAF", "DIF-SR"]


def made(world, name, context, **settings):
    return world.make_model((name, {**world.small_settings(name), **settings}), context)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_auxiliary_losses_worked_by_hand(world, float64, name, reduction):
    image = world.make_features("image")
    category = world.make_features("category")
    context = world.make_context(features={"image": image, "category": category})
    model = made(world, name, context, **{"lambda": 3.0, "reduction": reduction})
    batch = world.prefix_batch(model, [[7, 2, 9, 10, 11]])
    assert batch.targets.tolist() == [2, 9, 10, 11]  # 2 has no image, 9 no categories
    state = model.encode(batch)
    total = F.cross_entropy(state @ model.items.weight.T, batch.targets)
    combine = np.mean if reduction == "mean" else np.sum
    for task, table, scored in zip(model.tasks, (image, category), ([1, 2, 3], [0, 2, 3]), strict=True):
        predicted = task.head(state).detach().numpy()[scored]
        wanted = table.values[batch.targets[scored].numpy()].astype(np.float64)
        if table.labels:
            p = 1 / (1 + np.exp(-predicted))
            errors = -(wanted * np.log(p) + (1 - wanted) * np.log(1 - p))
        else:
            errors = (predicted - wanted) ** 2
        total = total + 3.0 * combine(errors, axis=1).mean()
    assert model.loss(batch).item() == pytest.approx(total.item(), abs=1e-10)
    off = made(world, name, context, multitask=False)
    off.load_state_dict({k: v for k, v in model.state_dict().items() if not k.startswith("tasks")})
    expected = F.cross_entropy(state @ model.items.weight.T, batch.targets)
    assert off.loss(batch).item() == pytest.approx(expected.item(), abs=1e-12)


@pytest.mark.parametrize("name", MODELS)
def test_targets_without_a_modality_add_no_loss(world, float64, name):
    context = world.make_context(["image"])
    model = made(world, name, context, **{"lambda": 1000.0})
    batch = world.prefix_batch(model, [[7, 1, 2, 3]])  # none of 1, 2, 3 has an image
    expected = F.cross_entropy(model.scores(batch), batch.targets)
    assert model.loss(batch).item() == pytest.approx(expected.item(), abs=1e-12)
