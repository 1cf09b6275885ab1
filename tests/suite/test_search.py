"""``search:`` of a suite: spaces, budgets and seeds are checked before anything runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.errors import InputError
from bench.suite.expansion import expand
from bench.suite.overrides import overrides_slug
from bench.suite.schema import Suite, load_suite
from bench.suite.search import Budget
from bench.suite.space import Dimension, grid_points, grid_size, lies_on, own_point, variant_at

Load = Callable[..., Suite]
SUITES = Path(__file__).parents[2] / "suites"
BODY = """\
datasets: [ml-100k]
models: [Popularity, SASRec, {name: MAF, label: MAF 64}]
search:
  trials: 4
  space:
    MAF 64: {multimodal_size: [32, 64], lambda: [5, 10]}
    SASRec: {training.learning_rate: {low: 1e-4, high: 1e-2, log: true}, hidden_dropout: {low: 0.1, high: 0.5, step: 0.1}}
"""  # noqa: E501


def search(load: Load, text: str = BODY):
    found = load(text).search
    assert found is not None
    return found


def test_defaults(load: Load) -> None:
    found = search(load)
    assert (found.sampler, found.pruner, found.seeds, found.seed) == ("tpe", "none", (1001,), 0)
    assert found.budget == Budget(kind="trials", amount=4)
    assert not found.unequal and found.storage is None
    rate, dropout = found.spaces["SASRec"]
    assert rate == Dimension(key="training.learning_rate", kind="float", low=1e-4, high=1e-2, log=True)
    assert dropout.values() == (0.1, 0.2, 0.3, 0.4, 0.5)
    assert rate.values() is None


def test_a_suite_without_a_search_has_none(load: Load) -> None:
    assert load("datasets: [ml-100k]\nmodels: [SASRec]\n").search is None


def test_a_search_changes_no_run(load: Load) -> None:
    without = BODY[: BODY.index("search:")]
    assert expand(load(BODY)) == expand(load(without))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("trials: 4", "trails: 60", ["unknown key 'trails'", "'trials'"]),
        ("trials: 4", "sampler: tpee\n  trials: 4", ["search.sampler", "'tpee'", "'tpe'"]),
        ("trials: 4", "pruner: medain\n  trials: 4", ["search.pruner", "'median'"]),
        ("trials: 4", "seed: 0", ["no budget", "one of trials, epochs and seconds"]),
        ("trials: 4", "trials: 4\n  epochs: 5", ["2 budgets"]),
        ("trials: 4", "trials: 0", ["search.trials", "at least 1"]),
        ("trials: 4", "trials: 4\n  seeds: [1001, 2]", ["search.seeds: 2", "suite's seeds", "afresh"]),
        ("trials: 4", "trials: 4\n  seeds: [7, 7]", ["search.seeds: 7 stands twice"]),
        ("trials: 4", "trials: 4\n  pruner: median\n  seeds: [7, 8]", ["2 seeds", "pruner"]),
        ("MAF 64:", "MAF:", ["no variant 'MAF'", "'MAF 64'"]),
        ("lambda: [5, 10]", "lamda: [5, 10]", ["unknown key 'lamda' in search.space.MAF 64", "'lambda'"]),
        ("lambda: [5, 10]", "fusion: [sum, gte]", ["search.space.MAF 64.fusion[2]", "'gte'", "'gate'"]),
        ("lambda: [5, 10]", "lambda: [5, -1]", ["search.space.MAF 64.lambda[2]", "-1", "at least 0"]),
        ("lambda: [5, 10]", "lambda: [5, 5]", ["search.space.MAF 64.lambda", "5 stands twice"]),
        ("lambda: [5, 10]", "lambda: [5, 5.0]", ["MAF 64.lambda: 5.0 stands twice, first as 5"]),
        ("lambda: [5, 10]", "lambda: [5, 10.0, 1.0e+1]", ["MAF 64.lambda: 10.0 stands twice"]),
        (
            "lambda: [5, 10]",
            "lambda: [5, 10], task_weight: [1, 2]",
            ["are the same setting of MAF"],
        ),
        ("lambda: [5, 10]", "lambda: []", ["search.space.MAF 64.lambda", "empty list"]),
        ("lambda: [5, 10]", "lambda: 5", ["search.space.MAF 64.lambda", "write [5]"]),
        ("lambda: [5, 10]", "fusion: {low: 1, high: 2}", ["search.space.MAF 64.fusion", "a list of values"]),
        ("lambda: [5, 10]", "heads: {low: 1, high: 2.5}", ["search.space.MAF 64.heads", "whole numbers"]),
        ("lambda: [5, 10]", "lambda: {low: 5, high: 1}", ["low 5 is not less than high 1"]),
        ("lambda: [5, 10]", "lambda: {low: 0, high: 1, log: true}", ["log range"]),
        ("lambda: [5, 10]", "lambda: {low: 1, high: 6, step: 2}", ["no step of 2", "high: 5"]),
        ("lambda: [5, 10]", "lambda: {low: 1, high: 6, stp: 2}", ["unknown key 'stp'", "'step'"]),
        ("lambda: [5, 10]", "modalities: [available]", ["what a model reads is not tuned", "bench ablate"]),
        ("lambda: [5, 10]", "training.epohcs: [5]", ["'training.epohcs'", "'training.epochs'"]),
        ("lambda: [5, 10]", "training.monitor: [MRR]", ["one monitor for all models"]),
        ("lambda: [5, 10]", "training.epochs: [0]", ["search.space.MAF 64.training.epochs[1]", "at least 1"]),
        ("[32, 64]", "[32, 128]", ["multimodal_size 128 exceeds hidden_size 64", "multimodal_size=128"]),
        ("[32, 64]", "[32, 33]", ["33 is not a multiple of heads 2"]),
        ("    SASRec", "    Popularity: {x: [1]}\n    SASRec", ["Popularity counts", "nothing to tune"]),
        ("{multimodal_size: [32, 64], lambda: [5, 10]}", "{}", ["search.space.MAF 64 is empty"]),
        ("trials: 4", "sampler: grid", ["a grid needs a list of values"]),
    ],
)
def test_mistakes_are_named(load: Load, old: str, new: str, words: list[str]) -> None:
    assert old in BODY
    with pytest.raises(InputError) as caught:
        load(BODY.replace(old, new))
    said = str(caught.value)
    assert all(word in said for word in words), said
    assert "tiny.yaml:" in said


GRIDS = """\
datasets: [ml-100k]
models: [SASRec, MAF]
search:
  sampler: grid
  space:
    MAF: {multimodal_size: [32, 64], lambda: [5, 10]}
    SASRec: {hidden_dropout: [0.1, 0.2], layers: [1, 2]}
"""


def test_a_grid_does_every_point(load: Load) -> None:
    found = search(load, GRIDS)
    assert found.budget == Budget(kind="trials", amount=None)
    assert list(grid_points(found.spaces["SASRec"])) == [
        {"hidden_dropout": 0.1, "layers": 1},
        {"hidden_dropout": 0.1, "layers": 2},
        {"hidden_dropout": 0.2, "layers": 1},
        {"hidden_dropout": 0.2, "layers": 2},
    ]
    assert search(load, GRIDS.replace("sampler: grid", "sampler: grid\n  trials: 4")).budget.amount is None


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("layers: [1, 2]", "layers: [1, 2, 3]", ["different numbers of points", "MAF 4, SASRec 6"]),
        ("sampler: grid", "sampler: grid\n  trials: 5", ["5, but the grid of MAF has 4 points"]),
        ("sampler: grid", "sampler: grid\n  epochs: 5", ["search.epochs: a grid does every point"]),
        (
            "    SASRec: {hidden_dropout: [0.1, 0.2], layers: [1, 2]}\n",
            "",
            ["tunes MAF and not SASRec", "unequal"],
        ),
        ("layers: [1, 2]", "layers: {low: 1, high: 20000, step: 1}", ["a grid needs", "step"]),
    ],
)
def test_unequal_budgets_are_refused(load: Load, old: str, new: str, words: list[str]) -> None:
    changed = GRIDS.replace(old, new)
    if "20000" in new:
        changed = changed.replace("step: 1", "log: true")
    with pytest.raises(InputError) as caught:
        load(changed)
    assert all(word in str(caught.value) for word in words), caught.value


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("layers: [1, 2]", "layers: [1, 2, 3]"),
        ("    SASRec: {hidden_dropout: [0.1, 0.2], layers: [1, 2]}\n", ""),
    ],
)
def test_unequal_budgets_can_be_declared(load: Load, old: str, new: str) -> None:
    text = GRIDS.replace(old, new).replace("sampler: grid", "sampler: grid\n  unequal: true")
    assert search(load, text).unequal


@pytest.mark.parametrize(
    ("budget", "space", "words"),
    [
        ("trials: 4", "heads: [2]", "SASRec has 1 point to try, and 4 trials to do"),
        ("trials: 4", "layers: {low: 1, high: 3}", "SASRec has 3 points to try, and 4 trials to do"),
        ("trials: 4", "layers: {low: 1, high: 3, log: true}", "SASRec has 3 points"),
        ("trials: 4\n  sampler: random", "heads: [1, 2]", "SASRec has 2 points"),
        ("epochs: 400", "heads: [2]", "SASRec has 1 point to try: no fair comparison"),
        ("seconds: 60", "heads: [2]", "SASRec has 1 point to try: no fair comparison"),
    ],
)
def test_a_space_with_too_little_to_try_is_no_fair_share(
    load: Load, budget: str, space: str, words: str
) -> None:
    text = GRIDS.replace("sampler: grid", budget).replace("[5, 10]", "{low: 1, high: 20}")
    text = text.replace("hidden_dropout: [0.1, 0.2], layers: [1, 2]", space)
    with pytest.raises(InputError) as caught:
        load(text)
    assert words in str(caught.value) and "unequal: true" in str(caught.value), caught.value
    assert search(load, text.replace("space:", "unequal: true\n  space:")).unequal


def test_a_fair_search_is_not_called_unequal(load: Load) -> None:
    assert not search(load, GRIDS.replace("sampler: grid", "sampler: grid\n  unequal: true")).unequal


def test_models_that_count_need_no_space(load: Load) -> None:
    load(GRIDS.replace("models: [", "models: [Popularity, LastItem, "))


def test_overrides_reach_the_search(load: Load) -> None:
    suite = load(
        BODY,
        [
            "search.trials=2",
            "search.space.MAF 64.lambda=[1]",
            "search.space.SASRec.training.learning_rate=[0.1, 0.2]",
        ],
    )
    assert suite.search is not None
    assert suite.search.budget.amount == 2
    assert suite.search.spaces["MAF 64"][1].choices == (1,)
    assert suite.search.spaces["SASRec"][0].choices == (0.1, 0.2)
    # They change no run, and so belong to the same results.
    assert overrides_slug(["search.trials=2", "training.epochs=3"]) == "training.epochs=3"


def test_a_space_follows_its_variant_s_label(load: Load) -> None:
    text = GRIDS.replace("models: [SASRec, MAF]", "models: [SASRec, MAF, {name: MAF, lambda: 3}]").replace(
        "    SASRec", "    MAF[lambda=3]: {multimodal_size: [32, 64], lambda: [5, 10]}\n    SASRec"
    )
    suite = load(text, ["MAF.heads=1"])
    assert suite.search is not None
    assert set(suite.search.spaces) == {each.label for each in suite.models}


def test_the_variant_of_a_point(load: Load) -> None:
    suite = load(BODY)
    variant = suite.models[2]
    changed = variant_at(variant, {"lambda": 5, "training.epochs": 3}, suite.training.model_dump())
    assert changed.settings == variant.settings | {"task_weight": 5.0}
    assert changed.training == {"epochs": 3}
    with pytest.raises(InputError, match="exceeds hidden_size"):
        variant_at(variant, {"multimodal_size": 128}, suite.training.model_dump())


def test_where_a_variant_stands_in_its_space(load: Load) -> None:
    suite = load(BODY)
    assert suite.search is not None
    for label, lies in (("MAF 64", True), ("SASRec", True)):
        variant = next(each for each in suite.models if each.label == label)
        space = suite.search.spaces[label]
        point = own_point(variant, space, suite.training.model_dump())
        assert point is not None and lies_on(point, space) is lies
    narrow = load(BODY, ["search.space.MAF 64.lambda=[5, 15]"])
    assert narrow.search is not None
    space = narrow.search.spaces["MAF 64"]
    point = own_point(narrow.models[2], space, {})
    assert point == {"multimodal_size": 64, "lambda": 10.0} and not lies_on(point, space)


@pytest.mark.parametrize(
    ("dimension", "inside", "outside"),
    [
        (Dimension(key="x", kind="choice", choices=(1, True, [1])), [1, 1.0, True, (1,)], [2, False, "1"]),
        (
            Dimension(key="x", kind="float", low=0.1, high=0.5, step=0.1),
            [0.1, 0.3, 0.1 + 0.2],
            [0.25, 0.6, True],
        ),
        (Dimension(key="x", kind="int", low=8, high=64, step=8), [8, 64, 24.0], [12, 0, 72]),
        (Dimension(key="x", kind="float", low=1e-4, high=1, log=True), [0.5, 1e-4], [0, 2, "a", None]),
    ],
)
def test_what_a_dimension_holds(dimension: Dimension, inside: list[object], outside: list[object]) -> None:
    assert all(map(dimension.holds, inside))
    assert not any(map(dimension.holds, outside))


def test_values_are_written_as_in_the_space() -> None:
    tenths = Dimension(key="x", kind="float", low=0.1, high=0.5, step=0.1)
    assert tenths.tidy(0.1 + 0.2) == 0.3 != 0.1 + 0.2
    assert repr(Dimension(key="x", kind="int", low=8, high=64, step=8).tidy(24.0)) == "24"
    assert Dimension(key="x", kind="choice", choices=(5, 10)).tidy(10.0) == 10


def test_the_paper_s_grid_is_exactly_60_points() -> None:
    suite = load_suite(SUITES / "search.yaml")
    assert suite.search is not None and suite.search.unequal
    ((label, space),) = suite.search.spaces.items()
    assert [dimension.key for dimension in space] == ["multimodal_size", "lambda", "fusion"]
    assert [dimension.choices for dimension in space] == [
        (32, 64, 128, 256),
        (5, 10, 15, 20, 25),
        ("sum", "concat", "gate"),
    ]
    assert grid_size(space) == 60
    variant = next(each for each in suite.models if each.label == label)
    own = own_point(variant, space, suite.training.model_dump())
    assert own is not None and lies_on(own, space)  # so that there is no trial beside the 60
    for point in grid_points(space):
        settings = variant_at(variant, point, suite.training.model_dump(mode="json")).settings
        assert settings["multimodal_size"] <= settings["hidden_size"] == 256
        assert settings["multimodal_size"] % settings["heads"] == 0


def test_its_fair_counterpart_gives_every_model_as_much() -> None:
    paper, fair = load_suite(SUITES / "search.yaml"), load_suite(SUITES / "search-fair.yaml")
    table2 = load_suite(SUITES / "table2.yaml")
    assert paper.search is not None and fair.search is not None
    assert not fair.search.unequal
    assert fair.search.spaces.keys() == {each.label for each in table2.models}
    assert {grid_size(space) for space in fair.search.spaces.values()} == {60}
    assert fair.search.spaces["MAF"] == paper.search.spaces["MAF"]
    assert (fair.models, fair.training, fair.datasets) == (table2.models, table2.training, table2.datasets)
    for each in fair.models:
        space = fair.search.spaces[each.label]
        own = own_point(each, space, fair.training.model_dump())
        assert own is not None and lies_on(own, space), each.label


def test_the_small_search_is_fair_and_prunes() -> None:
    found = load_suite(SUITES / "small" / "search.yaml").search
    assert found is not None
    assert not found.unequal and found.pruner == "median" and len(found.spaces) >= 3
