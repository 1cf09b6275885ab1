"""`bench features`: encode items, and see what is stored."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.cli.data import progress_bars
from bench.data.datasets import prepare_dataset
from bench.data.prepared import PreparedDataset
from bench.errors import InputError
from bench.features.store import extract
from bench.features.table import ItemFeatures
from bench.home import home_folder
from bench.registry import MODALITIES, Modality
from bench.suite.datasets import parse_dataset
from bench.suite.encoders import DEFAULTS, parse_encoder
from bench.suite.settings import EncoderSettings
from bench.wording import count


def extract_features(
    text: str, encoders: Mapping[str, str | None], everything: bool, home: Path | None
) -> None:
    """Extract features of a dataset and print what they are.

    Args:
        text: the dataset as ``--dataset`` takes it.
        encoders: by modality, as the command line writes them; None where none is named.
        everything: also the modalities that are not named, by their light encoders.
        home: bench's home; see `home_folder`.

    Raises:
        InputError: no such dataset or encoder, or a wrong option.
        DataError: the data or weights cannot be had, or no item has the content.
    """
    _, found = features_of(text, encoders, everything, home)
    table = Table("modality", "encoder", "items", "columns", "seconds")
    for column in table.columns[2:]:
        column.justify = "right"
    for features, seconds in found:
        present, items = int(features.present.sum()), len(features.present) - 1
        table.add_row(
            features.modality,
            Text(features.encoder),
            f"{present:,} of {items:,}",
            f"{features.width:,}",
            f"{seconds:.1f}",
        )
    Console().print(table)


def features_of(
    text: str, encoders: Mapping[str, str | None], everything: bool, home: Path | None
) -> tuple[PreparedDataset, list[tuple[ItemFeatures, float]]]:
    """The dataset and its features, extracted now if need be, with the seconds that took."""
    ref = parse_dataset(text, "DATASET")
    chosen = _chosen(encoders, everything)
    with progress_bars() as progress:
        dataset = prepare_dataset(ref.name, ref.label, ref.options, home, progress)
        found = []
        for modality, encoder in chosen.items():
            if modality not in dataset.modalities and encoders[modality] is None:
                continue
            start = time.perf_counter()
            features = extract(dataset, modality, encoder.name, dict(encoder.options), home, progress)
            found.append((features, time.perf_counter() - start))
    return dataset, found


def _chosen(encoders: Mapping[str, str | None], everything: bool) -> dict[Modality, EncoderSettings]:
    named = {modality: text for modality, text in encoders.items() if text is not None}
    if everything or not named:
        named = {modality: named.get(modality, DEFAULTS[modality]) for modality in MODALITIES}
    return {
        modality: parse_encoder(modality, named[modality]) for modality in MODALITIES if modality in named
    }


def print_list(home: Path | None, format: str) -> None:
    """Print what features are stored and begun, as ``rich`` or ``json``."""
    rows = sorted(_stored(home), key=lambda row: str(row["name"]))
    if format == "json":
        print(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    table = Table("name", "dataset", "encoder", "items", "MB")
    for column in table.columns[3:]:
        column.justify = "right"
    table.columns[0].overflow = "fold"  # it is to be typed
    for row in rows:
        present = "begun" if row["items"] is None else f"{row['present']:,} of {row['items']:,}"
        table.add_row(
            *(Text(str(row[key])) for key in ("name", "dataset", "encoder")), present, f"{row['mb']:,.1f}"
        )
    Console().print(table)


def print_info(name: str, home: Path | None, format: str) -> None:
    """Print what stored features were made of.

    Raises:
        InputError: no features have this name, or several begin with it.
    """
    folder = _named(name, home)
    facts = json.loads((folder / "features.json").read_text(encoding="utf-8"))
    if format == "json":
        print(json.dumps(facts, indent=1, ensure_ascii=False))
        return
    table = Table("", "", show_header=False)
    table.columns[1].overflow = "fold"  # hashes are to be compared
    for key in ("modality", "encoder", "options", "weights", "dataset", "dataset_label", "content_hash"):
        if key in facts:
            table.add_row(key, Text(_words(facts[key])))
    table.add_row("items", f"{facts['items_present']:,} of {facts['items']:,}")
    for kind in ("problems", "notes"):
        known = cast("dict[str, str]", facts.get(kind, {}))
        for item, text in list(known.items())[:10]:
            table.add_row(kind if item == next(iter(known)) else "", Text(f"item {item}: {text}"))
        if len(known) > 10:
            table.add_row("", f"and {count(len(known) - 10, 'other')} (--format json shows all)")
    console = Console()
    console.print(table)
    console.print(f"{folder}", highlight=False, soft_wrap=True)


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}={each}" for key, each in value.items())
    return str(value)


def _stored(home: Path | None) -> Iterator[dict[str, Any]]:
    folder = home_folder(home) / "features"
    for place in folder.iterdir() if folder.is_dir() else ():
        if not place.is_dir():
            continue
        size = sum(file.stat().st_size for file in place.iterdir()) / 1e6
        row = {"name": place.name, "dataset": "", "encoder": "", "items": None, "present": None, "mb": size}
        try:
            facts = json.loads((place / "features.json").read_text(encoding="utf-8"))
            row |= {
                "dataset": facts.get("dataset_label", facts["dataset"][:8]),
                "encoder": f"{facts['encoder']} ({_words(facts['options'])})",
                "items": facts["items"],
                "present": facts["items_present"],
            }
        except (OSError, ValueError, KeyError):
            if place.suffix != ".work":
                continue
        yield row


def _named(name: str, home: Path | None) -> Path:
    names = [str(row["name"]) for row in _stored(home) if row["items"] is not None]
    fitting = [known for known in names if known == name] or [
        known for known in names if known.startswith(name)
    ]
    if len(fitting) != 1:
        what = f"{len(fitting)} features begin with" if fitting else "there are no features called"
        raise InputError(f"{what} {name!r}", remedy="see `bench features list`")
    return home_folder(home) / "features" / fitting[0]
