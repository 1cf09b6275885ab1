from __future__ import annotations

import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.errors import InputError
from bench.registry import MODELS
from bench.suite import own
from bench.suite.models import parse_model
from bench.suite.schema import Suite

Load = Callable[..., Suite]


def _settings(suite: Suite) -> dict[str, dict[str, Any]]:
    return {variant.label: variant.settings for variant in suite.models}


def test_every_model_of_the_registry_is_accepted_by_name(load: Load) -> None:
    suite = load(f"datasets: [ml-100k]\nmodels: [{', '.join(MODELS)}]\n")
    assert [variant.label for variant in suite.models] == list(MODELS)


def test_defaults_reach_the_models_they_are_for_and_yield_to_the_entry(load: Load) -> None:
    settings = _settings(
        load(
            """\
            datasets: [ml-100k]
            defaults:
              attention: {hidden_size: 256, layers: 4, heads: 8}
              MAF: {layers: 3, lambda: 5}
            models: [SASRec, GRU4Rec, MAF, {name: MAF, label: mine, layers: 1}]
            """
        )
    )
    assert (settings["SASRec"]["hidden_size"], settings["SASRec"]["layers"]) == (256, 4)
    assert (settings["GRU4Rec"]["hidden_size"], settings["GRU4Rec"]["layers"]) == (128, 1)  # RecBole's
    assert (settings["MAF"]["layers"], settings["MAF"]["task_weight"], settings["MAF"]["heads"]) == (
        3,
        5.0,
        8,
    )
    assert (settings["mine"]["layers"], settings["mine"]["task_weight"]) == (1, 5.0)


def test_a_model_that_stands_once_keeps_its_name_and_twice_shows_its_settings(load: Load) -> None:
    suite = load(
        """\
        datasets: [ml-100k]
        models:
          - {name: SASRec, layers: 1}
          - MAF
          - {name: MAF, modalities: [text, category], fusion: gate, lambda: 5}
          - {name: MAF, modalities: []}
          - {name: MAF, multitask: false, label: plain}
        """
    )
    assert [variant.label for variant in suite.models] == [
        "SASRec",
        "MAF",
        "MAF[modalities=text+category,fusion=gate,lambda=5]",
        "MAF[modalities=none]",
        "plain",
    ]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("SASRecc", ["'SASRecc'", "'SASRec'"]),
        ("{name: MAF, fusoin: sum}", ["'fusoin'", "MAF", "'fusion'"]),
        ("{name: MAF, fusion: som}", ["MAF.fusion", "'som'", "'sum'"]),
        ("{name: MAF, lambda: heavy}", ["MAF.lambda", "'heavy'", "a number"]),
        ("{name: MAF, lambda: 1, task_weight: 2}", ["'lambda'", "'task_weight'", "same setting"]),
        ("{name: MAF, multimodal_size: 128}", ["MAF", "multimodal_size 128", "hidden_size 64", "d' <= d"]),
        ("{name: MAF, multimodal_size: 33}", ["MAF", "multimodal_size 33", "heads 2"]),
        ("{name: MAF, heads: 3}", ["MAF", "hidden_size 64", "heads 3"]),
        ("{name: DIF-SR, attribute_size: 128}", ["DIF-SR", "attribute_size 128", "hidden_size 64"]),
        ("{name: DIF-SR, attribute_size: 33}", ["DIF-SR", "attribute_size 33", "heads 2"]),
        (
            "{name: MAF, modalities: [image]}",
            ["MAF", "image", "ml-100k has only text, category", "available"],
        ),
        ("{name: MAF, modalities: [txet]}", ["'txet'", "'text'"]),
        ("{name: MAF, modalities: text}", ["'text'", "[text]"]),
        ("{name: MAF, modalities: availabel}", ["'availabel'", "'available'"]),
        ("{name: MAF, modalities: [text, text]}", ["text", "twice"]),
        ("{name: MAF, controls: {image: shufle}}", ["controls.image", "'shuffle', 'noise', 'zero'"]),
        ("{name: MAF, modalities: [text], controls: {image: zero}}", ["replace image", "does not read"]),
        ("{name: SASRec, controls: {image: zero}}", ["controls"]),
        ("{name: MAF, modalities: 3}", ["MAF.modalities", "3", "a list"]),
        ("{name: SASRec, modalities: [text]}", ["'modalities'", "SASRec"]),
        ("SASRec, SASRec", ["'SASRec'", "twice", "label:"]),
        ("./mine.py:Mine", ["./mine.py:Mine", "path or a relative module"]),
        (".mine:Mine", [".mine:Mine", "path or a relative module"]),
        ("mine/models:Mine", ["mine/models:Mine", "path or a relative module"]),
        ("{name: Popularity, training: {batch_size: 3}}", ["Popularity.training.batch_size", "counts"]),
        ("{name: ContentKNN, training: {scheme: prefixes}}", ["ContentKNN.training.scheme", "leave it out"]),
        ("mine.py", ["mine.py", "path or a relative module"]),
        ("nowhere.models:Mine", ["'nowhere'", "start bench in its folder"]),
        ("json.nowhere:Mine", ["'json.nowhere'", "start bench in its folder"]),
        ("json.tool.nowhere:Mine", ["'json.tool.nowhere'"]),
        ("{name: 'json.tool:Mine', modalities: [txet]}", ["'txet'", "'text'"]),
        ("{fusion: sum}", ["no name"]),
    ],
)
def test_a_wrong_model_is_named(load: Load, entry: str, words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        load(f"datasets: [ml-100k]\nmodels: [{entry}]\n")
    assert caught.value.line == 5
    assert [word for word in words if word not in str(caught.value)] == []


def test_a_rule_broken_by_defaults_and_entry_together_stands_at_the_entry(load: Load) -> None:
    with pytest.raises(InputError, match="hidden_size 256 is not a multiple of heads 3") as caught:
        load(
            """\
            datasets: [ml-100k]
            defaults: {attention: {hidden_size: 256}}
            models:
              - SASRec
              - {name: BERT4Rec, heads: 3}
            """
        )
    assert caught.value.line == 8
    # On its own the block is incomplete, not wrong: some model may set the rest.
    load(
        "datasets: [ml-100k]\ndefaults: {attention: {heads: 3}}\nmodels: [{name: SASRec, hidden_size: 66}]\n"
    )


def test_own_models_are_found_without_running_them(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "ownmodels" / "deep"
    package.mkdir(parents=True)
    for file in (package.parent / "__init__.py", package / "__init__.py", package / "net.py"):
        file.write_text("raise RuntimeError('a suite check must not run this')\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    suite = load(
        """\
        datasets: [ml-100k]
        defaults: {"ownmodels.deep.net:Net": {size: 3, depth: 1}}
        models: [{name: "ownmodels.deep.net:Net", size: 5, modalities: [text]}]
        """
    )
    assert suite.models[0].label == "ownmodels.deep.net:Net"
    assert suite.models[0].settings == {"size": 5, "depth": 1, "modalities": ["text"]}
    assert "ownmodels" not in sys.modules


def test_the_command_line_reads_back_what_a_label_shows(load: Load) -> None:
    defaults = {"attention": {"layers": 1}}
    suite = load(
        """\
        datasets: [toyshop]
        defaults: {attention: {layers: 1}}
        models: [MAF, {name: MAF, modalities: [image], lambda: 5}, {name: MAF, modalities: []}]
        """
    )
    for variant in suite.models:
        assert parse_model(variant.label, defaults) == variant


def test_a_module_without_a_place_on_the_import_path_is_refused(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What a notebook defines is loaded here, but no other process can import it.
    monkeypatch.setitem(sys.modules, "placeless", types.ModuleType("placeless"))
    with pytest.raises(InputError, match="no module 'placeless' can be found"):
        load('datasets: [ml-100k]\nmodels: ["placeless:Mine"]\n')


def test_a_label_can_be_given_on_the_command_line() -> None:
    variant = parse_model("MAF[fusion=gate,label=ours]", {})
    assert (variant.label, variant.settings["fusion"]) == ("ours", "gate")


def test_a_wrong_model_on_the_command_line_names_the_option() -> None:
    with pytest.raises(InputError, match=r"--model: unknown key 'fusoin' in MAF \(did you mean 'fusion'\?\)"):
        parse_model("MAF[fusoin=sum]", {})


def test_the_hash_of_ones_own_model_follows_its_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Single files with their neighbours, packages, and packages without ``__init__.py``."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "single_of_mine.py").write_text("class Mine: pass")
    (tmp_path / "neighbour.py").write_text("SIGN = 1")
    (tmp_path / "bare_of_mine").mkdir()
    (tmp_path / "bare_of_mine" / "models.py").write_text("class Mine: pass")
    for name, edited in (
        ("single_of_mine:Mine", "single_of_mine.py"),
        ("single_of_mine:Mine", "neighbour.py"),
        ("bare_of_mine.models:Mine", "bare_of_mine/models.py"),
    ):
        before = own.source_hash(name)
        assert own.source_hash(name) == before
        with (tmp_path / edited).open("a") as file:
            file.write("  # edited")
        assert own.source_hash(name) != before, edited
