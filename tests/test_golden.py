"""Golden numbers: results cannot move unless a version in `bench.registry` says so.

Every component that computes has an entry in golden.json: its versions, and the numbers of a tiny case. An
entry whose numbers moved fails until one of its versions is raised (old results are then no longer taken for
new ones) and ``pytest tests/test_golden.py --update-golden`` has recorded the new numbers. The update itself
refuses numbers that moved under the same versions.

Models run in float64 on features given by hand, and tables are compared without pictures, so that an entry
depends on what its versions name, and neither on Pillow nor on another processor's rounding.
"""

from __future__ import annotations

import csv
import hashlib
import json
import math
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from filelock import FileLock
from PIL import Image
from safetensors.torch import load_file

from bench.data.preparation import prepare
from bench.data.prepared import PreparedDataset, load_training
from bench.data.sources.amazon import Amazon
from bench.data.sources.base import INTERACTIONS, ITEMS, Progress, RawData, Source
from bench.data.sources.movielens import MovieLens
from bench.data.split import split
from bench.evaluation.metrics import summarise
from bench.evaluation.ranking import histories, rows_for_scoring
from bench.execution.single import Order, execute
from bench.features.store import extract, features_hash
from bench.features.table import ItemFeatures
from bench.models.base import ModelContext
from bench.models.building import build
from bench.registry import DATASETS, ENCODERS, METRICS, MODALITIES, MODELS, RESULT_VERSIONS, Modality, load
from bench.results.folder import RunPaths
from bench.suite.dataset_settings import AmazonSettings, MovieLensSettings
from bench.suite.expansion import RunSpec
from bench.suite.parts import DatasetRef, Variant
from bench.suite.settings import EncoderSettings, EvaluationSettings, SASRecSettings, TrainingSettings

GOLDEN = Path(__file__).with_name("golden.json")
UPDATE = "pytest tests/test_golden.py --update-golden"
SETUP = 1  # of this file: raise it where an entry itself asks for something else

Numbers = dict[str, Any]


@dataclass(frozen=True)
class Golden:
    """Versions and numbers of one entry; ``within`` is the absolute tolerance of its numbers."""

    versions: Mapping[str, int]
    numbers: Numbers
    within: float = 1e-12

    def record(self) -> dict[str, Any]:
        return {"versions": {"setup": SETUP, **self.versions}, "numbers": self.numbers}


def moved(old: Any, new: Any, within: float, place: str = "") -> Iterator[str]:
    """The places where two records differ: numbers beyond 1e-9 relative and ``within``, others at all."""
    if isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
        for key in old:
            yield from moved(old[key], new[key], within, f"{place}.{key}" if place else key)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, pair in enumerate(zip(old, new, strict=True)):
            yield from moved(*pair, within, f"{place}[{number}]")
    elif isinstance(old, float) and isinstance(new, float):
        if not math.isclose(old, new, rel_tol=1e-9, abs_tol=within):
            yield f"{place}: {old!r} became {new!r}"
    elif old != new:
        yield f"{place}: {old!r} became {new!r}"


def complaint(name: str, old: dict[str, Any] | None, new: Golden, updating: bool) -> str | None:
    """Why an entry fails, or None: then it may be recorded."""
    record = new.record()
    if old is None:
        return None if updating else f"golden.json has no entry {name!r}; run {UPDATE}"
    changes = list(moved(old["numbers"], record["numbers"], new.within))
    if old["versions"] != record["versions"]:
        versions = f"{old['versions']} became {record['versions']}"
        return None if updating else f"{name}: the versions {versions}; run {UPDATE} to record their numbers"
    if changes:
        return (
            f"{name}: numbers moved, yet its versions are the same ({record['versions']}):\n  "
            + "\n  ".join(changes[:8])
            + "\nIf the change is meant, raise the version of what changed in bench/registry.py (SETUP here,"
            + f" if only the test changed), then run {UPDATE}"
        )
    return None


def check(name: str, new: Golden, config: pytest.Config) -> None:
    """Compare with golden.json, or with --update-golden write what may be written."""
    new = Golden(new.versions, json.loads(json.dumps(new.numbers)), new.within)
    updating = bool(config.getoption("--update-golden"))
    # Several workers may update at once; readers need no lock.
    with FileLock(Path(tempfile.gettempdir()) / "bench-golden.lock") if updating else nullcontext():
        recorded = json.loads(GOLDEN.read_text(encoding="utf-8"))
        problem = complaint(name, recorded.get(name), new, updating)
        if problem is not None:
            pytest.fail(problem, pytrace=False)
        if updating and (name not in recorded or recorded[name]["versions"] != new.record()["versions"]):
            recorded[name] = new.record()
            GOLDEN.write_text(json.dumps(recorded, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]


# --- a small world ------------------------------------------------------------------------------

WORDS = ("red", "blue", "tin", "wooden", "robot", "bear", "train", "kite", "ball", "drum", "puzzle", "rocket")


class World(Source):
    """36 customers of whom one bought too little to be split, 30 items, equal timestamps, repeats."""

    def collect(self, folder: Path, progress: Progress | None = None) -> RawData:
        rng = np.random.default_rng(2024)
        rows = [
            {"user": f"u{user}", "item": f"i{item}", "timestamp": int(time)}
            for user in range(36)
            for item, time in self._history(rng, 2 if user == 7 else int(rng.integers(3, 15)))
        ]
        order = rng.permutation(len(rows))
        items = [
            {
                "id": f"i{item}",
                "title": " ".join(rng.choice(WORDS, 2)) if item % 9 else "",
                "text": " ".join(rng.choice(WORDS, 6)) if item % 9 else "",
                "categories": rng.choice(WORDS[:5], item % 4, replace=False).tolist(),
                "image": self._picture(folder, item, rng) if item % 5 else None,
            }
            for item in range(30)
        ]
        return RawData(
            pa.Table.from_pylist([rows[place] for place in order], schema=INTERACTIONS),
            pa.Table.from_pylist(items, schema=ITEMS),
        )

    @staticmethod
    def _history(rng: np.random.Generator, length: int) -> Iterator[tuple[int, int]]:
        item, time = int(rng.integers(30)), 1000
        for _ in range(length):
            yield item, time
            item = (item + int(rng.integers(4))) % 30
            time += int(rng.integers(3))

    @staticmethod
    def _picture(folder: Path, item: int, rng: np.random.Generator) -> str:
        pixels = rng.integers(0, 256, size=(8, 8, 3)).repeat(8, axis=0).repeat(8, axis=1)
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{item}.png")
        return f"{item}.png"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> PreparedDataset:
    return prepare(World(), "world", {}, tmp_path_factory.mktemp("world") / "prepared")


def given_features(n_items: int) -> dict[Modality, ItemFeatures]:
    """Features that no encoder made; some items lack each."""
    made: dict[Modality, ItemFeatures] = {}
    for number, (modality, width) in enumerate(zip(MODALITIES, (5, 7, 4), strict=True)):
        draws = np.random.default_rng(number).integers(-8, 9, size=(n_items + 1, width))
        values = ((draws > 0) if modality == "category" else draws / 8).astype(np.float32)
        present = np.arange(n_items + 1) % (number + 4) != 0
        values[~present] = 0
        hashed = features_hash(values, present)
        made[modality] = ItemFeatures(modality, "given", values, present, hashed, modality == "category")
    return made


# --- models, training, ranking ------------------------------------------------------------------

# Sizes only: dropout, the task's weight and whatever else has a default are part of what is watched.
ATTENTION = {"hidden_size": 16, "layers": 2, "heads": 2, "inner_size": 24}
SIZES: dict[str, dict[str, Any]] = {
    "GRU4Rec": {"embedding_size": 8, "hidden_size": 12},
    "Caser": {"embedding_size": 8},
    "MAF": ATTENTION | {"multimodal_size": 8},
    "DIF-SR": ATTENTION | {"attribute_size": 8},
}


@dataclass(frozen=True)
class Case:
    """A model with what differs from its defaults."""

    model: str
    settings: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    evaluation: dict[str, Any] = field(default_factory=dict)


FUSING = ("MAF", "DIF-SR")
CASES: dict[str, Case] = {name: Case(name) for name in MODELS if name not in FUSING} | {
    **{f"{name} {f}": Case(name, {"fusion": f}) for name in FUSING for f in ("sum", "concat", "gate")},
    "MAF without tasks, sqrt_head": Case("MAF", {"multitask": False, "score_scale": "sqrt_head"}),
    "SASRec prefixes": Case("SASRec", training={"scheme": "prefixes"}),
    "SASRec stride": Case("SASRec", training={"stride": 2}),
    "Popularity mask_history": Case("Popularity", evaluation={"mask_history": True}),
}


def run(case: Case, world: PreparedDataset, folder: Path) -> Golden:
    """A whole run, as `bench run` makes it, and its numbers."""
    known = MODELS[case.model]
    sizes = SIZES.get(case.model, ATTENTION if known.attention else {})
    training = {"epochs": 2, "batch_size": 32, "max_length": 6, "precision": "float64", "monitor": "MRR"}
    features = given_features(world.n_items) if known.multimodal else {}
    spec = RunSpec(
        suite="golden",
        dataset=DatasetRef(name="world", label="world", options={}),
        variant=Variant(name=case.model, label=case.model, settings=sizes | case.settings),
        seed=5,
        training=TrainingSettings.model_validate(training | case.training),
        evaluation=EvaluationSettings.model_validate(case.evaluation),
        metrics=("Recall@5", "NDCG@5", "MRR"),
        features={m: EncoderSettings(name="given") for m in features},
    )
    paths = RunPaths(folder, "golden")
    execute(Order(spec, {}, paths, "cpu", "golden"), world, features)
    places = pq.read_table(paths.final / "ranks.parquet", columns=["better", "ties"]).to_pydict()
    with (paths.final / "history.csv").open(encoding="utf-8", newline="") as file:
        losses = [float(row["loss"]) for row in csv.DictReader(file)]
    numbers = {
        "losses": losses,
        "metrics": json.loads((paths.final / "run.json").read_text(encoding="utf-8"))["metrics"],
        "ranks": {name: sum(column) for name, column in places.items()} | {"hash": digest(places)},
        "scores": scores_of(spec, world, features, paths.final / "model.safetensors"),
    }
    return Golden({**RESULT_VERSIONS, case.model: known.version}, numbers)


def scores_of(
    spec: RunSpec, world: PreparedDataset, features: dict[Modality, ItemFeatures], weights: Path
) -> Any:
    """The scores of six items for the first three users, by the weights that the run kept."""
    torch.set_default_dtype(torch.float64)
    try:
        data, length = load_training(world), spec.training.max_length
        context = ModelContext(data.n_items, data.n_users, length, features)
        model = build(spec.variant.name, spec.variant.settings, context).eval()
        model.load_state_dict(load_file(weights))
        rows = histories(data, np.arange(3), with_validation=True)
        batch = rows_for_scoring(model, rows, np.arange(3), data.n_items, length)
        with torch.inference_mode():
            return model.scores(batch)[:, 1::5].tolist()
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("name", CASES)
def test_model(name: str, world: PreparedDataset, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    check(f"model {name}", run(CASES[name], world, tmp_path), pytestconfig)


def test_split(world: PreparedDataset, pytestconfig: pytest.Config) -> None:
    tables = {
        name: pq.read_table(world.folder / f"{name}.parquet").to_pydict()
        for name in ("users", "items", "train", "validation", "test")
    }
    numbers = {name: digest(table) for name, table in tables.items()}
    check("data split", Golden({"data": RESULT_VERSIONS["data"]}, numbers), pytestconfig)


def collected(name: str, folder: Path, **options: Any) -> tuple[RawData, Numbers]:
    settings = load(DATASETS[name].settings)(**options)
    raw: RawData = load(DATASETS[name].path)(settings).collect(folder)
    tables = {"interactions": raw.interactions, "items": raw.items}
    return raw, {key: [table.num_rows, digest(table.to_pydict())] for key, table in tables.items()}


@pytest.mark.parametrize("kind", ["attention", "content"])
def test_toyshop(kind: str, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    options = {"mechanism": kind, "users": 40, "items": 24, "image": 1, "text": 2, "category": 1}
    raw, numbers = collected("toyshop", tmp_path, **options)
    versions = {"toyshop": DATASETS["toyshop"].version}
    check(f"data toyshop {kind}", Golden(versions, numbers), pytestconfig)
    colours = []
    for name in raw.items["image"].to_pylist():
        with Image.open(tmp_path / name) as picture:
            colours.append(np.asarray(picture.convert("RGB"), dtype=float).mean(axis=(0, 1)).tolist())
    # Mean colours of 0..255: Pillow's versions may differ at a shape's edge, not in the picture.
    pictures = {"colours": np.round(colours, 2).tolist()}
    check(f"data toyshop {kind} pictures", Golden(versions, pictures, within=0.5), pytestconfig)


@pytest.mark.requires("recbole")
def test_movielens(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    _, numbers = collected("ml-100k", tmp_path)
    check("data ml-100k", Golden({"ml-100k": DATASETS["ml-100k"].version}, numbers), pytestconfig)


def test_sequences(tmp_path: Path, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_DATA", str(tmp_path))
    (tmp_path / "s.txt").write_text("u 3 1 3 2\nv 2 9\nw 9 3 1\n", encoding="utf-8")
    (tmp_path / "a.json").write_text('{"9": ["red", 4], "3": [4, 4], "1": []}', encoding="utf-8")
    _, numbers = collected("sequences", tmp_path, path="s.txt", attributes="a.json")
    check("data sequences", Golden({"sequences": DATASETS["sequences"].version}, numbers), pytestconfig)


def test_amazon(tmp_path: Path, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_DATA", str(tmp_path))
    reviews = [
        {"reviewerID": f"u{n % 3}", "asin": f"i{n % 4}", "unixReviewTime": 9 * n % 7} for n in range(20)
    ]
    (tmp_path / "reviews.json").write_text("\n".join(map(json.dumps, reviews)), encoding="utf-8")
    products = [
        {"asin": "i1", "title": "<b>A</b>", "category": ["a", "b"], "description": ["x&amp;", "y"]},
        {"asin": "i3", "title": "B", "category": ["a", "c"], "description": [" "], "imageURL": ["http://p"]},
    ]
    (tmp_path / "products.json").write_text("\n".join(map(json.dumps, products)), encoding="utf-8")
    settings = AmazonSettings.model_validate(
        {"reviews": "reviews.json", "metadata": "products.json", "steps": [{"minimum": {"items": 2}}]}
    )
    source = Amazon(settings)
    parts = split(source.collect(tmp_path), settings)
    (items,) = parts.batches("items")
    with_url = items.filter(items["url"].is_valid()).select(["item", "url"])
    tables = {
        "items": source.tidy(items).drop_columns(["url"]),
        "train": parts.read("train"),
        "addresses": with_url,
    }
    numbers = {name: digest(table.to_pydict()) for name, table in tables.items()} | {
        "steps": parts.facts["steps"]
    }
    check("data amazon", Golden({"amazon": DATASETS["amazon"].version}, numbers), pytestconfig)


def test_movielens_archive(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    with zipfile.ZipFile(tmp_path / "ml.zip", "w") as packed:
        packed.writestr("ml/ratings.dat", "2::b::5::9\n1::a::1::7\n")
        packed.writestr("ml/movies.dat", "a::A (1990)::x|w\nb::B::(no genres listed)\n")
    settings = MovieLensSettings(archive="ml.zip")
    raw = MovieLens(settings, lambda name: tmp_path / name).collect(tmp_path)
    numbers: Numbers = {
        "interactions": digest(pq.read_table(raw.interactions).to_pydict()),
        "items": digest(pq.read_table(raw.items).to_pydict()),
    }
    check("data movielens", Golden({"movielens": DATASETS["movielens"].version}, numbers), pytestconfig)


def test_tables(tmp_path: Path, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_DATA", str(tmp_path))
    (tmp_path / "log.csv").write_text("user_id,item_id,timestamp\nu,b,2\nu,a,1.5\nv,a,2\n", encoding="utf-8")
    (tmp_path / "items.csv").write_text("item_id,name,tags\na,A,x|y\nb,B,\n", encoding="utf-8")
    options = {"interactions": "log.csv", "items": "items.csv", "title": "name", "categories": "tags"}
    (tmp_path / "work").mkdir()
    _, numbers = collected("tables", tmp_path / "work", **options)
    check("data tables", Golden({"tables": DATASETS["tables"].version}, numbers), pytestconfig)


# Few directions, far apart: the last ones of a small TF-IDF matrix are at the mercy of rounding.
OPTIONS: dict[str, dict[str, Any]] = {"tfidf-svd": {"size": 4}}


@pytest.mark.parametrize("name", ENCODERS)
def test_encoder(
    name: str,
    world: PreparedDataset,
    published: dict[str, dict[str, Any]],
    tmp_path: Path,
    pytestconfig: pytest.Config,
) -> None:
    options = OPTIONS.get(name, published.get(name, {}))
    features = extract(world, ENCODERS[name].modality, name, options, tmp_path)
    numbers = {
        "shape": list(features.values.shape),
        "present": np.flatnonzero(features.present).tolist(),
        "values": np.round(features.values[1:5, :24].astype(float), 5).tolist(),
    }
    within = 5e-3 if ENCODERS[name].learned else 2e-5  # float16 rounds the last digit of values up to 8
    check(f"encoder {name}", Golden({name: ENCODERS[name].version}, numbers, within=within), pytestconfig)


def test_metrics(pytestconfig: pytest.Config) -> None:
    better, ties = np.array([0, 0, 3, 4, 9, 12, 40, 2]), np.array([0, 2, 0, 7, 1, 0, 3, 100])
    names = (*(f"{metric}@{k}" for metric in METRICS for k in (5, 10)), "MRR")
    modes = ("expected", "optimistic", "pessimistic")
    numbers = {mode: summarise(names, better, ties, mode) for mode in modes}
    check("metrics", Golden({"evaluation": RESULT_VERSIONS["evaluation"]}, numbers), pytestconfig)


# --- the golden test itself ---------------------------------------------------------------------


def test_everything_that_has_a_version_has_an_entry() -> None:
    recorded = json.loads(GOLDEN.read_text(encoding="utf-8"))
    watched = {name for record in recorded.values() for name in record["versions"]}
    assert watched == {"setup", *RESULT_VERSIONS, *MODELS, *DATASETS, *ENCODERS}
    assert {n for n in recorded if n.startswith("model ")} == {f"model {case}" for case in CASES}


OLD = {"versions": {"setup": SETUP, "SASRec": 1}, "numbers": {"losses": [3.25, 3.0], "hash": "a"}}
SAME = {"losses": [3.25 * (1 + 1e-11), 3.0], "hash": "a"}


@pytest.mark.parametrize("updating", [False, True])
@pytest.mark.parametrize("numbers", [{"losses": [3.25, 3.00001], "hash": "a"}, SAME | {"hash": "b"}, {}])
def test_moved_numbers_ask_for_a_higher_version(numbers: Numbers, updating: bool) -> None:
    text = complaint("model SASRec", OLD, Golden({"SASRec": 1}, numbers), updating)
    assert text is not None
    assert "raise the version" in text
    assert UPDATE in text


def test_a_raised_version_asks_for_an_update() -> None:
    for numbers in (SAME, SAME | {"hash": "b"}):
        raised = Golden({"SASRec": 2}, numbers)
        assert UPDATE in (complaint("model SASRec", OLD, raised, updating=False) or "")
        assert complaint("model SASRec", OLD, raised, updating=True) is None
    assert complaint("model SASRec", OLD, Golden({"SASRec": 1}, SAME), updating=False) is None
    assert "no entry" in (complaint("model New", None, Golden({"New": 1}, {}), updating=False) or "")


def norm_eps(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("bench.models.blocks.LAYER_NORM_EPS", 1e-5)


def dropout_default(patch: pytest.MonkeyPatch) -> None:
    class Other(SASRecSettings):
        hidden_dropout: float = 0.45

    patch.setattr("bench.models.sasrec.SASRec.Settings", Other)


def tie_rule(patch: pytest.MonkeyPatch) -> None:
    def count(scores: torch.Tensor, wanted: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return (scores >= scores.gather(1, wanted)).sum(1) - 1, torch.zeros(len(scores), dtype=torch.int64)

    patch.setattr("bench.evaluation.ranking.count", count)


CHANGES = [
    ("SASRec", norm_eps, "losses"),
    ("SASRec", dropout_default, "losses"),
    ("LastItem", tie_rule, "ranks"),
]


@pytest.mark.parametrize(("name", "change", "place"), CHANGES)
def test_a_small_change_is_noticed(
    name: str,
    change: Callable[[pytest.MonkeyPatch], None],
    place: str,
    world: PreparedDataset,
    tmp_path: Path,
) -> None:
    old = json.loads(GOLDEN.read_text(encoding="utf-8"))[f"model {name}"]
    with pytest.MonkeyPatch.context() as patch:
        change(patch)
        changed = run(CASES[name], world, tmp_path)
    text = complaint(f"model {name}", old, changed, updating=False)
    assert text is not None
    assert f"  {place}" in text
