"""Pictures through a classifier of torchvision, up to the input of its last layer.

With VGG-16 (Simonyan and Zisserman 2015) and its ImageNet weights these are the image features of the paper
(arXiv 2405.17959, section 4.1): 4,096 values after the second fully connected layer and its ReLU.
"""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.data.prepared import Catalogue
from bench.data.sources.base import Progress
from bench.errors import DataError, InputError
from bench.features.contents import device, encode_pictures
from bench.features.encoder import Encoded
from bench.features.learned import LearnedEncoder
from bench.features.libraries import torchvision
from bench.features.weights import RANDOM, identify, local, published_at_hand, published_file
from bench.suite.settings import TorchvisionSettings

if TYPE_CHECKING:
    import torch
    from torch import nn

# Their published weights are of a network that is built otherwise than without weights.
_BUILT: dict[str, dict[str, Any]] = {
    "googlenet": {"transform_input": True, "aux_logits": True, "init_weights": False},
    "inception_v3": {"transform_input": True, "aux_logits": True, "init_weights": False},
}


class TorchvisionImages(LearnedEncoder):
    """[n_items, d]: what the last layer of a classifier reads, in evaluation mode, of RGB pictures.

    Pictures are prepared as the published weights ask for (VGG-16: shorter side 256, centre 224 x 224, mean
    and deviation of ImageNet).
    """

    def __init__(
        self, settings: TorchvisionSettings, home: Path | None = None, work: Path | None = None
    ) -> None:
        super().__init__(settings, home, work)
        self.settings = settings

    def weights(self) -> str | None:
        name = self.settings.weights
        if name == RANDOM or is_published(name):
            return name  # what torchvision publishes under a name does not change
        return identify(local(name), self.home)

    def missing(self) -> str | None:
        name = self.settings.weights
        if name == RANDOM:
            return None
        if not is_published(name):
            local(name)
            return None
        chosen = published_weights(self.settings.model, name)
        if published_at_hand(chosen.url, self.home) is not None:
            return None
        return f"{chosen.url} ({chosen.meta['_file_size']:.0f} MB)"

    def encode(self, catalogue: Catalogue, progress: Progress | None = None) -> Encoded:
        classifier, prepare = load_classifier(self.settings, self.home, progress)
        network = without_classifier(classifier).to(device()).eval()
        return encode_pictures(catalogue, prepare, network, self.work, progress)


def is_published(weights: str) -> bool:
    """Whether ``weights`` is a name that torchvision may publish, ``IMAGENET1K_V1``, and no file."""
    return weights.isupper() and "/" not in weights and "." not in weights


def published_weights(model: str, name: str | None = None) -> Any:
    """What torchvision publishes for a classifier under a name; None: the first of its weights.

    Raises:
        InputError: torchvision has no such classifier, or no such weights of it.
    """
    models = torchvision().models
    known = models.list_models(module=models)
    if model not in known:
        near = get_close_matches(model, known, n=1)
        raise InputError(
            f"torchvision has no classifier {model!r}",
            remedy=f"did you mean {near[0]!r}?" if near else "see torchvision.models.list_models()",
        )
    published = models.get_model_weights(model)
    if name is None:
        return next(iter(published))
    if name not in published.__members__:
        names = ", ".join(each.name for each in published)
        raise InputError(f"torchvision has no weights {name!r} of {model}", remedy=f"use {names}")
    return published[name]


def load_classifier(
    settings: TorchvisionSettings, home: Path | None = None, progress: Progress | None = None
) -> tuple[nn.Module, Any]:
    """The classifier with its weights, and what prepares an RGB picture for it: [3, height, width].

    Raises:
        InputError: torchvision has no such classifier, or no such weights of it.
        DataError: the weights cannot be had, or are of another network.
    """
    import torch

    first = published_weights(settings.model)
    if settings.weights == RANDOM:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return build(settings.model), first.transforms()
    if is_published(settings.weights):
        chosen = published_weights(settings.model, settings.weights)
        file = published_file(chosen.url, home, progress)
    else:
        chosen = first
        file = local(settings.weights)
    network = build(settings.model)
    try:
        network.load_state_dict(_state(file))
    except (RuntimeError, ValueError, TypeError, AttributeError) as error:
        reason = str(error).strip().splitlines()[0]
        raise DataError(f"{file} does not hold weights of {settings.model}: {reason}") from error
    return network, chosen.transforms()


def build(model: str) -> nn.Module:
    """The classifier as its published weights are of, with random ones."""
    network: nn.Module = torchvision().models.get_model(model, weights=None, **_BUILT.get(model, {}))
    return network


def without_classifier(network: nn.Module) -> nn.Module:
    """The network with nothing in the place of its last layer: linear, or convolutional (SqueezeNet).

    Raises:
        DataError: it has no such layer.
    """
    from torch import nn

    for kind in (nn.Linear, nn.Conv2d):
        found = [name for name, module in network.named_modules() if isinstance(module, kind)]
        if found:
            parent, _, name = found[-1].rpartition(".")
            setattr(network.get_submodule(parent), name, nn.Identity())
            return network
    raise DataError(f"{type(network).__name__} has no last layer that could be left out")


def _state(file: Path) -> dict[str, torch.Tensor]:
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if file.suffix == ".safetensors":
        try:
            return load_file(file)
        except SafetensorError as error:
            raise DataError(f"{file} is no safetensors file: {error}") from error
    try:
        found: dict[str, torch.Tensor] = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # of many kinds, for a file that is not what its name says
        reason = str(error).strip().splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{file} cannot be read as weights: {reason}") from error
    return found
