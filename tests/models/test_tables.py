"""Features within a model, and those that are drawn anew in every step."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bench.features.controls import under_controls
from bench.models.tables import FeatureTable, noisy_tables

READERS = ["MAF", "DIF-SR", "SASRecF", "FDSA"]


def noisy_model(world, name, **settings):
    features = world.make_context().features
    used = under_controls(features, dict.fromkeys(features, "noise"), seed=1)
    return world.make_model(
        (name, {**world.small_settings(name), **settings}), world.make_context(features=used)
    )


@pytest.mark.parametrize("name", READERS)
def test_noise_is_new_in_every_step_and_the_same_in_evaluation(world, name):
    model = noisy_model(world, name)
    tables = noisy_tables(model)
    assert len(tables) == 3  # the tasks share them
    batch = world.prefix_batch(model, [[7, 2, 9, 10, 11], [1, 12, 13]])
    model.train()
    losses = []
    for _ in range(3):
        for table in tables:
            table.redraw()
        losses.append(model.loss(batch).item())
    assert len(set(losses)) == 3
    evaluated = []
    for _ in range(2):
        model.eval()
        evaluated.append(model.loss(batch).item())
        model.train()
        for table in tables:
            table.redraw()
    assert evaluated[0] == evaluated[1]
    assert evaluated[0] not in losses


@pytest.mark.parametrize("modality", ["image", "category"])
def test_a_draw_keeps_presence_law_and_squares(world, modality):
    real = world.make_features(modality)
    table = FeatureTable(under_controls({modality: real}, {modality: "noise"}, seed=1)[modality])
    drawn = []
    for _ in range(4000):
        table.redraw()
        assert not table.values[~table.present].any()
        drawn.append(table.values[table.present].numpy().copy())
    assert torch.allclose(table.squares, table.values.square().sum(1))
    sample = np.concatenate(drawn).astype(np.float64)
    used = real.values[real.present].astype(np.float64)
    if modality == "category":
        assert {tuple(row) for row in sample} == {tuple(row) for row in used}
        spread = np.cov(used.T, ddof=0)  # rows with replacement
    else:
        spread = np.cov(used.T)
    # Of a hundred thousand rows: five standard errors are about 0.02 of a standard deviation.
    scale = np.sqrt(np.diag(spread))
    assert (np.abs(sample.mean(0) - used.mean(0)) < 0.03 * scale).all()
    assert (np.abs(np.cov(sample.T) - spread) < 0.05 * np.outer(scale, scale)).all()


@pytest.mark.parametrize("control", ["shuffle", "zero", "random-id", "noise"])
@pytest.mark.parametrize("name", ["MAF", "DIF-SR"])
def test_tasks_predict_the_replaced_features(world, name, control):
    features = world.make_context().features
    used = under_controls(features, {"image": control}, seed=1)
    model = world.make_model((name, world.small_settings(name)), world.make_context(features=used))
    for task, modality in zip(model.tasks, features, strict=True):
        assert task.table is model.contents.table(modality)
        same = np.array_equal(task.table.values.numpy(), features[modality].values)
        assert same == (modality != "image")


def test_seeds_evaluate_other_draws(world):
    real = world.make_features("image")
    drawn = []
    for seed in (1, 1, 2):
        table = FeatureTable(under_controls({"image": real}, {"image": "noise"}, seed)["image"])
        table.redraw()
        drawn.append(table.eval().values.clone())
    assert torch.equal(drawn[0], drawn[1]) and not torch.equal(drawn[0], drawn[2])


def test_features_are_no_part_of_what_is_saved(world):
    plain = world.make_model(("MAF", world.small_settings("MAF")))
    noisy = noisy_model(world, "MAF")
    assert plain.state_dict().keys() == noisy.state_dict().keys()
    assert not any("table" in name for name in plain.state_dict())


def test_frozen_features_stay(world):
    real = world.make_features("image")
    table = FeatureTable(real)
    table.redraw()
    table.eval()
    assert np.array_equal(table.values.numpy(), real.values)
