"""Models by name, anybody's own models, and what is said when something is wrong."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest
import torch

from bench.errors import InputError
from bench.models.base import Recommender
from bench.models.building import build, count_parameters
from bench.suite.settings import Settings


class OwnSettings(Settings):
    weight: float = 1.0


class Own(Recommender):
    """Likes large item numbers."""

    Settings = OwnSettings

    def __init__(self, settings, context):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor(settings.weight))
        self.frozen = torch.nn.Parameter(torch.zeros(3), requires_grad=False)
        self.n_items = context.n_items

    def scores(self, batch):
        return self.weight * torch.arange(self.n_items + 1.0).expand(len(batch.at), -1)


class Unfinished(Recommender):
    pass


class WrongConstructor(Own):
    def __init__(self):
        super().__init__(OwnSettings(), None)


@pytest.fixture
def own_module(monkeypatch):
    module = ModuleType("somebodys_models")
    module.__dict__.update(
        Own=Own, Unfinished=Unfinished, WrongConstructor=WrongConstructor, NoModel=dict, number=3
    )
    monkeypatch.setitem(sys.modules, "somebodys_models", module)


def test_anybodys_own_model(world, own_module):
    model = build("somebodys_models:Own", {"weight": 2.0}, world.make_context())
    scores = model.scores(world.scoring_batch(model, [[1]]))
    assert scores[0, :3].tolist() == [0, 2, 4]
    assert count_parameters(model) == 1


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("SASRce", {}, "did you mean 'SASRec'"),
        ("Nothing", {}, "known: MAF, "),
        ("no_such_module:Model", {}, "cannot be imported: ModuleNotFoundError"),
        ("somebodys_models:Missing", {}, "has no 'Missing'"),
        (":Own", {}, "cannot be imported"),
        ("somebodys_models:NoModel", {}, "no recommender"),
        ("somebodys_models:number", {}, "no recommender"),
        ("somebodys_models:Unfinished", {}, "no recommender"),
        ("somebodys_models:WrongConstructor", {}, "cannot be made from"),
        ("somebodys_models:Own", {"wieght": 2}, "wieght: Extra inputs.*its settings are weight"),
        ("SASRec", {"hidden_size": 10, "heads": 4}, "not a multiple of heads"),
        ("GRU4Rec", {"dropout": 1.5}, "dropout: Input should be less than 1"),
        ("LastItem", {"x": 1}, "its settings are none"),
        ("MAF", {"modalities": ["image", "text"]}, "to read text, which.*the dataset has image"),
    ],
)
def test_what_cannot_be_built_is_explained(world, own_module, name, settings, message):
    with pytest.raises(InputError, match=message):
        build(name, settings, world.make_context(["image"]))


def test_a_module_that_fails_on_import_is_explained(world, tmp_path, monkeypatch):
    (tmp_path / "broken_models.py").write_text("raise RuntimeError('no luck')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(InputError, match="RuntimeError: no luck"):
        build("broken_models:Model", {}, world.make_context())


def test_settings_choose_among_the_contexts_modalities(world):
    settings = world.small_settings("SASRecF")
    every = build("SASRecF", settings, world.make_context())
    chosen = build("SASRecF", {**settings, "modalities": ["category", "image"]}, world.make_context())
    none = build("SASRecF", {**settings, "modalities": []}, world.make_context())
    assert list(every.contents.projections) == ["image", "text", "category"]
    assert list(chosen.contents.projections) == ["image", "category"]
    assert list(none.contents.projections) == []


def test_count_parameters_of_sasrec(world):
    d, inner = 16, 32
    block = 4 * (d * d + d) + (d * inner + inner) + (inner * d + d) + 2 * 2 * d
    expected = (world.N_ITEMS + 1) * d + world.MAX_LENGTH * d + 2 * d + 2 * block
    assert count_parameters(build("SASRec", world.small_settings("SASRec"), world.make_context())) == expected
