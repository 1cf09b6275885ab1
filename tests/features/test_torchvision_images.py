"""Classifiers of torchvision: the paper's VGG-16 layer by layer, every other by name, and weights on disk."""

from __future__ import annotations

import hashlib
import http.server
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn

from bench.data.prepared import Catalogue
from bench.errors import DataError, InputError
from bench.features.libraries import torchvision
from bench.features.torchvision_images import TorchvisionImages, build, load_classifier, without_classifier
from bench.features.weights import published_file
from bench.suite.settings import TorchvisionSettings


def catalogue(folder: Path, n: int = 3) -> Catalogue:
    files = []
    for number in range(n):
        file = folder / f"{number}.png"
        Image.effect_noise((90, 70), 40 + 20 * number).convert("RGB").save(file)
        files.append(file)
    (folder / "torn.jpg").write_bytes(b"no picture")
    return Catalogue(
        ("",) * (n + 2),
        ("",) * (n + 2),
        ("",) * (n + 2),
        ((),) * (n + 2),
        (*files, None, folder / "torn.jpg"),
    )


def test_vgg16_gives_what_its_second_fully_connected_layer_gives(tmp_path: Path) -> None:
    """The paper's features, by the layers of the published network written out."""
    settings = TorchvisionSettings(model="vgg16", weights="random")
    pictures = catalogue(tmp_path, 2)
    found = TorchvisionImages(settings).encode(pictures)
    assert found.values.shape == (4, 4096)
    assert found.present.tolist() == [True, True, False, False]
    assert list(found.problems) == [4] and found.problems[4].startswith("torn.jpg: cannot identify")

    network, _ = load_classifier(settings)
    network.eval()
    classifier: Any = network.classifier
    assert [type(layer) for layer in classifier] == [
        *(nn.Linear, nn.ReLU, nn.Dropout, nn.Linear, nn.ReLU, nn.Dropout, nn.Linear)
    ]  # fmt: skip
    expected = []
    for file in pictures.images[:2]:
        assert file is not None
        with Image.open(file) as image:
            resized = image.resize((329, 256), Image.Resampling.BILINEAR)  # the shorter side 256
        left, top = round((329 - 224) / 2), 16
        pixels = np.asarray(resized.crop((left, top, left + 224, top + 224)), dtype=np.float32) / 255
        normal = (pixels - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
        x = torch.tensor(normal, dtype=torch.float32).permute(2, 0, 1)[None]
        with torch.inference_mode():
            flat = torch.flatten(network.avgpool(network.features(x)), 1)  # type: ignore[operator]
            first = torch.relu(classifier[0](flat))
            expected.append(torch.relu(classifier[3](first))[0].numpy())
    np.testing.assert_allclose(found.values[:2], np.stack(expected), rtol=2e-3, atol=2e-3 * np.max(expected))
    assert (found.values >= 0).all()


def test_every_classifier_gives_the_input_of_its_last_layer() -> None:
    models = torchvision().models
    for name in models.list_models(module=models):
        if name.startswith("regnet"):  # computes with tensors while it is built: the smallest stands for all
            if name != "regnet_x_400mf":
                continue
            network = build(name)
        else:
            with torch.device("meta"):
                network = build(name)
        left_out: list[nn.Module] = []
        original = {key: module for key, module in network.named_modules()}
        without_classifier(network)
        for key, module in network.named_modules():
            if isinstance(module, nn.Identity) and not isinstance(original[key], nn.Identity):
                left_out.append(original[key])
        (layer,) = left_out
        outputs = layer.out_features if isinstance(layer, nn.Linear) else layer.out_channels
        assert outputs == 1000, name


def test_a_network_without_a_last_layer_is_refused() -> None:
    with pytest.raises(DataError, match="Sequential has no last layer"):
        without_classifier(nn.Sequential(nn.ReLU()))


def test_batches_change_nothing(tmp_path: Path, published: dict[str, dict[str, Any]]) -> None:
    encoder = TorchvisionImages(TorchvisionSettings(**published["torchvision"]))
    pictures = catalogue(tmp_path, 40)
    many = encoder.encode(pictures)
    few = encoder.encode(replace(pictures, images=(*pictures.images[:3], *(None,) * 39)))
    assert few.present.sum() == 3
    np.testing.assert_allclose(many.values[:3], few.values[:3], atol=2e-3 * np.abs(many.values).max())


@pytest.mark.parametrize("ending", ["pth", "safetensors"])
def test_weights_of_a_file_are_used(
    ending: str, tmp_path: Path, published: dict[str, dict[str, Any]]
) -> None:
    state = torch.load(published["torchvision"]["weights"], weights_only=True)
    file = tmp_path / f"mine.{ending}"
    if ending == "pth":
        torch.save(state, file)
    else:
        save_file(state, file)
    settings = TorchvisionSettings(model="squeezenet1_1", weights=str(file))
    network, _ = load_classifier(settings)
    assert all(torch.equal(state[name], values) for name, values in network.state_dict().items())
    identity = TorchvisionImages(settings, tmp_path).weights()
    assert identity == f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"


def test_wrong_weights_say_what_is_wrong(tmp_path: Path, published: dict[str, dict[str, Any]]) -> None:
    def error(**options: Any) -> str:
        with pytest.raises((DataError, InputError)) as raised:
            load_classifier(TorchvisionSettings(**options))
        return str(raised.value)

    squeezenet = published["torchvision"]["weights"]
    assert "does not hold weights of alexnet" in error(model="alexnet", weights=squeezenet)
    (tmp_path / "x.pth").write_bytes(b"cos\nsystem\n(S'true'\ntR.")  # a pickle that calls a program
    assert "cannot be read as weights" in error(model="alexnet", weights=str(tmp_path / "x.pth"))
    (tmp_path / "x.safetensors").write_bytes(b"x")
    assert "is no safetensors file" in error(model="alexnet", weights=str(tmp_path / "x.safetensors"))
    assert "there are no weights at" in error(model="alexnet", weights=str(tmp_path / "none.pth"))
    assert "did you mean 'vgg16'?" in error(model="vgg-16")
    assert "(use IMAGENET1K_V1" in error(model="vgg16", weights="IMAGENET21K")


def test_published_weights_are_fetched_once_and_verified(
    serve: Callable[[type[http.server.BaseHTTPRequestHandler]], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = b"weights"
    digits = hashlib.sha256(content).hexdigest()[:8]
    asked: list[str] = []

    class Files(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "torch"))
    root = serve(Files)
    home = tmp_path / "home"
    for _ in range(2):
        file = published_file(f"{root}/models/net-{digits}.pth", home)
        assert file.read_bytes() == content
    assert asked == [f"/models/net-{digits}.pth"]
    with pytest.raises(DataError, match="is damaged: its SHA-256 does not begin with 01234567; remove it"):
        published_file(f"{root}/models/net-01234567.pth", home)

    # What torch has fetched already is taken from there.
    (tmp_path / "torch" / "checkpoints").mkdir(parents=True)
    (tmp_path / "torch" / "checkpoints" / f"mine-{digits}.pth").write_bytes(content)
    assert published_file(f"{root}/models/mine-{digits}.pth", home).parent.name == "checkpoints"
    assert len(asked) == 2


def test_a_missing_download_names_file_and_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "torch"))
    monkeypatch.setenv("BENCH_OFFLINE", "1")
    with pytest.raises(DataError) as raised:
        load_classifier(TorchvisionSettings(), tmp_path / "home")
    message = str(raised.value)
    assert "vgg16-397923af.pth is not at hand" in message
    assert str(tmp_path / "home" / "downloads") in message
    assert "write `weights: FILE` with a copy of it" in message


def test_names_are_told_from_files() -> None:
    assert TorchvisionImages(TorchvisionSettings()).weights() == "IMAGENET1K_V1"
    assert TorchvisionImages(TorchvisionSettings(weights="random")).weights() == "random"
    with pytest.raises(DataError, match="there are no weights at"):
        TorchvisionImages(TorchvisionSettings(weights="IMAGENET.pth")).weights()
