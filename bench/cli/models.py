"""`bench models`: the models that a suite can name."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.text import Text

from bench.cli.options import brief, listing, options, options_of
from bench.registry import MODALITIES, MODELS
from bench.suite.reference import PREFIX, attention_words, default_settings, known_models
from bench.suite.reference_settings import settings_class


def describe_models() -> list[dict[str, Any]]:
    """Each model's name, description, paper, what it reads, and its settings with defaults."""
    return [
        {
            "name": name,
            "about": entry.about,
            "paper": entry.paper,
            "reads": ["item ids", *(MODALITIES if entry.multimodal else ())],
            "takes_attention_defaults": entry.attention,
            "settings": options(entry),
        }
        for name, entry in MODELS.items()
    ]


def describe_references() -> list[dict[str, Any]]:
    """The same of every sequential model of RecBole, in its own words; none where it is not installed."""
    return [_describe_reference(name) for name in known_models()]


def print_models(format: str) -> None:
    """Print the models as ``rich`` or ``json``."""
    found, theirs = describe_models(), describe_references()
    if format == "json":
        print(json.dumps(found + theirs, indent=1, ensure_ascii=False))
        return
    console = Console()
    for model in found:
        lines = [
            f"{model['about']} ({model['paper']})",
            f"reads {', '.join(model['reads'])}",
            f"settings: {brief(model['settings'])}",
        ]
        console.print(listing(model["name"], lines))
    console.print(listing(f"{PREFIX}NAME", _brief_references(theirs)))
    console.print(
        Text("A model of your own is named module:Class. `--format json` lists kinds and limits too.")
    )


def _describe_reference(name: str) -> dict[str, Any]:
    defaults = default_settings(name)
    return {
        "name": name,
        "about": f"{name.removeprefix(PREFIX)} by RecBole's own code",
        "paper": "RecBole, Zhao et al. 2021",
        "reads": ["item ids", *(["category"] if "selected_features" in defaults else [])],
        "takes_attention_defaults": bool(attention_words(name)),
        "settings": options_of(settings_class(name)),
    }


def _brief_references(found: list[dict[str, Any]]) -> list[str]:
    if not found:
        return ["a model of RecBole by its own code; RecBole is not installed here (it needs Python 3.11)"]
    names = {model["name"].removeprefix(PREFIX): model["reads"] for model in found}
    readers = [name for name, reads in names.items() if "category" in reads]
    return [
        f"a model of RecBole by its own code: {', '.join(names)}",
        f"reads item ids; {', '.join(readers)} also category",
        "settings: RecBole's, which `--format json` lists with their defaults",
    ]
