from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import registry
from bench.registry import CONTROLS
from bench.suite import dataset_settings
from bench.suite import settings as settings_module
from bench.suite.dataset_settings import ToyshopSettings
from bench.suite.expansion import DatasetRef, RunSpec, Variant
from bench.suite.fingerprint import differences, fingerprint, identity
from bench.suite.settings import EncoderSettings, EvaluationSettings, MAFSettings, TrainingSettings

ROOT = Path(__file__).parents[2]
HASHES: dict[registry.Modality, str] = {"image": "i" * 64, "text": "t" * 64}


def _spec(**changes: Any) -> RunSpec:
    parts: dict[str, Any] = {
        "suite": "s",
        "dataset": DatasetRef(name="toyshop", label="d", options=ToyshopSettings().model_dump(mode="json")),
        "variant": Variant(name="MAF", label="m", settings=MAFSettings().model_dump(mode="json")),
        "seed": 1,
        "training": TrainingSettings(),
        "evaluation": EvaluationSettings(),
        "metrics": ("Recall@10",),
        "features": {
            "image": EncoderSettings(name="colour-edge", options={"grid": 2}),
            "text": EncoderSettings(name="tfidf-svd", options={"size": 64}),
        },
    }
    return RunSpec(**parts).model_copy(update=changes)  # unchecked: changed values need not make sense


def _identity(spec: RunSpec, **changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "dataset_hash": "ab",
        "feature_hashes": HASHES,
        "device_kind": "cpu",
        "versions": {"torch": "2.13.0"},
    }
    return identity(spec, **(given | changes))


def _name(spec: RunSpec, **changes: Any) -> str:
    return fingerprint(_identity(spec, **changes))


def _other(value: Any) -> Any:
    """A value that differs, of the same kind where that is easy."""
    if value is None:
        return 1
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, list):
        return [*value, "x"]
    return f"{value}x"


def _with(part: Any, field: str, key: str) -> Any:
    block = getattr(part, field)
    return part.model_copy(update={field: block | {key: _other(block[key])}})


def _changes() -> Iterator[Any]:
    """Every single thing that a run depends on, changed, as (name, spec)."""
    base = _spec()
    for key in TrainingSettings.model_fields:
        if key == "device":
            continue
        changed = base.training.model_copy(update={key: _other(getattr(base.training, key))})
        yield pytest.param(_spec(training=changed), id=f"training.{key}")
    for key in EvaluationSettings.model_fields:
        if key == "batch_size":
            continue
        other = base.evaluation.model_copy(update={key: _other(getattr(base.evaluation, key))})
        yield pytest.param(_spec(evaluation=other), id=f"evaluation.{key}")
    for key in MAFSettings.model_fields:
        if key == "controls":
            continue
        yield pytest.param(_spec(variant=_with(base.variant, "settings", key)), id=f"MAF.{key}")
    for control in CONTROLS:
        settings = base.variant.settings | {"controls": {"image": control}}
        yield pytest.param(
            _spec(variant=base.variant.model_copy(update={"settings": settings})),
            id=f"MAF.controls.{control}",
        )
    for key in ToyshopSettings.model_fields:
        yield pytest.param(_spec(dataset=_with(base.dataset, "options", key)), id=f"toyshop.{key}")
    for modality, key in (("image", "grid"), ("text", "size")):
        encoder = _with(base.features[modality], "options", key)  # type: ignore[index]
        yield pytest.param(
            _spec(features=base.features | {modality: encoder}), id=f"features.{modality}.{key}"
        )
    yield pytest.param(_spec(seed=2), id="seed")
    for name in ("SASRecF", "mypackage:Mine"):
        yield pytest.param(_spec(variant=base.variant.model_copy(update={"name": name})), id=name)
    yield pytest.param(_spec(dataset=base.dataset.model_copy(update={"name": "ml-100k"})), id="dataset")


@pytest.mark.parametrize("spec", list(_changes()))
def test_every_setting_changes_the_fingerprint(spec: RunSpec) -> None:
    assert _name(spec) != _name(_spec())
    assert differences(_identity(_spec()), _identity(spec))


@pytest.mark.parametrize(
    "changes",
    [
        {"dataset_hash": "ba"},  # the same characters in another order
        {"feature_hashes": {"image": HASHES["text"], "text": HASHES["image"]}},
        {"device_kind": "cuda"},
        {"versions": {"torch": "2.13.1"}},
        {"versions": {"torch": "2.13.0", "mypackage": "1"}},
    ],
)
def test_data_device_and_packages_change_the_fingerprint(changes: dict[str, Any]) -> None:
    assert _name(_spec(), **changes) != _name(_spec())


@pytest.mark.parametrize("component", ["data", "training", "evaluation"])
def test_result_versions_change_the_fingerprint(monkeypatch: pytest.MonkeyPatch, component: str) -> None:
    before = _name(_spec())
    monkeypatch.setitem(registry.RESULT_VERSIONS, component, registry.RESULT_VERSIONS[component] + 1)
    assert _name(_spec()) != before


@pytest.mark.parametrize(
    ("table", "name", "counts"),
    [
        ("MODELS", "MAF", True),
        ("ENCODERS", "tfidf-svd", True),
        ("MODELS", "FDSA", False),
        ("ENCODERS", "multi-hot", False),
    ],
)
def test_only_the_versions_of_what_is_used_count(
    monkeypatch: pytest.MonkeyPatch, table: str, name: str, counts: bool
) -> None:
    before = _name(_spec())
    entries = getattr(registry, table)
    monkeypatch.setitem(entries, name, replace(entries[name], version=entries[name].version + 1))
    assert (_name(_spec()) != before) is counts


def test_what_moves_no_rank_is_left_out() -> None:
    base = _spec()
    same = _spec(
        suite="other",
        metrics=("MRR",),
        dataset=base.dataset.model_copy(update={"label": "x"}),
        variant=base.variant.model_copy(update={"label": "y"}),
        evaluation=EvaluationSettings(batch_size=1),
        training=TrainingSettings(device="cpu"),
    )
    assert _name(same) == _name(base)
    assert differences(_identity(base), _identity(same)) == []


def _committed() -> list[Path]:
    suites = (ROOT / "results" / "calibration-attention", ROOT / "results" / "calibration-content")
    cells = [cell for suite in suites for cell in json.loads((suite / "index.json").read_text())["cells"]]
    return [ROOT / "results" / "runs" / cell["fingerprint"] / "run.json" for cell in cells]


def test_committed_results_of_trained_models_keep_their_fingerprints() -> None:
    seen = set()
    for file in _committed():
        record = json.loads(file.read_text(encoding="utf-8"))
        spec = RunSpec.model_validate_json(json.dumps(record["spec"]))
        if registry.MODELS[spec.variant.name].counting:
            continue
        known = record["identity"]
        hashes = {modality: facts["hash"] for modality, facts in known["features"].items()}
        now = identity(spec, known["dataset"]["hash"], hashes, known["device"], known["packages"])
        # A raised version is meant to move fingerprints.
        now |= {"result_versions": known["result_versions"]}
        now["model"]["version"] = known["model"]["version"]
        for modality, facts in known["features"].items():
            now["features"][modality]["version"] = facts["version"]
        assert now == known
        assert fingerprint(now) == record["fingerprint"] == file.parent.name
        seen.add(spec.variant.name)
    assert seen == {"SASRec", "MAF", "SASRecF", "FDSA"}


COUNTING = [name for name, entry in registry.MODELS.items() if entry.counting]


@pytest.mark.parametrize("name", COUNTING)
@pytest.mark.parametrize("key", [key for key in TrainingSettings.model_fields if key != "device"])
def test_only_what_reaches_a_counting_model_is_in_its_fingerprint(name: str, key: str) -> None:
    base = _spec(variant=Variant(name=name, label=name, settings={}))
    training = base.training.model_copy(update={key: _other(getattr(base.training, key))})
    differs = _name(base.model_copy(update={"training": training})) != _name(base)
    assert differs is (key in ("max_length", "precision"))


@pytest.mark.parametrize("name", registry.MODELS)
def test_the_registry_knows_which_models_count(name: str) -> None:
    from bench.models.base import CountingModel

    entry = registry.MODELS[name]
    assert issubclass(registry.load(entry.path), CountingModel) is entry.counting


def test_where_weights_lie_is_left_out_but_their_name_and_the_hash_are_not() -> None:
    def of(weights: str, digest: str = "h") -> str:
        encoder = EncoderSettings(name="torchvision", options={"model": "vgg16", "weights": weights})
        spec = _spec().model_copy(update={"features": {"image": encoder}})
        return fingerprint(identity(spec, "d", {"image": digest}, "cpu", {"torch": "2"}))

    assert of("/here/vgg16.pth") == of("~/there/vgg16.pth") == of("./vgg16.pth")
    assert len({of("/here/vgg16.pth"), of("/here/other.pth"), of("/here/vgg16.pth", "g"), of("random")}) == 4


def test_features_must_be_those_of_the_run() -> None:
    with pytest.raises(ValueError, match="image"):
        _identity(_spec(), feature_hashes={"text": "t"})


def _reversed(value: Any) -> Any:
    return {key: _reversed(value[key]) for key in reversed(value)} if isinstance(value, dict) else value


def test_the_order_of_keys_does_not_matter() -> None:
    known = _identity(_spec())
    assert list(_reversed(known)) != list(known)
    assert fingerprint(_reversed(known)) == fingerprint(known)


def test_the_fingerprint_is_sha256_of_canonical_json() -> None:
    text = '{"a":1,"b":{"c":[1.5,null,true],"d":"\\u00e9"}}'
    value = {"b": {"d": "é", "c": [1.5, None, True]}, "a": 1}
    assert fingerprint(value) == hashlib.sha256(text.encode()).hexdigest()[:16]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([1.0, "ab", "ba", "1"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    max_leaves=6,
)
TREES = st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3)


@given(TREES, TREES)
def test_equal_fingerprints_and_no_differences_are_the_same_thing(
    a: dict[str, Any], b: dict[str, Any]
) -> None:
    assert (fingerprint(a) == fingerprint(b)) is (differences(a, b) == [])


def test_differences_name_the_key_and_both_values() -> None:
    a = {"training": {"epochs": 5, "stride": None}, "seed": 1, "old": 0}
    b = {"training": {"epochs": 6, "stride": None}, "seed": 1, "new": {"x": 1}}
    assert differences(a, b) == [("new", None, {"x": 1}), ("old", 0, None), ("training.epochs", 5, 6)]


def test_checking_a_suite_imports_no_torch() -> None:
    code = (
        "import sys; from bench.suite.schema import load_suite; from bench.suite.expansion import expand;"
        "import bench.suite.fingerprint; from pathlib import Path;"
        "expand(load_suite(Path(sys.argv[1])));"
        "print(sorted({'torch', 'pandas', 'duckdb', 'numpy'} & set(sys.modules)))"
    )
    suite = str(ROOT / "suites" / "quickstart.yaml")
    done = subprocess.run(
        [sys.executable, "-c", code, suite], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"


def test_every_settings_class_of_the_registry_is_in_a_settings_module() -> None:
    for entry in [*registry.MODELS.values(), *registry.DATASETS.values(), *registry.ENCODERS.values()]:
        kind = registry.load(entry.settings)
        assert issubclass(kind, settings_module.Settings)
        assert kind.__module__ in (settings_module.__name__, dataset_settings.__name__)
