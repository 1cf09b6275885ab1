"""Extracting features beside the bare models: ``python -m benchmarks.features``.

The paper's two models in their full size, with random weights (the time is the same): VGG-16 on JPEG files as
a shop has them, and BERT-base on texts of skewed lengths. The bare side runs the same model over the same
batches, loaded beforehand; bench reads and prepares the files, tokenises, and keeps every batch on disk. They
take turns.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from bench.data.prepared import Catalogue
from bench.features.contents import PICTURES, batches_by_length, tokenize
from bench.features.encoder import Encoded
from bench.features.hub import load_model, load_tokenizer
from bench.features.language import HuggingFaceTexts
from bench.features.libraries import transformers
from bench.features.pictures import read_picture
from bench.features.torchvision_images import TorchvisionImages, load_classifier, without_classifier
from bench.suite.settings import HuggingFaceSettings, TorchvisionSettings
from benchmarks.report import note, parser, show, spread, write

SIDE = 500  # pixels of a shop's picture
WORDS = 60  # of a text, in the middle of a log-normal distribution
BERT_BASE = {"vocab_size": 30_522}  # transformers' other defaults are BERT-base's


@dataclass
class Extraction:
    """Seconds of the bare model and of bench, over the same items."""

    model: str
    items: int
    bare_s: list[float] = field(default_factory=list)
    bench_s: list[float] = field(default_factory=list)
    benchmark: str = "features"
    data: str = "generated"
    scheme: str = ""

    @property
    def share(self) -> float:
        """Throughput of bench, in parts of the bare model's."""
        return statistics.median(self.bare_s) / statistics.median(self.bench_s)

    def record(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self) | {"speedup": self.share}


def write_pictures(folder: Path, n: int) -> Catalogue:
    """JPEG files that are neither flat nor noise, so that they decode as photographs do."""
    random = np.random.default_rng(0)
    files = []
    for number in range(n):
        rough = random.integers(0, 256, size=(24, 24, 3), dtype=np.uint8)
        picture = Image.fromarray(rough).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        files.append(folder / f"{number}.jpg")
        picture.save(files[-1], quality=85)
    return Catalogue(("",) * n, ("",) * n, ("",) * n, ((),) * n, tuple(files))


def write_texts(n: int) -> Catalogue:
    """Texts of words of the small vocabulary of `write_bert`."""
    random = np.random.default_rng(0)
    lengths = np.clip(random.lognormal(np.log(WORDS), 0.8, size=n), 3, 600).astype(int)
    texts = tuple(" ".join(f"w{word}" for word in random.integers(0, 900, size=length)) for length in lengths)
    return Catalogue(("",) * n, ("",) * n, texts, ((),) * n, (None,) * n)


def write_bert(folder: Path) -> Path:
    """Configuration and tokenizer of BERT-base with a vocabulary of its own; no weights."""
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(f"w{word}" for word in range(900))]
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    settings = {"tokenizer_class": "BertTokenizer", "model_max_length": 512, "do_lower_case": True}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    transformers().BertConfig(**BERT_BASE).save_pretrained(folder)
    return folder


def bare_vgg(catalogue: Catalogue) -> Callable[[], None]:
    """Runs VGG-16 over all pictures, prepared beforehand."""
    classifier, prepare = load_classifier(TorchvisionSettings(weights="random"))
    network = without_classifier(classifier).eval()
    tensors = [prepare(read_picture(file).image) for file in catalogue.images if file is not None]
    batches = [torch.stack(tensors[start : start + PICTURES]) for start in range(0, len(tensors), PICTURES)]

    def run() -> None:
        with torch.inference_mode():
            for batch in batches:
                network(batch)

    return run


def bare_bert(catalogue: Catalogue, settings: HuggingFaceSettings) -> Callable[[], None]:
    """Runs BERT-base over all texts, tokenised and padded beforehand, in bench's batches."""
    folder = Path(settings.model)
    model, tokenizer = load_model(folder, settings), load_tokenizer(folder)
    tokens, _ = tokenize(catalogue, tokenizer, settings.max_length)
    batches = [
        tokenizer.pad({"input_ids": [tokens[place] for place in batch]}, return_tensors="pt")
        for batch in batches_by_length([len(each or ()) for each in tokens])
    ]

    def run() -> None:
        with torch.inference_mode():
            for batch in batches:
                model(**batch)

    return run


def timed(run: Callable[[], object]) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def compare(
    found: Extraction, bare: Callable[[], None], encode: Callable[[Path], Encoded], repetitions: int
) -> Extraction:
    """Time both in turns. What bench builds once per extraction, the model itself, is counted as its own."""
    for _ in range(repetitions):
        found.bare_s.append(timed(bare))
        note(f"{found.model}, the bare model: {found.bare_s[-1]:.3g} s")
        with tempfile.TemporaryDirectory() as work:
            found.bench_s.append(timed(lambda work=work: encode(Path(work))))  # type: ignore[misc]
        note(f"{found.model}, bench: {found.bench_s[-1]:.3g} s")
    return found


def main() -> None:
    """Read the command line, compare, print."""
    options = parser("features", __doc__)
    options.add_argument("--pictures", type=int, default=256, help="to encode (default: 256)")
    options.add_argument("--texts", type=int, default=512, help="to encode (default: 512)")
    options.add_argument("--repetitions", type=int, default=3, help="of both (default: 3)")
    chosen = options.parse_args()
    torch.set_num_threads(chosen.threads)
    if chosen.quick:
        chosen.pictures, chosen.texts, chosen.repetitions = 64, 96, 1
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        vgg, bert = TorchvisionSettings(weights="random"), HuggingFaceSettings(weights="random")
        pictures, texts = write_pictures(folder, chosen.pictures), write_texts(chosen.texts)
        bert = bert.model_copy(update={"model": str(write_bert(folder))})
        found = [
            compare(
                Extraction("VGG-16", chosen.pictures),
                bare_vgg(pictures),
                lambda work: TorchvisionImages(vgg, work=work).encode(pictures),
                chosen.repetitions,
            ),
            compare(
                Extraction("BERT-base", chosen.texts),
                bare_bert(texts, bert),
                lambda work: HuggingFaceTexts(bert, work=work).encode(texts),
                chosen.repetitions,
            ),
        ]
    show(
        "Extracting features",
        ["model", "items", "bare model, s", "bench, s", "throughput of the bare model's"],
        [
            [each.model, f"{each.items:,}", spread(each.bare_s), spread(each.bench_s), f"{each.share:.2f}"]
            for each in found
        ],
    )
    write(chosen.json, [each.record() for each in found])


if __name__ == "__main__":
    main()
