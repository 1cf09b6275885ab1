"""Pictures and texts in one space, through the two towers of CLIP (Radford et al. 2021) and its like."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.data.prepared import Catalogue
from bench.data.sources.base import Progress
from bench.errors import DataError
from bench.features.contents import device, encode_pictures, encode_texts
from bench.features.encoder import Encoded
from bench.features.hub import HubEncoder, hub_files, load_model, load_tokenizer
from bench.features.libraries import transformers
from bench.suite.settings import ClipSettings, ClipTextSettings

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image

_PADDED = ("siglip", "siglip2")  # trained on texts of one length, padding included


class ClipImages(HubEncoder[ClipSettings]):
    """[n_items, d]: pictures in the space that both towers share, not normalised."""

    def encode(self, catalogue: Catalogue, progress: Progress | None = None) -> Encoded:
        folder = hub_files(self.settings)
        model = _with_towers(load_model(folder, self.settings), folder).to(device())
        try:
            processor = transformers().AutoImageProcessor.from_pretrained(folder, local_files_only=True)
        except (OSError, ValueError) as error:
            reason = str(error).strip().splitlines()[0]
            raise DataError(f"how {folder} prepares pictures cannot be read: {reason}") from error

        def prepare(picture: Image) -> torch.Tensor:
            prepared: torch.Tensor = processor(images=picture, return_tensors="pt")["pixel_values"][0]
            return prepared

        def forward(pictures: torch.Tensor) -> torch.Tensor:
            return _shared(model.get_image_features(pixel_values=pictures))

        return encode_pictures(catalogue, prepare, forward, self.work, progress)


class ClipTexts(HubEncoder[ClipTextSettings]):
    """[n_items, d]: title and description in the space that both towers share, not normalised."""

    def encode(self, catalogue: Catalogue, progress: Progress | None = None) -> Encoded:
        folder = hub_files(self.settings)
        model = _with_towers(load_model(folder, self.settings), folder).to(device())
        longest = self.settings.max_length
        return encode_texts(
            catalogue,
            load_tokenizer(folder),
            longest,
            lambda tokens: _shared(model.get_text_features(**tokens)),
            self.work,
            progress,
            pad_to=longest if model.config.model_type in _PADDED else None,
        )


def _with_towers(model: Any, folder: Path) -> Any:
    if not (hasattr(model, "get_image_features") and hasattr(model, "get_text_features")):
        raise DataError(f"the model in {folder} is a {type(model).__name__}, without towers for both")
    return model


def _shared(found: Any) -> torch.Tensor:
    """[n, d]; transformers 5 wraps what transformers 4 gives as it is."""
    tensor: torch.Tensor = getattr(found, "pooler_output", found)
    return tensor
