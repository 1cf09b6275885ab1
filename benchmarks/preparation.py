"""Preparing a large dataset beside merely unpacking its files: ``python -m benchmarks.preparation``.

A file of reviews and one of products in the layout of Amazon 2018 are generated once (``--folder`` keeps
them). Then ``gzip -dc FILE > /dev/null`` over both and the whole preparation (read, filter, split, hash,
write), each in a process of its own, take turns.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import note, parser, show, spread, write

REVIEWS, PRODUCTS = "reviews.json.gz", "products.json.gz"
PER_USER, PER_ITEM = 8, 25
START, SPAN_S = 1_420_000_000, 110_000_000
WORDS = 45  # of a review on average

# In a process of its own, so that its memory is its own.
PREPARE = """
import sys
from pathlib import Path
from bench.data.datasets import prepare_dataset
from bench.processes import peak_memory_mib
options = {"reviews": sys.argv[1], "metadata": sys.argv[2], "layout": "2018", "steps": [
    {"period": {"from": "2016-01-01", "to": "2018-01-01"}},
    {"require": ["image", "text", "category"]},
    {"core": {"users": int(sys.argv[4]), "items": int(sys.argv[4])}},
]}
dataset = prepare_dataset("amazon", "generated", options, Path(sys.argv[3]))
print(dataset.n_users, dataset.n_items, dataset.n_interactions, peak_memory_mib())
"""


@dataclass
class Preparation:
    """Seconds of unpacking and of preparing, memory of the latter, and what came of it."""

    reviews: int
    megabytes: float
    gzip_s: list[float] = field(default_factory=list)
    bench_s: list[float] = field(default_factory=list)
    memory_mib: float = 0.0
    users: int = 0
    items: int = 0
    interactions: int = 0
    benchmark: str = "preparation"
    data: str = "generated, Amazon 2018"
    model: str = ""
    scheme: str = ""

    @property
    def ratio(self) -> float:
        """Median time of preparing over that of unpacking."""
        return statistics.median(self.bench_s) / statistics.median(self.gzip_s)

    def record(self) -> dict[str, Any]:
        """Plain values for JSON; the speedup is that over unpacking, below 1."""
        return asdict(self) | {"speedup": 1 / self.ratio}


def generate(
    folder: Path, reviews: int, items: int | None = None, words_described: int = WORDS, seed: int = 0
) -> None:
    """Write both files: reviews in random order of users with skewed activity, products described for all.

    Args:
        folder: where they come to lie.
        reviews: in all.
        items: products; None: one for every `PER_ITEM` reviews.
        words_described: of each product.
        seed: of it all.
    """
    rng = np.random.default_rng(seed)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = ["".join(rng.choice(letters, size=rng.integers(2, 10))) for _ in range(5_000)]
    texts = [" ".join(rng.choice(words, size=int(n))) for n in rng.poisson(WORDS, size=20_000)]
    described = max(words_described // WORDS, 1)
    users, items = max(reviews // PER_USER, 1), items or max(reviews // PER_ITEM, 1)
    with gzip.open(folder / PRODUCTS, "wt", encoding="utf-8", compresslevel=6) as file:
        for item in range(items):
            picture = [f"https://example.org/images/{item}.jpg"] if item % 20 else []
            product = {
                "category": ["Shop", f"Part {item % 7}", f"Shelf {item % 300}"],
                "description": [texts[(item + k) % len(texts)] for k in range(described)],
                "title": f"Product {item}",
                "also_buy": [f"B{(item * k) % items:09d}" for k in range(2, 12)],
                "asin": f"B{item:09d}",
                "imageURLHighRes": picture,
            }
            file.write(json.dumps(product) + "\n")
    with gzip.open(folder / REVIEWS, "wt", encoding="utf-8", compresslevel=6) as file:
        for start in range(0, reviews, 100_000):
            size = min(100_000, reviews - start)
            who = (users * rng.random(size) ** 2).astype(int)
            what = (items * rng.random(size) ** 2).astype(int)
            when = rng.integers(START, START + SPAN_S, size=size)
            said = rng.integers(len(texts), size=size)
            for user, item, moment, text in zip(
                *map(np.ndarray.tolist, (who, what, when, said)), strict=True
            ):
                review = {
                    "overall": 5.0,
                    "verified": True,
                    "reviewTime": "06 17, 2018",
                    "reviewerID": f"A{user:013d}",
                    "asin": f"B{item:09d}",
                    "style": {"Color:": " red"},
                    "reviewerName": words[user % 5_000],
                    "reviewText": texts[text],
                    "summary": words[text % 5_000],
                    "unixReviewTime": moment,
                }
                file.write(json.dumps(review) + "\n")


def compare(
    folder: Path, reviews: int, items: int | None, words_described: int, core: int, repetitions: int
) -> Preparation:
    """Time both in turns on the files in ``folder``, which are generated (see `generate`) if absent."""
    files = [folder / name for name in (REVIEWS, PRODUCTS)]
    if not all(file.is_file() for file in files):
        note(f"generating {reviews:,} reviews")
        generate(folder, reviews, items, words_described)
    found = Preparation(reviews, sum(file.stat().st_size for file in files) / 1e6)
    for _ in range(repetitions):
        start = time.perf_counter()
        for file in files:
            subprocess.run(["gzip", "-dc", str(file)], check=True, stdout=subprocess.DEVNULL)
        found.gzip_s.append(time.perf_counter() - start)
        note(f"gzip -dc: {found.gzip_s[-1]:.3g} s")
        home = folder / "home"
        shutil.rmtree(home, ignore_errors=True)
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", PREPARE, REVIEWS, PRODUCTS, str(home), str(core)],
            capture_output=True,
            text=True,
            env={**os.environ, "BENCH_DATA": str(folder)},
        )
        if done.returncode:
            sys.exit(done.stderr)
        found.bench_s.append(time.perf_counter() - start)
        *counts, memory = done.stdout.split()
        found.users, found.items, found.interactions = map(int, counts)
        found.memory_mib = max(found.memory_mib, float(memory))
        note(f"bench: {found.bench_s[-1]:.3g} s, {found.memory_mib:.0f} MiB")
    return found


def main() -> None:
    """Read the command line, compare, print."""
    options = parser("preparation", __doc__)
    options.add_argument("--reviews", type=int, default=10_000_000, help="to generate (default: ten million)")
    options.add_argument("--items", type=int, help=f"to generate (default: one for {PER_ITEM} reviews)")
    options.add_argument("--words", type=int, default=WORDS, help=f"of a description (default: {WORDS})")
    options.add_argument("--core", type=int, default=5, help="of users and items that is left (default: 5)")
    options.add_argument("--repetitions", type=int, default=3, help="of both (default: 3)")
    options.add_argument("--folder", type=Path, help="of the generated files, which stay there")
    chosen = options.parse_args()
    reviews = min(chosen.reviews, 300_000) if chosen.quick else chosen.reviews
    with tempfile.TemporaryDirectory() as temporary:
        folder = chosen.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        repetitions = 1 if chosen.quick else chosen.repetitions
        found = compare(folder, reviews, chosen.items, chosen.words, chosen.core, repetitions)
    row = [
        f"{found.reviews:,}", f"{found.megabytes:,.0f}", spread(found.gzip_s), spread(found.bench_s),
        f"{found.ratio:.2f}", f"{found.memory_mib:,.0f}", f"{found.interactions:,}", f"{found.items:,}",
    ]  # fmt: skip
    columns = [
        "reviews",
        "MB gzipped",
        "gzip -dc, s",
        "preparing, s",
        "ratio",
        "memory, MiB",
        "interactions left",
        "items left",
    ]
    show("Preparing a dataset", columns, [row], texts=0)
    write(chosen.json, [found.record()])


if __name__ == "__main__":
    main()
