"""What runs need that is not on this machine: files of datasets, weights of encoders, and how to get them.

No connection is made: addresses and sizes are those that recipes and torchvision's tables carry.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.data.download import OFFLINE, downloads
from bench.data.places import file_at_hand
from bench.data.sources.files import DATA_FOLDER, data_file
from bench.data.sources.ml100k import to_download
from bench.errors import DataError
from bench.execution.outlook import Outlook
from bench.features.learned import LearnedEncoder
from bench.registry import ENCODERS, load
from bench.suite.datasets import written_dataset
from bench.suite.parts import DatasetRef
from bench.suite.recipes import Recipe, dataset_settings, find_recipe
from bench.suite.settings import EncoderSettings


@dataclass(frozen=True)
class Lack:
    """Something that runs need and that is not here.

    Attributes:
        what: a dataset by its label, or an encoder.
        runs: how many of the runs need it.
        files: what is missing: a file and where it can be had.
        remedies: what to do about it, each a sentence.
    """

    what: str
    runs: int
    files: tuple[str, ...]
    remedies: tuple[str, ...]


def lacks(runs: Iterable[Outlook], home: Path | None) -> list[Lack]:
    """What the runs that are not done lack: datasets in their order, then weights.

    Raises:
        InputError: an encoder that the suite names does not exist.
    """
    waiting = [run for run in runs if run.state not in ("done", "unreadable")]
    found = []
    for label in dict.fromkeys(run.spec.dataset.label for run in waiting if run.dataset is None):
        own = [run for run in waiting if run.spec.dataset.label == label]
        pictures = any("image" in run.spec.features for run in own)
        found.append(_of_dataset(own[0].spec.dataset, len(own), pictures, home))
    needed: dict[str, tuple[EncoderSettings, int]] = {}
    for run in waiting:
        for encoder in (
            run.spec.features.values() if run.fingerprint is None or run.state == "unchecked" else ()
        ):
            if ENCODERS[encoder.name].learned:
                key = encoder.model_dump_json(include={"name"}) + _weights_key(encoder)
                needed[key] = (encoder, needed.get(key, (encoder, 0))[1] + 1)
    found += [_of_encoder(encoder, runs, home) for encoder, runs in needed.values()]
    return [lack for lack in found if lack is not None]


def _of_dataset(ref: DatasetRef, runs: int, pictures: bool, home: Path | None) -> Lack | None:
    settings = dataset_settings(ref.name, ref.options)
    recipe = find_recipe(ref.name)
    if recipe is not None:
        return _of_recipe(ref, recipe, settings.files, runs, pictures, home)
    if ref.name == "ml-100k":
        url = to_download()
        return None if url is None else Lack(ref.label, runs, (url,), (_download(home),))
    missing = tuple(file for file in settings.files if not _is_at_hand(file))
    if not missing:
        return None
    remedy = f"set {DATA_FOLDER} to the folder below which they lie: {DATA_FOLDER}=FOLDER bench run ..."
    return Lack(ref.label, runs, tuple(f"{file} (a file of yours)" for file in missing), (remedy,))


def _of_recipe(
    ref: DatasetRef, recipe: Recipe, files: tuple[str, ...], runs: int, pictures: bool, home: Path | None
) -> Lack | None:
    missing = [file for file in files if file_at_hand(ref.name, recipe, file, home) is None]
    addresses = recipe.source in ("amazon", "tables") and pictures
    if not missing and not addresses:
        return None
    lines = [f"{file}: {recipe.urls.get(file, 'a file of yours')}" for file in missing]
    if addresses:
        lines.append("the pictures of its items, from the addresses in its metadata")
    named = written_dataset(ref.name, ref.options)
    if named is None:  # only a suite can say its options
        return Lack(
            ref.label, runs, tuple(lines), ("`bench run` prepares it, without pictures to be fetched",)
        )
    command = f"bench data prepare {named}{' --pictures' if addresses else ''}"
    remedies = []
    if all(file in recipe.urls for file in missing):
        forbidden = f" ({OFFLINE} forbids that now)" if os.environ.get(OFFLINE) else ""
        remedies.append(f"{command} downloads what is missing{forbidden} and prepares it")
    if missing:
        remedies.append(f"{command} --from FOLDER takes the files from a folder")
    return Lack(ref.label, runs, tuple(lines), tuple(remedies))


def _is_at_hand(file: str) -> bool:
    try:
        data_file(file)
    except DataError:
        return False
    return True


def _weights_key(encoder: EncoderSettings) -> str:
    return " ".join(str(encoder.options.get(key)) for key in ("model", "weights", "revision"))


def _of_encoder(encoder: EncoderSettings, runs: int, home: Path | None) -> Lack | None:
    entry = ENCODERS[encoder.name]
    learned: LearnedEncoder = load(entry.path)(load(entry.settings)(**encoder.options), home)
    what = f"{encoder.name}/{encoder.options['model']}"
    try:
        missing = learned.missing()
    except DataError as error:
        return Lack(
            what, runs, (str(error),), ("write `weights:` in the suite so that it names what is there",)
        )
    if missing is None:
        return None
    forbidden = f"{OFFLINE} forbids that now; " if os.environ.get(OFFLINE) else ""
    remedy = f"`bench run` fetches it ({forbidden}without a connection: a copy, and its path as `weights:`)"
    return Lack(what, runs, (missing,), (remedy,))


def _download(home: Path | None) -> str:
    if os.environ.get(OFFLINE):
        return f"{OFFLINE} forbids to download it: put it into {downloads(home)}"
    return "`bench run` downloads it"
