"""DIF-SR against its equations in loops, its attributes that are missing, and its auxiliary tasks."""

from __future__ import annotations

import math
from itertools import chain, combinations

import numpy as np
import pytest
import torch

from bench.registry import MODALITIES

FUSIONS = ("sum", "concat", "gate")
SUBSETS = list(chain.from_iterable(combinations(MODALITIES, n) for n in range(4)))


def difsr(world, context=None, **settings):
    return world.make_model(("DIF-SR", {**world.small_settings("DIF-SR"), **settings}), context)


def far_from_the_start(model):
    """Weights with which attention is not all but uniform."""
    torch.manual_seed(1)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return model.eval()


class Reference:
    """The paper's forward pass for one row, number by number: no batches, no matrices of scores."""

    def __init__(self, model, features, fusion, scale):
        self.weights = {name: value.numpy() for name, value in model.state_dict().items()}
        self.features, self.fusion, self.scale, self.heads = features, fusion, scale, 2

    def linear(self, name, x):
        y = [sum(w * v for w, v in zip(row, x, strict=True)) for row in self.weights[f"{name}.weight"]]
        bias = self.weights.get(f"{name}.bias", np.zeros(len(y)))
        return np.array([a + b for a, b in zip(y, bias, strict=True)])

    def norm(self, name, x):
        mean = sum(x) / len(x)
        variance = sum((v - mean) ** 2 for v in x) / len(x)
        return (x - mean) / math.sqrt(variance + 1e-12) * self.weights[f"{name}.weight"] + self.weights[
            f"{name}.bias"
        ]

    def head(self, x, h):
        size = len(x) // self.heads
        return x[h * size : (h + 1) * size]

    def state(self, row):
        """The state after the last item of the row."""
        x = [self.norm("norm", self.weights["items.weight"][item]) for item in row]
        for block in range(2):
            attended = self.attention(f"encoder.attention.{block}", x, row)
            x = [self.feed_forward(f"encoder.feed_forward.{block}", r) for r in attended]
        return x[-1]

    def attention(self, at, x, row):
        seen_as = {"": x, "position_": [self.weights["positions.weight"][p] for p in range(len(row))]}
        for m, table in self.features.items():
            seen_as[f"{m}_"] = [
                self.linear(f"contents.projections.{m}", table.values[item].astype(float)) for item in row
            ]
        q = {s: [self.linear(f"{at}.{s}query", e) for e in rows] for s, rows in seen_as.items()}
        k = {s: [self.linear(f"{at}.{s}key", e) for e in rows] for s, rows in seen_as.items()}
        v = [self.linear(f"{at}.value", state) for state in x]
        states = []
        for i in range(len(row)):
            mixed = []
            for h in range(self.heads):
                scores = [
                    [float(self.head(q[s][i], h) @ self.head(k[s][j], h)) for j in range(i + 1)] for s in q
                ]
                has = [s in ("", "position_") or self.features[s[:-1]].present[row[i]] for s in q]
                fused = self.fuse(f"{at}.fusion", scores, has)
                power = [math.exp(f / self.scale) for f in fused]
                mixed += list(sum(p / sum(power) * self.head(v[j], h) for j, p in enumerate(power)))
            states.append(self.norm(f"{at}.out.norm", self.linear(f"{at}.out.dense", mixed) + x[i]))
        return states

    def fuse(self, at, scores, has):
        """F of the score rows of one query over the keys up to it."""
        seen = len(scores[0])
        if self.fusion == "sum":
            return [sum(row[j] for row in scores) for j in range(seen)]
        n = self.weights[f"{at}.linear.bias" if self.fusion == "concat" else f"{at}.inner.bias"].size
        padded = [row + [0.0] * (n - seen) for row in scores]
        if self.fusion == "concat":
            return self.linear(f"{at}.linear", [value for row in padded for value in row])[:seen]
        energies = [
            self.linear(f"{at}.energy", np.maximum(self.linear(f"{at}.inner", row), 0))[0] for row in padded
        ]
        gates = [math.exp(e) if there else 0.0 for e, there in zip(energies, has, strict=True)]
        return [
            sum(g / sum(gates) * row[j] for g, row in zip(gates, scores, strict=True)) for j in range(seen)
        ]

    def feed_forward(self, at, x):
        inner = self.linear(f"{at}.inner", x)
        inner = [v * 0.5 * (1 + math.erf(v / math.sqrt(2))) for v in inner]
        return self.norm(f"{at}.norm", self.linear(f"{at}.outer", inner) + x)


@pytest.mark.parametrize("fusion", FUSIONS)
@pytest.mark.parametrize("score_scale", ["sqrt_head", "sqrt_d"])
def test_one_row_by_the_papers_equations(world, float64, fusion, score_scale):
    context = world.make_context()
    model = far_from_the_start(difsr(world, context, fusion=fusion, score_scale=score_scale))
    scale = math.sqrt(8 if score_scale == "sqrt_head" else 16)  # 16 wide, 2 heads
    reference = Reference(model, context.features, fusion, scale)
    rows = [[11, 5, 6, 3, 12], [9, 20, 20, 1, 7, 30, 14, 2, 25, 16]]  # items that lack contents among them
    wanted = np.array([model.items.weight.detach().numpy() @ reference.state(row) for row in rows])
    got = model.scores(world.scoring_batch(model, [*rows, *world.random_rows([5, 2])])).detach().numpy()
    np.testing.assert_allclose(got[:2], wanted, rtol=0, atol=1e-11)
    assert np.abs(wanted).max() > 0.1


def test_default_settings_are_the_authors(world):
    settings = type(difsr(world)).Settings()
    assert (settings.fusion, settings.score_scale, settings.multitask) == ("gate", "sqrt_head", True)
    assert (settings.attribute_size, settings.task_weight, settings.reduction) == (64, 10.0, "mean")


@pytest.mark.parametrize("fusion", FUSIONS)
@pytest.mark.parametrize("chosen", SUBSETS, ids="+".join)
def test_any_subset_of_modalities(world, fusion, chosen):
    model = difsr(world, fusion=fusion, modalities=chosen)
    model.loss(world.prefix_batch(model, world.random_rows([11] * 4))).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and torch.isfinite(parameter.grad).all(), name
    assert set(model.contents.projections) == set(chosen)
    sources = {"position", *chosen}
    assert all(set(attention.sources) == sources for attention in model.encoder.attention)
    assert len(model.tasks) == len(chosen)


@pytest.mark.parametrize("fusion", FUSIONS)
def test_positions_and_contents_act_through_attention_alone(world, float64, fusion):
    model = far_from_the_start(difsr(world, fusion=fusion))
    short, long = world.scoring_batch(model, [[11]]), world.scoring_batch(model, [[11, 12, 13]])
    before = model.scores(short), model.scores(long)
    for change in (model.positions.weight, model.contents.table("image").values):
        with torch.no_grad():
            change[:] = torch.randn_like(change) * (change.abs().sum(1, keepdim=True) > 0)
        assert torch.equal(model.scores(short), before[0])  # attention over one item has no choice
        assert not torch.allclose(model.scores(long), before[1], rtol=0, atol=1e-6)
        before = model.scores(short), model.scores(long)


@pytest.mark.parametrize("fusion", FUSIONS)
def test_a_modality_that_no_item_has_changes_nothing(world, float64, fusion):
    image = world.make_features("image")
    nobody = world.make_features("text", missing=range(world.N_ITEMS + 1), values=np.ones((31, 7)))
    alone = difsr(world, world.make_context(features={"image": image}), fusion=fusion)
    far_from_the_start(alone)
    beside = difsr(world, world.make_context(features={"image": image, "text": nobody}), fusion=fusion)
    state = alone.state_dict()
    for name, weight in beside.state_dict().items():
        if name.endswith("fusion.linear.weight"):  # the same for three sources, anything for the fourth
            state[name] = torch.cat([state[name], torch.randn_like(weight[:, state[name].shape[1] :])], 1)
    assert not beside.load_state_dict(state, strict=False).unexpected_keys
    batch = world.prefix_batch(alone, world.random_rows([10, 4]))
    torch.testing.assert_close(alone.scores(batch), beside.scores(batch), rtol=0, atol=1e-12)
    torch.testing.assert_close(alone.loss(batch), beside.loss(batch), rtol=0, atol=1e-12)


@pytest.mark.parametrize("fusion", FUSIONS)
def test_what_an_item_lacks_says_nothing_of_it(world, float64, fusion):
    """A row in which nobody has any content is scored as if there were no modalities."""
    model = far_from_the_start(difsr(world, fusion=fusion, modalities=["image"]))
    plain = difsr(world, fusion=fusion, modalities=[]).eval()
    shapes = {name: value.shape for name, value in plain.state_dict().items()}
    state = {name: value for name, value in model.state_dict().items() if name in shapes}
    for name in state:
        if name.endswith("fusion.linear.weight"):
            state[name] = state[name][:, : shapes[name][1]]
    plain.load_state_dict(state)
    lacking = world.scoring_batch(model, [[1, 2, 3, 4, 5]])
    torch.testing.assert_close(model.scores(lacking), plain.scores(lacking), rtol=0, atol=1e-12)
    having = world.scoring_batch(model, [[1, 2, 11, 4, 12]])
    assert not torch.allclose(model.scores(having), plain.scores(having), rtol=0, atol=1e-6)


def test_labels_are_pooled_by_the_sum_of_their_embeddings(world, float64):
    category = world.make_features("category")
    model = difsr(world, world.make_context(features={"category": category}))
    embeddings = model.contents.projections["category"].weight.T
    (rows,) = model.contents(torch.tensor([11, 5]))
    labels = np.flatnonzero(category.values[11])
    assert len(labels) > 1
    torch.testing.assert_close(rows[0], sum(embeddings[label] for label in labels), rtol=0, atol=1e-12)
    assert not rows[1].any()
