"""Ablations as suites: which variants, with which settings, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.errors import InputError
from bench.suite.ablated import ablated_suite
from bench.suite.ablation import Ablation
from bench.suite.expansion import expand
from bench.suite.reader import Document, read_document
from bench.suite.schema import Suite, check_suite, load_suite

BODY = """\
suite: base
datasets: [{name: toyshop, label: shop, image: 1}, ml-100k]
seeds: [1, 2]
metrics: [NDCG@10]
training: {epochs: 3}
defaults: {MAF: {fusion: gate}}
models:
  - SASRec
  - {name: SASRecF, modalities: [text]}
  - {name: MAF, label: narrow, modalities: [category]}
  - {name: MAF, label: wide, lambda: 2, hidden_dropout: 0.2}
  - {name: DIF-SR, modalities: [text, category]}
claims:
  - {better: wide, than: SASRec, metric: NDCG@10}
"""


def ablated(
    folder: Path, body: str = BODY, *, model: str | None = None, on: str = "shop", **what: Any
) -> Suite:
    file = folder / "base.yaml"
    file.write_text(body, encoding="utf-8")
    data = ablated_suite(read_document(file), load_suite(file), Ablation(**what), model, [on] if on else [])
    return check_suite(Document(data=data, file="made"))


def read(suite: Suite) -> dict[str, Any]:
    """What each variant reads, with its controls, as text."""
    return {
        each.label: "+".join(each.settings["modalities"])
        + "".join(f" {m}={c}" for m, c in each.settings.get("controls", {}).items())
        for each in suite.models
    }


def test_only_and_without(tmp_path: Path) -> None:
    suite = ablated(tmp_path, modalities=("image",))
    assert read(suite) == {
        "wide": "image+text+category",
        "wide image only": "image",
        "wide without image": "text+category",
    }
    assert (suite.suite, suite.baseline, suite.claims) == ("base-shop-ablate-image", "wide", ())
    assert [each.label for each in suite.datasets] == ["shop"]
    for each in suite.models:
        kept = {key: each.settings[key] for key in ("fusion", "task_weight", "hidden_dropout", "multitask")}
        assert kept == {"fusion": "gate", "task_weight": 2.0, "hidden_dropout": 0.2, "multitask": True}


def test_add_begins_without_what_is_to_be_added(tmp_path: Path) -> None:
    every = ablated(tmp_path, modalities=("text", "image", "category"), modes=("add",))
    assert read(every) == {
        "wide": "image+text+category",
        "wide with nothing": "",
        "wide with text": "text",
        "wide with image+text": "image+text",
    }
    one = ablated(tmp_path, modalities=("image",), modes=("add",))
    assert read(one) == {"wide": "image+text+category", "wide with text+category": "text+category"}


def test_controls_stand_beside_what_they_control(tmp_path: Path) -> None:
    suite = ablated(tmp_path, modalities=("image",), controls=("shuffle", "zero"))
    assert read(suite) == {
        "wide": "image+text+category",
        "wide image only": "image",
        "wide image only, image shuffle": "image image=shuffle",
        "wide image only, image zero": "image image=zero",
        "wide without image": "text+category",
        "wide, image shuffle": "image+text+category image=shuffle",
        "wide, image zero": "image+text+category image=zero",
    }


def test_the_same_settings_stand_once(tmp_path: Path) -> None:
    suite = ablated(tmp_path, model="narrow", modalities=("category",))
    assert read(suite) == {"narrow": "category", "narrow without category": ""}
    assert suite.suite == "base-shop-narrow-ablate-category"


def test_settings_vary_one_at_a_time(tmp_path: Path) -> None:
    suite = ablated(tmp_path, fusion=True, multitask=True, sizes=(32, 64), weights=(2.0, 0.5), on="")
    whole = suite.models[0].settings
    assert suite.suite == "base-ablate-fusion-multitask-size-32-64-lambda-2-0.5"
    changed = {
        each.label: {key: value for key, value in each.settings.items() if value != whole[key]}
        for each in suite.models
    }
    assert changed == {
        "wide": {},
        "wide[fusion=sum]": {"fusion": "sum"},
        "wide[fusion=concat]": {"fusion": "concat"},
        "wide[multitask=false]": {"multitask": False},
        "wide[multimodal_size=32]": {"multimodal_size": 32},
        "wide[lambda=0.5]": {"task_weight": 0.5},
    }
    assert len(expand(suite)) == 6 * 2 * 2  # both datasets, whatever each of them has


def test_another_model(tmp_path: Path) -> None:
    suite = ablated(tmp_path, model="DIF-SR", modalities=("text",), sizes=(32,))
    assert read(suite) == {
        "DIF-SR": "text+category",
        "DIF-SR text only": "text",
        "DIF-SR without text": "category",
        "DIF-SR[attribute_size=32]": "text+category",
    }
    assert suite.models[-1].settings["attribute_size"] == 32


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (
            {"modalities": ("image",), "on": ""},
            r"than on another \(shop: image, text, category; ml-100k",
        ),
        (
            {"modalities": ("image",), "on": "ml-100k"},
            r"not read image here \(it reads text, category\)",
        ),
        ({"modalities": ("text",), "on": "shp"}, r"no dataset 'shp' in suite 'base' \(did you mean 'shop'"),
        ({"model": "MAF", "fusion": True}, r"'MAF' may be any of 'narrow', 'wide'"),
        ({"model": "wid", "fusion": True}, r"no variant 'wid' in suite 'base' \(did you mean 'wide'"),
        ({"model": "SASRec", "fusion": True}, r"SASRec has no setting 'fusion' to vary"),
        ({"model": "SASRecF", "weights": (1.0,)}, r"SASRecF has no setting 'lambda' to vary"),
        ({"model": "SASRec", "modalities": ("text",)}, r"SASRec reads no item contents"),
        ({"sizes": (7,)}, r"multimodal_size 7 is not a multiple of heads 2"),
    ],
)
def test_what_cannot_be_varied(tmp_path: Path, options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        ablated(tmp_path, **options)


def test_a_suite_without_contents(tmp_path: Path) -> None:
    body = BODY.partition("defaults:")[0] + "models: [SASRec]\n"
    with pytest.raises(InputError, match="no variant of suite 'base' reads item contents"):
        ablated(tmp_path, body, fusion=True)


def test_names_are_short_and_differ(tmp_path: Path) -> None:
    names = [ablated(tmp_path, weights=tuple(float(w) for w in range(1, n)), on="").suite for n in (60, 61)]
    assert len(set(names)) == 2 and all(len(name) <= 100 for name in names)
