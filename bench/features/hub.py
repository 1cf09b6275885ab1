"""Models of the Hugging Face hub, or of a folder in its layout, without code or pickles of others."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Generic, TypeVar

from bench.data.sources.base import Progress
from bench.errors import DataError
from bench.features.learned import LearnedEncoder
from bench.features.libraries import transformers
from bench.features.weights import PUBLISHED, RANDOM, hub_folder, hub_identity, identify, local
from bench.suite.settings import HubSettings

S = TypeVar("S", bound=HubSettings)


class HubEncoder(LearnedEncoder, Generic[S]):
    """An encoder of the hub: where its weights come from."""

    def __init__(self, settings: S, home: Path | None = None, work: Path | None = None) -> None:
        super().__init__(settings, home, work)
        self.settings = settings

    def weights(self) -> str | None:
        return hub_weights(self.settings, self.home)

    def missing(self) -> str | None:
        settings = self.settings
        named = settings.weights if settings.weights not in (PUBLISHED, RANDOM) else settings.model
        if named != settings.model or _is_folder(named):
            local(named)
            return None
        if hub_folder(settings.model, settings.revision, download=False) is not None:
            return None
        return f"https://huggingface.co/{settings.model} (revision {settings.revision})"

    def fetch(self, progress: Progress | None = None) -> None:
        hub_files(self.settings, progress)


def hub_weights(settings: HubSettings, home: Path | None) -> str | None:
    """What identifies the weights and all files with them; None where that is not known here.

    Raises:
        DataError: the folder that the settings name is not there.
    """
    if settings.weights not in (PUBLISHED, RANDOM):
        return identify(local(settings.weights), home)
    if _is_folder(settings.model):
        found: str | None = identify(local(settings.model), home)
    else:
        found = hub_identity(settings.model, settings.revision, home)
    return found and (f"{RANDOM}, {found}" if settings.weights == RANDOM else found)


def hub_files(settings: HubSettings, progress: Progress | None = None) -> Path:
    """The folder of the model's files, fetched if it is not here.

    Raises:
        DataError: it cannot be had.
    """
    if settings.weights not in (PUBLISHED, RANDOM):
        return local(settings.weights)
    if _is_folder(settings.model):
        return local(settings.model)
    folder = hub_folder(settings.model, settings.revision, download=True, progress=progress)
    assert folder is not None
    return folder


def load_model(folder: Path, settings: HubSettings, may_lack: tuple[str, ...] = ()) -> Any:
    """The model of ``folder`` in evaluation mode and float32, without a head for a task.

    Args:
        folder: of `hub_files`.
        settings: whose ``weights`` may be random.
        may_lack: beginnings of the names of weights that are not used.

    Raises:
        DataError: it cannot be read, or lacks weights that are used.
    """
    import torch
    from safetensors import SafetensorError

    library = transformers()
    try:
        if settings.weights == RANDOM:
            config = library.AutoConfig.from_pretrained(folder, local_files_only=True)
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(0)
                return library.AutoModel.from_config(config).float().eval()
        model, report = library.AutoModel.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, output_loading_info=True
        )
    # From a missing config.json to weights of other shapes.
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        reason = str(error).strip().splitlines()[0]
        raise DataError(f"the model in {folder} cannot be read: {reason}") from error
    lacking = sorted(name for name in report["missing_keys"] if not name.startswith(may_lack))
    if lacking:
        raise DataError(f"the model in {folder} lacks weights: {', '.join(lacking[:3])}")
    return model.float().eval()


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer of ``folder``.

    Raises:
        DataError: it cannot be read, or has no padding.
    """
    try:
        tokenizer = transformers().AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).strip().splitlines()[0]
        raise DataError(f"the tokenizer in {folder} cannot be read: {reason}") from error
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    if tokenizer.pad_token is None:
        raise DataError(f"the tokenizer in {folder} has no padding token")
    return tokenizer


def _is_folder(model: str) -> bool:
    """Names on the hub have one slash at most and do not begin with a dot, a slash or a tilde."""
    return model.startswith((".", "/", "~")) or model.count("/") > 1 or Path(model).is_dir()
