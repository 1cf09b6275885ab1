"""`bench models`: the models that a suite can name."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.text import Text

from bench.cli.options import brief, listing, options
from bench.registry import MODALITIES, MODELS


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


def print_models(format: str) -> None:
    """Print the models as ``rich`` or ``json``."""
    found = describe_models()
    if format == "json":
        print(json.dumps(found, indent=1, ensure_ascii=False))
        return
    console = Console()
    for model in found:
        lines = [
            f"{model['about']} ({model['paper']})",
            f"reads {', '.join(model['reads'])}",
            f"settings: {brief(model['settings'])}",
        ]
        console.print(listing(model["name"], lines))
    console.print(
        Text("A model of your own is named module:Class. `--format json` lists kinds and limits too.")
    )
