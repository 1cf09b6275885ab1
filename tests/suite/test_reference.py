"""Models of RecBole in a suite: names, settings, and training settings of a single model."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from bench.errors import InputError
from bench.suite import reference
from bench.suite.expansion import RunSpec, expand
from bench.suite.fingerprint import fingerprint, identity
from bench.suite.schema import load_suite

SUITE = """\
suite: small
datasets: [ml-100k]
seeds: [1]
metrics: [Recall@10]
training: {{epochs: 5, learning_rate: 1.0e-3}}
defaults: {{attention: {{hidden_size: 32, layers: 1, hidden_dropout: 0.1}}}}
models:
  - {model}
"""


def specs(folder: Path, *models: str) -> list[RunSpec]:
    file = folder / "small.yaml"
    file.write_text(SUITE.format(model="\n  - ".join(models)), encoding="utf-8")
    return expand(load_suite(file))


def mark(spec: RunSpec) -> str:
    return fingerprint(identity(spec, "data", dict.fromkeys(spec.features, "f"), "cpu", {}))


@pytest.mark.requires("recbole")
def test_names_are_those_of_recbole_and_checking_them_does_not_import_it() -> None:
    known = reference.known_models()
    assert {"recbole/SASRec", "recbole/NARM", "recbole/CORE", "recbole/LightSANs"} <= set(known)
    assert "recbole/BPR" not in known  # not sequential
    assert reference.default_settings("recbole/SASRec")["n_layers"] == 2
    assert "recbole" not in sys.modules


@pytest.mark.requires("recbole")
def test_settings_are_recboles_over_the_suites_attention_defaults(tmp_path: Path) -> None:
    sas, core, gru = specs(
        tmp_path,
        "{name: recbole/SASRec, n_layers: 3}",
        "recbole/CORE",
        "{name: recbole/GRU4Rec, num_layers: 2}",
    )
    assert sas.variant.settings == {"hidden_size": 32, "n_layers": 3, "hidden_dropout_prob": 0.1}
    # CORE calls the same width embedding_size; GRU4Rec has no heads and keeps RecBole's sizes.
    assert core.variant.settings == {"embedding_size": 32, "n_layers": 1, "hidden_dropout_prob": 0.1}
    assert gru.variant.settings == {"num_layers": 2}
    assert sas.features == {}


@pytest.mark.requires("recbole")
@pytest.mark.parametrize(
    ("model", "wanted"),
    [
        ("recbole/SASrec", "small.yaml:8: no model 'recbole/SASrec' (did you mean 'recbole/SASRec'?)"),
        ("Recbole/SASRec", "small.yaml:8: no model 'Recbole/SASRec' (did you mean 'recbole/SASRec'?)"),
        ("recbole", "small.yaml:8: 'recbole' names no model (write recbole/NAME, as in recbole/SASRec)"),
        ("recbole/BPR", "no model 'recbole/BPR': RecBole's BPR is not a sequential model"),
        ("recbole/MAF", "no model 'recbole/MAF': MAF is a model of bench (write MAF)"),
        ("recbole/Xyzzy", "no model 'recbole/Xyzzy' (`bench models` names those that are)"),
        (
            "{name: recbole/SASRec, n_layer: 3}",
            "small.yaml:8: unknown key 'n_layer' in recbole/SASRec (did you mean 'n_layers'?)",
        ),
        (
            "{name: recbole/SASRec, layers: 3}",
            "small.yaml:8: recbole/SASRec has no setting 'layers' (RecBole calls it n_layers)",
        ),
        ("{name: recbole/GRU4Rec, layers: 3}", "(RecBole calls it num_layers)"),
        ("{name: recbole/SASRec, heads: 3}", "(RecBole calls it n_heads)"),
        ("{name: recbole/SASRec, hidden_dropout: 0.3}", "(RecBole calls it hidden_dropout_prob)"),
        ("{name: recbole/Caser, horizontal_filters: 3}", "(RecBole calls it nh)"),
        ("{name: recbole/SASRec, batch_size: 3}", "has no setting 'batch_size' (set training.batch_size)"),
        ("{name: recbole/SASRec, epochs: 3}", "bench gives RecBole its 'epochs' (set training.epochs)"),
        ("{name: recbole/SASRec, seed: 3}", "bench gives RecBole its 'seed' (set seeds)"),
        (
            "{name: recbole/SASRec, hidden_act: \"__import__('os').system('true')\"}",
            "is not 'gelu', 'relu', 'swish', 'tanh' or 'sigmoid'",
        ),
        ("{name: recbole/CORE, dnn_type: open(1)}", "is not a word (RecBole would run it as Python)"),
        ("{name: recbole/NARM, dropout_probs: [0.1, 'open(1)']}", "dropout_probs[2]: 'open(1)' is not a num"),
    ],
)  # fmt: skip
def test_what_recbole_would_take_silently_is_an_error(tmp_path: Path, model: str, wanted: str) -> None:
    with pytest.raises(InputError) as caught:
        specs(tmp_path, model)
    assert wanted in str(caught.value)


def test_a_model_may_have_training_settings_of_its_own(tmp_path: Path) -> None:
    shared, own = specs(tmp_path, "SASRec", "{name: SASRec, training: {scheme: prefixes, epochs: 9}}")
    assert (shared.training.scheme, shared.training.epochs) == ("windows", 5)
    assert (own.training.scheme, own.training.epochs) == ("prefixes", 9)
    assert own.training.learning_rate == shared.training.learning_rate
    assert own.variant.settings == shared.variant.settings
    assert own.variant.label == "SASRec[scheme=prefixes,epochs=9]"
    assert mark(own) != mark(shared)


@pytest.mark.parametrize(
    ("training", "wanted"),
    [
        ("{epoch: 3}", "small.yaml:8: unknown key 'epoch' in SASRec.training (did you mean 'epochs'?)"),
        ("{epochs: no}", "SASRec.training.epochs: 'no' is not a whole number"),
        ("{monitor: MRR@5}", "a suite has one monitor for all models (set training.monitor)"),
        ("7", "SASRec.training: 7 is not a mapping"),
    ],
)
def test_wrong_training_settings_of_a_model_are_named(tmp_path: Path, training: str, wanted: str) -> None:
    with pytest.raises(InputError) as caught:
        specs(tmp_path, f"{{name: SASRec, training: {training}}}")
    assert wanted in str(caught.value)


@pytest.mark.requires("recbole")
def test_a_scheme_is_nothing_to_recbole(tmp_path: Path) -> None:
    (one,) = specs(tmp_path, "recbole/SASRec")
    prefixes = one.training.model_copy(update={"scheme": "prefixes", "stride": 3})
    assert mark(one.model_copy(update={"training": prefixes})) == mark(one)
    for written, key in (("{scheme: prefixes}", "scheme"), ("{stride: 3}", "stride")):
        with pytest.raises(InputError) as caught:
            specs(tmp_path, f"{{name: recbole/SASRec, training: {written}}}")
        assert f":8: recbole/SASRec.training.{key}: {key} means nothing to RecBole" in str(caught.value)
    (longer,) = specs(tmp_path, "{name: recbole/SASRec, training: {epochs: 9}}")
    assert longer.training.epochs == 9


def test_without_recbole_the_suite_is_still_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Any:
        return None

    monkeypatch.setattr(reference, "recbole_folder", nowhere)
    (spec,) = specs(tmp_path, "{name: recbole/SASRec, n_layers: 3}")
    assert spec.variant.settings == {"n_layers": 3}
    with pytest.raises(InputError, match="did you mean 'recbole/SASRec'"):
        specs(tmp_path, "RecBole/SASRec")
