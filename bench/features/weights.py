"""Weights that others published: where they lie, how they come here, and what identifies them."""

from __future__ import annotations

import hashlib
import io
import json
import os
import threading
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from bench.data.download import OFFLINE, downloaded, fetch
from bench.data.hashing import file_hash
from bench.data.sources.base import Progress
from bench.errors import DataError
from bench.home import home_folder

RANDOM = "random"
PUBLISHED = "published"

# Of a model on the hub: what makes it and what its content is prepared with; no pickles, no code.
HUB_FILES = (
    "config.json",
    "model*.safetensors",
    "model.safetensors.index.json",
    "tokenizer*",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab*",
    "merges.txt",
    "*.model",
    "preprocessor_config.json",
    "processor_config.json",
)


def local(text: str) -> Path:
    """The path that a suite or the command line names as weights.

    Raises:
        DataError: nothing lies there.
    """
    path = Path(text).expanduser()
    if not path.exists():
        raise DataError(f"there are no weights at {path.absolute()}")
    return path


def published_at_hand(url: str, home: Path | None = None) -> Path | None:
    """A file of torchvision's weights in torch's own cache or bench's home; None where it is in neither."""
    import torch

    cached = Path(torch.hub.get_dir()) / "checkpoints" / url.rpartition("/")[2]
    return cached if cached.is_file() else downloaded(url, home)


def published_file(url: str, home: Path | None = None, progress: Progress | None = None) -> Path:
    """A file of torchvision's weights, from torch's own cache, from bench's home, or fetched now.

    Its name ends in the first digits of its SHA-256, which are checked.

    Raises:
        DataError: it cannot be had, or is damaged.
    """
    name = url.rpartition("/")[2]
    file = published_at_hand(url, home)
    if file is None:
        try:
            file = fetch(url, None, home, progress)
        except DataError as error:
            raise DataError(f"{error}, or write `weights: FILE` with a copy of it") from error
    digits = Path(name).stem.rpartition("-")[2]
    if not file_hash(file).startswith(digits):
        raise DataError(f"{file} is damaged: its SHA-256 does not begin with {digits}; remove it")
    return file


def hub_folder(model: str, revision: str, download: bool, progress: Progress | None = None) -> Path | None:
    """The folder of a model of the Hugging Face hub, in the hub's own cache.

    Args:
        model: its name, ``bert-base-uncased``.
        revision: a branch, tag or commit.
        download: fetch it where it is not there.
        progress: told of bytes.

    Returns:
        None if it is not there and was not to be fetched.

    Raises:
        DataError: it cannot be had.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError
    from huggingface_hub.utils.tqdm import disable_progress_bars

    offline = bool(os.environ.get(OFFLINE))
    disable_progress_bars()
    try:
        folder = Path(
            snapshot_download(model, revision=revision, allow_patterns=[*HUB_FILES], local_files_only=True)
        )
        if any(folder.glob("*.safetensors")):
            return folder
    except HFValidationError as error:
        raise DataError(f"{model!r} is no name on the hub: {error}") from error
    except LocalEntryNotFoundError:
        pass
    if not download:
        return None
    remedy = (
        "put a copy of its files (config.json, model.safetensors, vocab.txt or tokenizer.json) into a folder"
        " and write `weights: FOLDER`"
    )
    if offline:
        raise DataError(f"{model} is not at hand, and {OFFLINE} forbids to fetch it: {remedy}")
    try:
        told = None if progress is None else _bar(f"fetch {model}", progress)
        patterns = [*HUB_FILES]
        folder = Path(snapshot_download(model, revision=revision, allow_patterns=patterns, tqdm_class=told))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise DataError(f"{model} is not at hand and cannot be fetched ({reason}): {remedy}") from error
    if progress is not None:
        # The bars' totals are added up by several threads without a lock: the end is told from the files.
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        progress(f"fetch {model}", size, size)
    return folder


def _bar(what: str, progress: Progress) -> type[Any]:
    """A class of bars, as the hub's library makes them, that tell ``progress`` and show nothing.

    The library updates them from a thread per file; ``progress`` is called by one at a time.
    """
    from tqdm import tqdm  # type: ignore[import-untyped]

    turn = threading.Lock()

    class Bar(tqdm):  # type: ignore[misc]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options | {"file": io.StringIO()})

        def update(self, n: float | None = 1) -> bool | None:
            with turn:
                shown: bool | None = super().update(n)
                # Others count files, of which one has nearly all the bytes.
                if self.unit == "B" and self.total:
                    progress(what, int(self.n), int(self.total))
            return shown

    return Bar


def identify(path: Path, home: Path | None = None) -> str:
    """SHA-256 of a file, or of the files of `HUB_FILES` in a folder with their names.

    A file of the size and time that it had last is not read again.

    Raises:
        DataError: a folder without such files.
    """
    known = _Known(home)
    if path.is_file():
        return f"sha256:{known.sha256(path)}"
    files = sorted(file for file in path.iterdir() if any(fnmatch(file.name, p) for p in HUB_FILES))
    if not files:
        raise DataError(f"the folder {path.absolute()} holds no model: a config.json at least is missing")
    content = [[file.name, known.sha256(file)] for file in files]
    return f"sha256:{hashlib.sha256(json.dumps(content).encode()).hexdigest()}"


def hub_identity(model: str, revision: str, home: Path | None = None) -> str | None:
    """`identify` of a model of the hub; as it was last, where the model is not there any more."""
    known = _Known(home)
    name = f"{model}@{revision}"
    folder = hub_folder(model, revision, download=False)
    if folder is None:
        remembered: str | None = known.read().get("models", {}).get(name)
        return remembered
    identity = identify(folder, home)
    known.remember("models", {name: identity})
    return identity


class _Known:
    """Hashes of files and models in the home: a memory aid, which may be lost."""

    def __init__(self, home: Path | None) -> None:
        self._file = home_folder(home) / "features" / "weights.json"

    def sha256(self, file: Path) -> str:
        state = file.stat()
        now = [state.st_size, state.st_mtime_ns]
        name = str(file.resolve())
        size, time, digest = self.read().get("files", {}).get(name, (None, None, ""))
        if [size, time] == now:
            return str(digest)
        digest = file_hash(file)
        self.remember("files", {name: [*now, digest]})
        return digest

    def read(self) -> dict[str, Any]:
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def remember(self, kind: str, entries: Mapping[str, Any]) -> None:
        known = self.read()
        if all(known.get(kind, {}).get(name) == value for name, value in entries.items()):
            return
        known[kind] = known.get(kind, {}) | dict(entries)
        self._file.parent.mkdir(parents=True, exist_ok=True)
        partial = self._file.with_suffix(f".{os.getpid()}.partial")
        partial.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        partial.replace(self._file)
