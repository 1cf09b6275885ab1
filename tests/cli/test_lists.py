"""`bench models` and `bench datasets`."""

from __future__ import annotations

import json

import pytest

from bench.cli.datasets import print_datasets
from bench.cli.models import print_models
from bench.cli.options import options
from bench.registry import DATASETS, MODELS, load
from bench.suite import reference


def test_models_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    print_models("json")
    found = {model["name"]: model for model in json.loads(capsys.readouterr().out)}
    assert [name for name in found if not name.startswith("recbole/")] == list(MODELS)
    maf = {setting["name"]: setting for setting in found["MAF"]["settings"]}
    assert maf["lambda"] == {"name": "lambda", "kind": "float", "default": 10.0, "limits": ">= 0"}
    assert maf["fusion"]["kind"] == "sum | concat | gate"
    assert maf["modalities"]["kind"] == "available | list of image | text | category"
    assert found["MAF"]["reads"] == ["item ids", "image", "text", "category"]
    assert found["SASRec"]["reads"] == ["item ids"]


@pytest.mark.parametrize("entry", [*MODELS.values(), *DATASETS.values()], ids=[*MODELS, *DATASETS])
def test_the_listed_defaults_are_those_that_a_suite_gets(entry: object) -> None:
    listed = options(entry)  # type: ignore[arg-type]
    kind = load(entry.settings)  # type: ignore[attr-defined]
    made = kind(**{option["name"]: "given" for option in listed if "default" not in option})
    assert {option["name"]: option.get("default", "given") for option in listed} == {
        field.alias or name: getattr(made, name) for name, field in kind.model_fields.items()
    }


@pytest.mark.parametrize("print_list", [print_models, print_datasets])
def test_nothing_is_cut_off_on_a_narrow_terminal(
    print_list: object, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    print_list("rich")  # type: ignore[operator]
    out = capsys.readouterr().out
    assert "…" not in out
    assert max(map(len, out.splitlines())) <= 50


@pytest.mark.requires("recbole")
def test_models_of_recbole_are_named_and_listed_with_their_settings(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    print_models("rich")
    assert "recbole/NAME\n    a model of RecBole by its own code: BERT4Rec, CORE, " in capsys.readouterr().out
    print_models("json")
    found = {model["name"]: model for model in json.loads(capsys.readouterr().out)}
    assert [name for name in found if name.startswith("recbole/")] == reference.known_models()
    assert found["recbole/FDSA"]["reads"] == ["item ids", "category"]
    assert found["recbole/SASRec"]["takes_attention_defaults"]
    assert not found["recbole/GRU4Rec"]["takes_attention_defaults"]
    narm = {setting["name"]: setting for setting in found["recbole/NARM"]["settings"]}
    assert narm["hidden_size"] == {"name": "hidden_size", "kind": "int", "default": 128, "limits": ">= 0"}
    assert narm["dropout_probs"] == {"name": "dropout_probs", "kind": "list of float", "default": [0.25, 0.5]}
    assert narm["loss_type"]["kind"] == "CE | BPR"
    assert narm["clip_grad_norm"]["kind"] == "mapping of max_norm, norm_type"


def test_without_recbole_the_list_says_why(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reference, "recbole_folder", lambda: None)
    print_models("rich")
    assert "RecBole is not installed here" in " ".join(capsys.readouterr().out.split())
    print_models("json")
    assert [model["name"] for model in json.loads(capsys.readouterr().out)] == list(MODELS)


def test_datasets_show_modalities_and_options(capsys: pytest.CaptureFixture[str]) -> None:
    print_datasets("rich")
    out = capsys.readouterr().out
    assert "mechanism=attention" in out
    assert "has text, category" in out
    assert "options: steps=[], users=null, last=null" in out
    assert "options: steps=[], users=null, last=null, split=null, path, attributes=null" in out


def test_an_option_that_must_be_given_has_no_default(capsys: pytest.CaptureFixture[str]) -> None:
    print_datasets("json")
    found = {dataset["name"]: dataset["options"] for dataset in json.loads(capsys.readouterr().out)}
    assert {"name": "path", "kind": "str"} in found["sequences"]
    assert {"name": "last", "kind": "int", "default": None, "limits": ">= 3"} in found["ml-100k"]
