from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.errors import InputError
from bench.registry import MODELS, load
from bench.suite.expansion import RunSpec, expand, select
from bench.suite.schema import Suite, load_suite

Load = Callable[..., Suite]
QUICKSTART = Path(__file__).parents[2] / "suites" / "quickstart.yaml"
BODY = """\
datasets: [ml-100k, {name: toyshop, image: 1}]
models: [SASRec, {name: MAF, modalities: [category, text]}, {name: MAF, fusion: gate}]
"""
GATE = "MAF[fusion=gate]"


def test_runs_come_in_the_order_datasets_models_seeds(load: Load) -> None:
    specs = expand(load(BODY))
    both = ("SASRec", "MAF[modalities=category+text]", GATE)
    expected = [(d, m, s) for d in ("ml-100k", "toyshop[image=1]") for m in both for s in (1, 2)]
    assert [(*spec.cell, spec.seed) for spec in specs] == expected


def test_a_run_names_the_features_it_reads_and_no_others(load: Load) -> None:
    specs = {spec.cell: spec for spec in expand(load(BODY))}
    assert list(specs["ml-100k", "SASRec"].features) == []
    assert "modalities" not in specs["ml-100k", "SASRec"].variant.settings
    # Written as category, text; resolved in the order image, text, category.
    assert list(specs["toyshop[image=1]", "MAF[modalities=category+text]"].features) == ["text", "category"]
    assert list(specs["ml-100k", GATE].features) == ["text", "category"]
    assert list(specs["toyshop[image=1]", GATE].features) == ["image", "text", "category"]
    for spec in specs.values():
        assert spec.variant.settings.get("modalities", []) == list(spec.features)


def test_a_run_survives_json_and_rebuilds_its_settings() -> None:
    for spec in expand(load_suite(QUICKSTART)):
        assert RunSpec.model_validate_json(spec.model_dump_json()) == spec
        settings = load(MODELS[spec.variant.name].settings)(**spec.variant.settings)
        assert settings.model_dump(mode="json") == spec.variant.settings


def test_the_quickstart_runs_every_model_but_difsr_on_both_datasets() -> None:
    suite = load_suite(QUICKSTART)
    names = [name for name in MODELS if name != "DIF-SR"]  # left out to keep the quickstart quick
    assert [variant.name for variant in suite.models] == names
    assert len(expand(suite)) == 2 * len(names) * 2


def _cells(specs: list[RunSpec]) -> list[tuple[str, str]]:
    return list(dict.fromkeys(spec.cell for spec in specs))


def test_filters_match_labels_before_names(load: Load) -> None:
    suite = load(BODY)
    specs = expand(suite)
    assert select(specs, suite) == specs
    assert select(specs, suite, models=[GATE]) == [s for s in specs if s.variant.label == GATE]
    assert select(specs, suite, models=["MAF"]) == [s for s in specs if s.variant.name == "MAF"]
    assert select(specs, suite, datasets=["toyshop"], seeds=[2]) == [
        s for s in specs if s.dataset.name == "toyshop" and s.seed == 2
    ]
    # The same options written otherwise are the suite's own dataset.
    assert _cells(select(specs, suite, ["toyshop[image=1.0,text=0]"], ["SASRec"])) == [
        ("toyshop[image=1]", "SASRec")
    ]
    assert select(specs, suite, models=["MAF", GATE], seeds=[2, 2]) == [
        s for s in specs if s.variant.name == "MAF" and s.seed == 2
    ]


def test_filters_add_what_the_suite_does_not_list(load: Load) -> None:
    suite = load(BODY + "defaults: {attention: {layers: 3}}\n")
    specs = expand(suite)
    added = select(
        specs, suite, datasets=["toyshop[text=1]"], models=["SASRec", "BERT4Rec", "MAF[fusion=sum]"]
    )
    assert _cells(added) == [("toyshop[text=1]", m) for m in ("SASRec", "BERT4Rec", "MAF[fusion=sum]")]
    assert added[0].dataset.options["text"] == 1.0
    assert {spec.variant.settings["layers"] for spec in added} == {3}
    mixed = select(specs, suite, datasets=["toyshop[text=1]", "ml-100k"], models=["SASRec"], seeds=[1])
    assert _cells(mixed) == [("ml-100k", "SASRec"), ("toyshop[text=1]", "SASRec")]


ONCE = """\
datasets: [toyshop]
training: {max_length: 20}
defaults: {attention: {layers: 3}, MAF: {lambda: 5}}
models:
  - {name: MAF, label: ours, lambda: 1, hidden_dropout: 0.2, modalities: [text], training: {stride: 10}}
  - {name: SASRec, heads: 4}
  - {name: SASRec, heads: 1}
"""


def test_an_added_model_inherits_from_the_only_variant_of_its_name(load: Load) -> None:
    suite = load(ONCE)
    (listed,) = select(expand(suite), suite, models=["ours"], seeds=[1])
    (gate,) = select(expand(suite), suite, models=["MAF[fusion=gate]"], seeds=[1])
    assert gate.variant.label == "MAF[fusion=gate]"  # which says how it differs, and differs in nothing else
    assert gate.variant.settings == listed.variant.settings | {"fusion": "gate"}
    assert gate.training == listed.training
    (other,) = select(
        expand(suite), suite, models=["MAF[lambda=7,modalities=image,training={epochs: 9}]"], seeds=[1]
    )
    expected = listed.variant.settings | {"task_weight": 7.0, "modalities": ["image"]}
    assert other.variant.settings == expected
    assert other.training == listed.training.model_copy(update={"epochs": 9})
    # The same settings in other words are the suite's own variant.
    (same,) = select(expand(suite), suite, models=["MAF[lambda=1.0]"], seeds=[1])
    assert same == listed


def test_of_several_variants_none_is_inherited_from(load: Load) -> None:
    suite = load(ONCE)
    (added,) = select(expand(suite), suite, models=["SASRec[hidden_size=32]"], seeds=[1])
    assert {key: added.variant.settings[key] for key in ("hidden_size", "heads", "layers")} == {
        "hidden_size": 32,
        "heads": 2,  # SASRec's own default
        "layers": 3,  # of `defaults: attention:`
    }


@pytest.mark.requires("recbole")
def test_a_model_of_recbole_is_inherited_from_too(load: Load) -> None:
    suite = load(
        "datasets: [ml-100k]\nmodels: [{name: recbole/GRU4Rec, hidden_size: 8, training: {epochs: 3}}]\n"
    )
    (added,) = select(expand(suite), suite, models=["recbole/GRU4Rec[num_layers=2]"], seeds=[1])
    assert added.variant.settings == {"hidden_size": 8, "num_layers": 2}
    assert added.training.epochs == 3


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        ({"datasets": ["toyshp"]}, ["--dataset", "'toyshp'", "'toyshop"]),
        ({"datasets": ["toyshop[imag=1]"]}, ["--dataset", "'imag'", "'image'"]),
        ({"models": ["SASRek"]}, ["--model", "'SASRek'", "'SASRec'"]),
        ({"models": ["MAF[fusion=gat]"]}, ["--model", "'gat'", "'gate'"]),
        pytest.param(
            {"models": ["recbole/Lightsans"]},
            ["--model", "recbole/Lightsans"],
            marks=pytest.mark.requires("recbole"),  # its own files say which models it has
        ),
        ({"models": ["recbole"]}, ["--model: 'recbole' names no model", "write recbole/NAME"]),
        ({"models": ["Recbole/SASRec"]}, ["--model", "did you mean 'recbole/SASRec'"]),
        ({"models": ["SASRec[training={stride: 60}]"]}, ["--model", "stride 60 exceeds max_length 50"]),
        ({"seeds": [3]}, ["--seed", "no seed 3", "1, 2", "add --set 'seeds=[1,2,3]'"]),
        ({"models": ["MAF[modalities=image]"], "datasets": ["ml-100k"]}, ["image", "ml-100k has only"]),
        ({"models": ["MAF[controls={image: zero}]"], "datasets": ["ml-100k"]}, ["image", "ml-100k has only"]),
    ],
)
def test_a_filter_that_matches_nothing_is_named(
    load: Load, filters: dict[str, list[str]], words: list[str]
) -> None:
    suite = load(BODY)
    with pytest.raises(InputError) as caught:
        select(expand(suite), suite, **filters)  # type: ignore[arg-type]
    assert [word for word in words if word not in str(caught.value)] == []


def test_own_models_get_features_only_for_the_modalities_they_name(load: Load) -> None:
    suite = load(
        'datasets: [toyshop]\nmodels: ["json.tool:A", {name: "json.tool:B", modalities: available}]\n'
    )
    features = {spec.variant.name: list(spec.features) for spec in expand(suite)}
    assert features == {"json.tool:A": [], "json.tool:B": ["image", "text", "category"]}


STRIDES = """
suite: strides
datasets: [{name: toyshop, users: 20, items: 20}]
seeds: [1]
metrics: [MRR]
training: {max_length: 15}
models:
  - SASRec
  - {name: SASRec, label: own, training: {stride: 4}}
  - {name: SASRec, label: whole, training: {stride: 15}}
  - {name: SASRec, label: shorter, training: {max_length: 9}}
  - {name: SASRec, label: shortest, training: {max_length: 1}}
  - {name: SASRec, label: prefixes, training: {scheme: prefixes}}
  - {name: recbole/GRU4Rec, label: reference}
"""


@pytest.mark.requires("recbole")
def test_windows_advance_by_half_unless_told_otherwise(tmp_path: Path) -> None:
    file = tmp_path / "strides.yaml"
    file.write_text(STRIDES, encoding="utf-8")
    specs = expand(load_suite(file))
    # A window that advances by its whole length is recorded as null, as it always was.
    assert {spec.variant.label: spec.training.stride for spec in specs} == {
        **{"SASRec": 7, "own": 4, "whole": None, "shorter": 4, "shortest": None},
        **{"prefixes": None, "reference": None},
    }
