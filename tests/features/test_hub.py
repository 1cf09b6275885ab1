"""Models in the layout of the Hugging Face hub: texts through BERT, pictures and texts through CLIP."""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from bench.data.prepared import Catalogue
from bench.errors import DataError
from bench.features.clip import ClipImages, ClipTexts
from bench.features.contents import TEXTS, TOKENS, batches_by_length
from bench.features.language import HuggingFaceTexts
from bench.features.libraries import transformers
from bench.features.weights import hub_folder, identify
from bench.suite.settings import ClipSettings, ClipTextSettings, HuggingFaceSettings

TITLES = ("A Wooden Puzzle", "", "the detective", "")
TEXTS_OF = ("for children and families with red pieces", "a classic film", "", "")
LONG = "a young detective who must solve the murder " * 12


def catalogue(titles: tuple[str, ...] = TITLES, texts: tuple[str, ...] = TEXTS_OF) -> Catalogue:
    n = len(titles)
    return Catalogue(("",) * n, titles, texts, ((),) * n, (None,) * n)


def bert(published: dict[str, dict[str, Any]], **options: Any) -> HuggingFaceTexts:
    return HuggingFaceTexts(HuggingFaceSettings(**(published["huggingface"] | options)))


@pytest.mark.parametrize("pooling", ["cls", "mean", "pooler"])
def test_texts_one_by_one_by_the_model_itself(pooling: str, published: dict[str, dict[str, Any]]) -> None:
    """Batches, padding and the order by length change nothing."""
    found = bert(published, pooling=pooling).encode(catalogue())
    assert found.present.tolist() == [True, True, True, False]
    folder = published["huggingface"]["model"]
    library = transformers()
    model = library.BertModel.from_pretrained(folder).eval()
    tokenizer = library.BertTokenizer.from_pretrained(folder)
    for row, text in enumerate(
        ("A Wooden Puzzle for children and families with red pieces", "a classic film", "the detective")
    ):
        with torch.inference_mode():
            output = model(**tokenizer(text, return_tensors="pt"))
        expected = {
            "cls": output.last_hidden_state[0, 0],
            "mean": output.last_hidden_state[0].mean(0),
            "pooler": output.pooler_output[0],
        }[pooling]
        np.testing.assert_allclose(found.values[row], expected.numpy(), atol=3e-3)


def test_words_are_pieces_of_the_vocabulary(published: dict[str, dict[str, Any]]) -> None:
    from bench.features.contents import tokenize
    from bench.features.hub import load_tokenizer

    tokenizer = load_tokenizer(Path(published["huggingface"]["model"]))
    (tokens, *_), _ = tokenize(catalogue(("Puzzling",), ("THE Game",)), tokenizer, 64)
    assert tokenizer.convert_ids_to_tokens(tokens) == [
        *("[CLS]", "p", "##u", "##z", "##z", "##l", "##ing", "the", "game", "[SEP]")
    ]  # fmt: skip


def test_what_is_too_long_is_cut_and_noted(published: dict[str, dict[str, Any]]) -> None:
    cut = bert(published, max_length=12).encode(catalogue(("", "a film"), (LONG, "")))
    assert list(cut.notes) == [1] and cut.notes[1].startswith("cut from ")
    again = bert(published, max_length=12).encode(catalogue(("", "a film"), (LONG * 2, "")))
    np.testing.assert_array_equal(cut.values, again.values)
    with pytest.raises(DataError, match="the model takes 64 tokens, not 512: write `max_length: 64`"):
        bert(published, max_length=512).encode(catalogue())
    with pytest.raises(DataError, match="none of the 2 items has a word"):
        bert(published).encode(catalogue(("", " "), ("", "")))


def test_batches_hold_texts_of_a_length_the_longest_first() -> None:
    lengths = [3, 0, 512, 512, 100, *[2] * 200]
    batches = batches_by_length(lengths)
    places = [place for batch in batches for place in batch]
    assert sorted(places) == [place for place, length in enumerate(lengths) if length]
    ordered = [lengths[place] for place in places]
    assert ordered == sorted(ordered, reverse=True)
    for batch in batches:
        assert len(batch) == 1 or (len(batch) <= TEXTS and len(batch) * lengths[batch[0]] <= TOKENS)


def copy(published: dict[str, dict[str, Any]], target: Path) -> Path:
    return Path(shutil.copytree(published["huggingface"]["model"], target))


def test_weights_that_are_missing_are_not_drawn_at_random(
    published: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    """transformers fills what a file lacks with random numbers."""
    folder = copy(published, tmp_path / "bert")
    state = load_file(folder / "model.safetensors")
    pooler = {name: values for name, values in state.items() if not name.startswith("pooler")}
    save_file(pooler, folder / "model.safetensors", metadata={"format": "pt"})
    bert(published, model=str(folder)).encode(catalogue())  # not used, not missed
    with pytest.raises(DataError, match=r"lacks weights: pooler\.dense"):
        bert(published, model=str(folder), pooling="pooler").encode(catalogue())
    layer = {name: values for name, values in state.items() if "layer.1.output" not in name}
    save_file(layer, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(DataError, match=r"lacks weights: encoder\.layer\.1\.output"):
        bert(published, model=str(folder)).encode(catalogue())


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (lambda folder: (folder / "model.safetensors").unlink(), "cannot be read"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"x"), "cannot be read"),
        (lambda folder: (folder / "config.json").write_text("{}"), "cannot be read"),
        (lambda folder: (folder / "config.json").unlink(), "cannot be read"),
        (lambda folder: shutil.rmtree(folder), "there are no weights at"),
    ],
    ids=["no weights", "no safetensors", "no model", "no config", "no folder"],
)
def test_a_folder_that_holds_no_model(
    harm: Callable[[Path], None], reason: str, published: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    folder = copy(published, tmp_path / "bert")
    harm(folder)
    with pytest.raises(DataError, match=reason):
        bert(published, model=str(folder)).encode(catalogue())


def test_pickled_weights_are_not_read(published: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    folder = copy(published, tmp_path / "bert")
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(DataError, match="cannot be read"):
        bert(published, model=str(folder)).encode(catalogue())


def test_random_weights_are_the_same_each_time_and_called_so(published: dict[str, dict[str, Any]]) -> None:
    one, two = (bert(published, weights="random").encode(catalogue()) for _ in range(2))
    assert one.values.tobytes() == two.values.tobytes()
    assert not np.allclose(one.values, bert(published).encode(catalogue()).values, atol=0.1)
    named = bert(published, weights="random").weights()
    assert named is not None and named.startswith("random, sha256:")


def test_an_identity_is_of_all_files_that_matter(
    published: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    folder = copy(published, tmp_path / "bert")
    before = identify(folder, tmp_path)
    (folder / "README.md").write_text("words", encoding="utf-8")
    assert identify(folder, tmp_path) == before
    vocabulary = (folder / "vocab.txt").read_text(encoding="utf-8")
    (folder / "vocab.txt").write_text(vocabulary.replace("puzzle", "muzzle"), encoding="utf-8")
    assert identify(folder, tmp_path) != before


def test_clip_by_the_model_itself(published: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    folder = published["clip-text"]["model"]
    library = transformers()
    model = library.CLIPModel.from_pretrained(folder).eval()
    file = tmp_path / "a.png"
    Image.effect_noise((50, 40), 90).convert("RGB").save(file)
    pictures = Catalogue(("",) * 2, ("",) * 2, ("",) * 2, ((),) * 2, (None, file))
    found = ClipImages(ClipSettings(model=folder)).encode(pictures)
    processor = library.CLIPImageProcessor.from_pretrained(folder)
    with torch.inference_mode(), Image.open(file) as image:
        vision = model.vision_model(**processor(images=image, return_tensors="pt"))
        expected = model.visual_projection(vision.pooler_output)[0]
    assert found.present.tolist() == [False, True]
    np.testing.assert_allclose(found.values[1], expected.numpy(), atol=3e-3)

    texts = ClipTexts(ClipTextSettings(model=folder)).encode(catalogue())
    tokenizer = library.AutoTokenizer.from_pretrained(folder)
    with torch.inference_mode():
        language = model.text_model(**tokenizer("a classic film", return_tensors="pt"))
        expected = model.text_projection(language.pooler_output)[0]
    np.testing.assert_allclose(texts.values[1], expected.numpy(), atol=3e-3)
    assert texts.values.shape[1] == found.values.shape[1]  # one space


def test_a_model_without_towers(published: dict[str, dict[str, Any]]) -> None:
    settings = ClipTextSettings(model=published["huggingface"]["model"], max_length=64)
    with pytest.raises(DataError, match="is a BertModel, without towers for both"):
        ClipTexts(settings).encode(catalogue())


PROGRAM = """
import sys
from pathlib import Path
from bench.errors import BenchError
from bench.features.language import HuggingFaceTexts
from bench.suite.settings import HuggingFaceSettings
encoder = HuggingFaceTexts(HuggingFaceSettings(model="bert-small"), Path(sys.argv[1]))
print(encoder.weights())
try:
    encoder.fetch(lambda *message: print(*message))
except BenchError as error:
    sys.exit(f"bench: {error}")
print(encoder.weights())
print("torch" in sys.modules)
"""


def test_a_model_comes_from_the_hub_once(
    serve: Callable[[type[http.server.BaseHTTPRequestHandler]], str],
    published: dict[str, dict[str, Any]],
    tmp_path: Path,
) -> None:
    """A server that answers as the hub does; the address is read when its library is imported."""
    folder = Path(published["huggingface"]["model"])
    files = {file.name: file.read_bytes() for file in folder.iterdir()}
    files["pytorch_model.bin"] = b"a pickle"
    commit = "0123456789abcdef0123456789abcdef01234567"
    asked: list[str] = []

    class Hub(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(False)

        def do_GET(self) -> None:
            asked.append(self.path)
            self._answer(True)

        def _answer(self, body: bool) -> None:
            path = self.path.partition("?")[0]
            name = path.rpartition("/")[2]
            if path.startswith("/api/models/bert-small/tree/"):
                tree = [
                    {"type": "file", "path": name, "size": len(each), "oid": hashlib.sha1(each).hexdigest()}
                    for name, each in sorted(files.items())
                ]
                content = json.dumps(tree).encode()
            elif path.startswith("/api/models/bert-small"):
                siblings = [{"rfilename": name} for name in sorted(files)]
                content = json.dumps({"id": "bert-small", "sha": commit, "siblings": siblings}).encode()
            elif path.startswith("/bert-small/resolve/") and name in files:
                content = files[name]
            else:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("X-Repo-Commit", commit)
            self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if body:
                self.wfile.write(content)

    def run(**environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", PROGRAM, str(tmp_path / "home")],
            env={**os.environ, "HF_HOME": str(tmp_path / "hub"), "no_proxy": "127.0.0.1", **environment},
            capture_output=True,
            text=True,
        )

    offline = run(BENCH_OFFLINE="1")
    assert offline.stdout == "None\n"
    assert "bert-small is not at hand, and BENCH_OFFLINE forbids to fetch it: put a copy" in offline.stderr
    root = serve(Hub)
    first = run(HF_ENDPOINT=root)
    assert not first.returncode, first.stderr
    before, *told, after, torch_too = first.stdout.splitlines()
    assert (before, after, torch_too) == ("None", identify(folder, tmp_path), "False")
    wanted = ["config.json", "model.safetensors", "tokenizer_config.json", "vocab.txt"]
    size = sum(len(files[name]) for name in wanted)
    assert told[-1] == f"fetch bert-small {size} {size}"
    assert not first.stderr
    fetched = [path.rpartition("/")[2] for path in asked if "/resolve/" in path]
    assert sorted(fetched) == wanted
    asked.clear()
    again = run(BENCH_OFFLINE="1")
    assert again.stdout.splitlines()[:2] == [identify(folder, tmp_path)] * 2
    assert asked == []
    gone = run(BENCH_OFFLINE="1", HF_HOME=str(tmp_path / "empty"))
    assert gone.stdout.splitlines() == [identify(folder, tmp_path)]  # remembered


def test_a_name_that_is_none() -> None:
    with pytest.raises(DataError, match="is no name on the hub"):
        hub_folder("two//slashes", "main", download=False)
