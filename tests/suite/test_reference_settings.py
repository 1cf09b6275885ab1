"""What a setting of a RecBole model takes, held against RecBole's own files and code."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from bench.errors import InputError
from bench.suite import reference
from bench.suite.reference_settings import (
    MODEL_WORDS,
    WORDS,
    ClipSettings,
    NegativeSettings,
    settings_class,
)
from bench.suite.schema import Suite

pytestmark = pytest.mark.requires("recbole")
Load = Callable[..., Suite]
SEQUENTIAL = "model/sequential_recommender"


def source(file: str) -> str:
    root = reference.recbole_folder()
    assert root is not None
    return (root / file).read_text(encoding="utf-8")


def refused(load: Load, model: str) -> str:
    with pytest.raises(InputError) as caught:
        load(f"datasets: [ml-100k]\nmodels:\n  - {{name: recbole/{model}}}\n")
    message = str(caught.value)
    assert ".yaml:6: " in message
    return message.split(".yaml:6: ", 1)[1]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            "GRU4Rec, learner: sdg",
            "recbole/GRU4Rec.learner: 'sdg' is not 'adam', 'adamw', 'sgd', 'adagrad', 'rmsprop' or"
            " 'sparse_adam' (did you mean 'sgd'?)",
        ),
        (
            "GRU4Rec, loss_type: bpr",
            "recbole/GRU4Rec.loss_type: 'bpr' is not 'CE' or 'BPR' (did you mean 'BPR'?)",
        ),
        ("CORE, loss_type: BPR", "recbole/CORE.loss_type: 'BPR' is not 'CE' (one of CE)"),
        ("TransRec, loss_type: CE", "unknown key 'loss_type' in recbole/TransRec"),
        ("SASRec, hidden_act: gellu", "(did you mean 'gelu'?)"),
        ("FDSA, pooling_mode: avg", "'avg' is not 'mean', 'max' or 'sum'"),
        ("HRM, pooling_type_layer_1: mx", "'mx' is not 'max' or 'average'"),
        ("GRU4Rec, hidden_size: big", "recbole/GRU4Rec.hidden_size: 'big' is not a whole number"),
        ("GRU4Rec, hidden_size: 1.5", "1.5 is not a whole number"),
        ("GRU4Rec, hidden_size: true", "true is not a whole number"),
        ("GRU4Rec, num_layers: -1", "-1 is not at least 0"),
        ("GRU4Rec, dropout_prob: 1", "1 is not less than 1"),
        ("GRU4RecCPR, dropout_prob: -0.1", "-0.1 is not at least 0"),
        ("SASRec, layer_norm_eps: small", "recbole/SASRec.layer_norm_eps: 'small' is not a number"),
        ("RepeatNet, joint_train: yes", "'yes' is not true or false"),
        ("NARM, dropout_probs: 0.1", "0.1 is not a list (write [0.1])"),
        ("NARM, dropout_probs: [0.1]", "[0.1] is not a list of at least 2"),
        ("NARM, dropout_probs: [0.1, 0.1, 0.1]", "[0.1, 0.1, 0.1] is not a list of at most 2"),
        ("NARM, dropout_probs: [0.1, 1.5]", "recbole/NARM.dropout_probs[2]: 1.5 is not less than 1"),
        ("DIN, mlp_hidden_size: [8, x]", "recbole/DIN.mlp_hidden_size[2]: 'x' is not a whole number"),
        ("GRU4Rec, clip_grad_norm: 5", "recbole/GRU4Rec.clip_grad_norm: 5 is not a mapping"),
        ("GRU4Rec, clip_grad_norm: {}", "key 'max_norm' is missing in recbole/GRU4Rec.clip_grad_norm"),
        (
            "GRU4Rec, clip_grad_norm: {max_norm: 5, norm_typ: 2}",
            "unknown key 'norm_typ' in recbole/GRU4Rec.clip_grad_norm (did you mean 'norm_type'?)",
        ),
        (
            "GRU4Rec, loss_type: BPR, train_neg_sample_args: {distribution: unifrm}",
            "train_neg_sample_args.distribution: 'unifrm' is not 'uniform' or 'popularity'",
        ),
        ("GRU4Rec, loss_type: BPR, train_neg_sample_args: {sample: 1}", "(did you mean 'sample_num'?)"),
        ("GRU4Rec, loss_type: BPR, train_neg_sample_args: null", "leaves the loss no items to compare with"),
        ("GRU4Rec, loss_type: BPR, train_neg_sample_args: {dynamic: true}", "among candidate_num items"),
        ("GRU4Rec, train_neg_sample_args: {sample_num: 1}", "means nothing to loss_type CE"),
        ("TransRec, train_neg_sample_args: null", "leaves the loss no items to compare with"),
    ],
)
def test_a_wrong_value_is_named_with_key_line_and_remedy(load: Load, model: str, message: str) -> None:
    assert message in refused(load, model)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("GRU4Rec", {"loss_type": "BPR"}),
        ("GRU4Rec", {"loss_type": "BPR", "train_neg_sample_args": {"distribution": "uniform"}}),
        ("GRU4Rec", {"learner": "sgd", "clip_grad_norm": {"max_norm": 5}, "train_neg_sample_args": None}),
        ("SASRec", {"layer_norm_eps": 1e-10, "hidden_dropout_prob": 0}),
        ("SASRecCPR", {"hidden_dropout_prob": 0.1, "n_facet_window": -1, "weight_mode": "dynamic"}),
        ("FEARec", {"global_ratio": 0.6, "fredom": True, "fredom_type": "us"}),
        ("DIN", {"mlp_hidden_size": [8], "pooling_mode": "max"}),
        ("SINE", {"loss_type": "NLL"}),
    ],
)
def test_right_values_stand_as_written(load: Load, name: str, settings: dict[str, Any]) -> None:
    entry = json.dumps({"name": f"recbole/{name}"} | settings)  # JSON is YAML
    assert load(f"datasets: [ml-100k]\nmodels: [{entry}]\n").models[0].settings == settings


def test_a_wrong_default_for_attention_stands_where_it_is_written(load: Load) -> None:
    with pytest.raises(InputError) as caught:
        load(
            """\
            datasets: [ml-100k]
            defaults:
              attention:
                layers: 1
                hidden_dropout: 2
            models: [recbole/SASRec]
            """
        )
    assert ".yaml:8: defaults.attention.hidden_dropout: 2 is not less than 1" in str(caught.value)


@pytest.mark.parametrize("name", reference.known_models())
def test_every_default_of_recbole_fits_its_own_setting(name: str) -> None:
    kind = settings_class(name)
    defaults = {
        key: value for key, value in reference.free_settings(name).items() if key in kind.model_fields
    }
    loss_is_ce = defaults.get("loss_type") == "CE"
    given = {
        key: value for key, value in defaults.items() if key != "train_neg_sample_args" or not loss_is_ce
    }
    kind.model_validate(given, strict=True)
    for key in given:
        with pytest.raises(ValidationError):
            kind.model_validate(given | {key: "len([1, 2])"}, strict=True)


# RecBole's files say the kind beside a setting, `hidden_size: 64  # (int) The number of ...`. Here the code
# does something else than the comment says.
AMISS = {"use_proj_bias": "int", "reranker_CAN_NUM": "int"}


@pytest.mark.parametrize("name", reference.known_models())
def test_kinds_are_those_that_recbole_declares(name: str) -> None:
    text = source(f"properties/model/{name.removeprefix('recbole/')}.yaml")
    declared = dict(re.findall(r"^(\w+):.*?#\s*\((?:list of )?(\w+)\)", text, re.MULTILINE))
    fields = settings_class(name).model_fields
    for key, said in declared.items():
        if key in reference.GIVEN:
            continue
        shown = str(fields[key].annotation)
        kinds = [kind for kind in ("int", "float", "bool", "str") if re.search(rf"\b{kind}\b", shown)]
        ours = "str" if shown.startswith("typing.Literal") else kinds[0]
        assert ours == AMISS.get(key, said), (name, key)


def compared(key: str, text: str) -> set[str]:
    """The words that code compares a setting with, by ``==`` or ``in [...]``."""
    single = re.findall(rf'\b{key}(?:\.lower\(\))? == "(\w*)"', text)
    several = re.findall(rf"\b{key} (?:not )?in (\[[^]]*\])", text)
    return {*single, *(word for group in several for word in re.findall(r'"(\w*)"', group))}


def test_closed_lists_are_those_of_recboles_code() -> None:
    layers = source("model/layers.py")
    activations = layers[layers.index("ACT2FN = {") : layers.index("return ACT2FN")]
    assert tuple(re.findall(r'"(\w+)":', activations)) == WORDS["hidden_act"]
    assert compared("pooling_mode", layers) == set(WORDS["pooling_mode"])
    assert compared("learner", source("trainer/trainer.py")) == set(WORDS["learner"])
    hrm = source(f"{SEQUENTIAL}/hrm.py")
    for key in ("pooling_type_layer_1", "pooling_type_layer_2"):
        assert compared(key, hrm) == {"max"}  # the rest is the average
    assert compared("fredom_type", source(f"{SEQUENTIAL}/fearec.py")) | {"None"} == set(WORDS["fredom_type"])
    for name in ("GRU4RecCPR", "SASRecCPR"):
        text = source(f"{SEQUENTIAL}/{name.lower()}.py")
        for key in ("weight_mode", "reranker_merging_mode", "partition_merging_mode"):
            words = set(MODEL_WORDS.get((f"recbole/{name}", key), WORDS[key]))
            assert compared(key, text) <= words
            assert words - compared(key, text) <= {"", "replace", "add"}  # what is done otherwise


@pytest.mark.parametrize("name", reference.known_models())
def test_losses_are_those_that_the_models_code_takes(name: str) -> None:
    text = source(f"{SEQUENTIAL}/{name.removeprefix('recbole/').lower()}.py")
    words = set(MODEL_WORDS.get((name, "loss_type"), WORDS["loss_type"]))
    known = "loss_type" in reference.free_settings(name)
    if "CPR" in name:
        assert words == {"CE"}
        assert "does not support BPR" in text
    elif compared("loss_type", text):
        assert known
        assert compared("loss_type", text) == words
    else:  # a loss of its own
        assert "loss_type" not in text
        assert words == {"CE"} or not known


def test_mappings_have_the_keys_and_defaults_of_recbole_and_torch() -> None:
    overall = reference.free_settings("recbole/SASRec")["train_neg_sample_args"]
    assert NegativeSettings().model_dump() == overall
    from torch.nn.utils import clip_grad_norm_

    taken = inspect.signature(clip_grad_norm_).parameters
    assert set(ClipSettings.model_fields) < set(taken)
    assert ClipSettings.model_fields["norm_type"].default == taken["norm_type"].default


def test_numbers_that_yaml_1_1_takes_for_text_are_numbers() -> None:
    assert "layer_norm_eps: 1e-12" in source("properties/model/SASRec.yaml")
    assert reference.default_settings("recbole/SASRec")["layer_norm_eps"] == 1e-12
