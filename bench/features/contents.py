"""Pictures and texts of a catalogue as batches for a model with weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from bench.data.prepared import Catalogue
from bench.data.sources.base import Progress
from bench.errors import DataError
from bench.features.encoder import Encoded
from bench.features.learned import Loaded, encode_batches
from bench.features.pictures import read_picture

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image

PICTURES = 32  # of a batch
TEXTS = 64  # of a batch, at most
TOKENS = 8192  # of a batch, with padding


def device() -> str:
    """Where models run: the first NVIDIA GPU, else the processor."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def encode_pictures(
    catalogue: Catalogue,
    prepare: Callable[[Image], torch.Tensor],
    forward: Callable[[torch.Tensor], torch.Tensor],
    work: Path | None = None,
    progress: Progress | None = None,
) -> Encoded:
    """Encode the pictures of a catalogue.

    Args:
        catalogue: pictures that cannot be read are missing.
        prepare: an RGB picture as the model takes it: [channels, height, width]; called in threads.
        forward: [n, d] of [n, channels, height, width] on `device`.
        work: see `LearnedEncoder`.
        progress: told of pictures.

    Raises:
        DataError: as `encode_batches`.
    """
    import torch

    def load(place: int) -> Loaded[torch.Tensor]:
        file = catalogue.images[place]
        assert file is not None
        picture = read_picture(file)
        return Loaded(prepare(picture.image), note=picture.note)

    def run(pictures: list[torch.Tensor]) -> npt.NDArray[np.float32]:
        with torch.inference_mode():
            return _array(forward(torch.stack(pictures).to(device())))

    places = [place for place, file in enumerate(catalogue.images) if file is not None]
    batches = [places[start : start + PICTURES] for start in range(0, len(places), PICTURES)]
    return encode_batches(len(catalogue.images), batches, load, run, work, progress, "encode pictures")


def encode_texts(
    catalogue: Catalogue,
    tokenizer: Any,
    max_length: int,
    forward: Callable[[Any], torch.Tensor],
    work: Path | None = None,
    progress: Progress | None = None,
    pad_to: int | None = None,
) -> Encoded:
    """Encode title and description of each item, those of about the same length together.

    Args:
        catalogue: an item without a word is missing.
        tokenizer: of the model.
        max_length: in tokens, with the model's own marks; what exceeds it is cut off.
        forward: [n, d] of ``input_ids`` and ``attention_mask`` [n, t] on `device`.
        work: see `LearnedEncoder`.
        progress: told of texts.
        pad_to: tokens of every text, for models that know nothing else; None: the longest of the batch.

    Raises:
        DataError: the model takes fewer tokens, or no item has a word; and as `encode_batches`.
    """
    import torch

    tokens, notes = tokenize(catalogue, tokenizer, max_length)

    def run(texts: list[list[int]]) -> npt.NDArray[np.float32]:
        how = {"padding": True} if pad_to is None else {"padding": "max_length", "max_length": pad_to}
        padded = tokenizer.pad({"input_ids": texts}, return_tensors="pt", **how).to(device())
        with torch.inference_mode():
            return _array(forward(padded))

    return encode_batches(
        len(catalogue.titles),
        batches_by_length([len(each) if each else 0 for each in tokens]),
        lambda place: Loaded(tokens[place], note=notes.get(place, "")),
        run,
        work,
        progress,
        "encode texts",
        threads=1,
    )


def tokenize(
    catalogue: Catalogue, tokenizer: Any, max_length: int
) -> tuple[list[list[int] | None], dict[int, str]]:
    """Title and description as tokens.

    Returns:
        tokens of each item, None where there is no word; and by place, how many there were if some were cut.

    Raises:
        DataError: the model takes fewer tokens, or no item has a word.
    """
    if max_length > tokenizer.model_max_length:
        raise DataError(
            f"the model takes {tokenizer.model_max_length} tokens, not {max_length}: write"
            f" `max_length: {tokenizer.model_max_length}`"
        )
    texts = [f"{title} {text}".strip() for title, text in zip(catalogue.titles, catalogue.texts, strict=True)]
    places = [place for place, text in enumerate(texts) if text]
    if not places:
        raise DataError(f"none of the {len(texts)} items has a word of text")
    whole = tokenizer([texts[place] for place in places])["input_ids"]
    cut = tokenizer([texts[place] for place in places], truncation=True, max_length=max_length)["input_ids"]
    tokens: list[list[int] | None] = [None] * len(texts)
    notes: dict[int, str] = {}
    for place, found, kept in zip(places, whole, cut, strict=True):
        tokens[place] = kept
        if len(kept) < len(found):
            notes[place] = f"cut from {len(found)} tokens"
    return tokens, notes


def batches_by_length(lengths: Sequence[int]) -> list[list[int]]:
    """Places of texts of about the same length, the longest first; those of length 0 are left out.

    A batch holds at most `TEXTS` texts and, with padding, `TOKENS` tokens (but at least one text).
    """
    batches: list[list[int]] = []
    for place in sorted((p for p, length in enumerate(lengths) if length), key=lambda p: (-lengths[p], p)):
        if batches and len(batches[-1]) < min(TEXTS, TOKENS // lengths[batches[-1][0]]):
            batches[-1].append(place)
        else:
            batches.append([place])
    return batches


def _array(found: torch.Tensor) -> npt.NDArray[np.float32]:
    return np.asarray(found.flatten(1).float().cpu().numpy())
