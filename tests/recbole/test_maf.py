"""MAF for RecBole users, against the native model and with the script of the documentation."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bench.features.table import ItemFeatures
from bench.models.base import ModelContext, SequentialModel
from bench.models.batch import pack
from bench.models.building import build
from bench.registry import Modality

DOCS = Path(__file__).parents[2] / "docs" / "extending.md"

Ask = Callable[[str], Any]

# Vectors and labels of the items of the toy dataset; i3 lacks a picture and i5 its labels.
PICTURES = {f"i{k}": [] if k == 3 else [k / 4, 1.0, -k / 8] for k in range(8)}
WORDS = {f"i{k}": [float(k % 2), 0.5] for k in range(8)}
LABELS = {f"i{k}": ["old", "new", "red"][: 0 if k == 5 else 1 + k % 3] for k in range(8)}
HISTORIES = [[f"i{(3 * u + t * t) % 8}" for t in range(4 + u)] for u in range(5)]
MAX_LENGTH = 4

# MAF comes first: it prepares numpy, without which RecBole cannot be imported.
TOY = f"""
from bench.recbole import MAF
import logging
import torch
from pathlib import Path
from recbole.config import Config
from recbole.data import create_dataset, data_preparation
from bench.errors import InputError
from bench.recbole.features import item_features

logging.disable(logging.CRITICAL)
torch.set_num_threads(1)
Path("toy").mkdir()
rows = [f"u{{u}}\\t{{i}}\\t{{t}}" for u, h in enumerate({HISTORIES}) for t, i in enumerate(h)]
Path("toy/toy.inter").write_text("\\n".join(["user_id:token\\titem_id:token\\ttimestamp:float", *rows]))
numbers = lambda row: " ".join(map(str, row))
pictures, words, labels = {PICTURES}, {WORDS}, {LABELS}
rows = [
    "\\t".join([i, numbers(pictures[i]), numbers(words[i]), numbers(labels[i]), i, "1.5"]) for i in labels
]
head = "item_id:token\\tpicture:float_seq\\twords:float_seq\\tlabels:token_seq\\tbrand:token\\tprice:float"
Path("toy/toy.item").write_text("\\n".join([head, *rows]))

columns = ["item_id", "picture", "words", "labels", "brand", "price"]
base = dict(
    data_path=".", use_gpu=False, train_neg_sample_args=None, normalize_all=False,
    MAX_ITEM_LIST_LENGTH={MAX_LENGTH},
    load_col=dict(inter=["user_id", "item_id", "timestamp"], item=columns),
    eval_args=dict(split=dict(LS="valid_and_test"), order="TO", mode="full", group_by="user"),
)
settings = dict(hidden_size=16, inner_size=24, multimodal_size=8)
settings |= dict(hidden_dropout_prob=0.0, attn_dropout_prob=0.0)
fields = dict(image_field="picture", text_field="words", category_field="labels")

def prepared(**options):
    config = Config(model=MAF, dataset="toy", config_dict={{**base, **options}})
    return config, *data_preparation(config, create_dataset(config))
"""

CASES: dict[str, dict[str, Any]] = {
    "sum": {"n_layers": 1, "heads": 4},
    "gate": {"layers": 2, "n_heads": 2, "fusion": "gate", "lambda": 3, "reduction": "sum"},
    "concat without tasks": {"fusion": "concat", "multitask": False, "score_scale": "sqrt_head"},
    "without contents": {"n_layers": 1},
}
NATIVE: dict[str, dict[str, Any]] = {
    "sum": {"layers": 1, "heads": 4},
    "gate": {"layers": 2, "heads": 2, "fusion": "gate", "lambda": 3, "reduction": "sum"},
    "concat without tasks": {"fusion": "concat", "multitask": False, "score_scale": "sqrt_head"},
    "without contents": {"layers": 1},
}
SIZES = {
    "hidden_size": 16,
    "inner_size": 24,
    "multimodal_size": 8,
    "hidden_dropout": 0.0,
    "attention_dropout": 0.0,
}

COMPARED = f"""
answer = dict(compared={{}})
for name, options in {CASES}.items():
    read = {{}} if name == "without contents" else fields
    config, train, validation, test = prepared(**settings, **options, **read)
    model = MAF(config, train.dataset)
    torch.manual_seed(1)
    with torch.no_grad():
        for key, weight in model.named_parameters():
            weight.normal_(mean=float("norm.weight" in key), std=0.3)
    batch = train.dataset.inter_feat
    model.eval()
    with torch.no_grad():
        scores = model.full_sort_predict(batch)
        single = model.predict(batch)
    loss = model.train().calculate_loss(batch)
    loss.backward()
    answer["compared"][name] = dict(
        state={{key: value.tolist() for key, value in model.state_dict().items()}},
        items=train.dataset.field2id_token["item_id"].tolist(),
        labels=train.dataset.field2id_token["labels"].tolist(),
        rows=batch["item_id_list"].tolist(),
        lengths=batch["item_length"].tolist(),
        targets=batch["item_id"].tolist(),
        scores=scores.tolist(), single=single.tolist(), loss=loss.item(),
        gradients={{key: weight.grad.abs().sum().item() for key, weight in model.named_parameters()}},
        shown=str(model),
    )
"""


READ = """
answer["columns"] = read = {}
config, train, validation, test = prepared()
read["items"] = train.dataset.field2id_token["item_id"].tolist()
read["brands"] = train.dataset.field2id_token["brand"].tolist()
for name, modality, field, options in (
    ("plain", "image", "picture", {}),
    ("numerical", "image", "picture", {"numerical_features": ["picture"]}),
    ("scaled", "image", "picture", {"normalize_all": True}),
    ("token", "category", "brand", {}),
):
    config, train, validation, test = prepared(**options)
    features = item_features(train.dataset, modality, field)
    read[name] = dict(values=features.values.tolist(), present=features.present.tolist())
    read[name]["labels"] = features.labels
"""

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "two names": ({"n_heads": 2, "heads": 4}, "heads and n_heads are the same setting"),
    "two names of lambda": ({"lambda": 2, "task_weight": 4}, "lambda and task_weight are the same setting"),
    "no such value": ({"fusion": "product"}, "MAF: fusion: Input should be 'sum', 'concat' or 'gate'"),
    "heads do not divide": ({"heads": 3}, "hidden_size 64 is not a multiple of heads 3"),
    "activation": ({"hidden_act": "relu"}, "MAF has hidden_act: gelu, not 'relu'"),
    "loss": ({"loss_type": "BPR"}, "MAF has loss_type: CE, not 'BPR'"),
    "negatives": ({"train_neg_sample_args": {"distribution": "uniform"}}, "set train_neg_sample_args: None"),
    "modalities": ({"modalities": ["image"]}, "the modalities are those whose columns are named"),
    "no column": ({"image_field": "pictures"}, "RecBole has loaded no item column 'pictures'"),
    "no vector": ({"text_field": "labels"}, "text_field: the column 'labels' is of type token_seq"),
    "number": ({"image_field": "price"}, "the column 'price' is of type float"),
    "no labels": ({"category_field": "words"}, "category_field: the column 'words' is of type float_seq"),
    "buckets": (
        {
            "image_field": "picture",
            "numerical_features": ["picture"],
            "discretization": {"picture": {"method": "ED", "bucket": 4}},
        },
        "the column 'picture' holds numbers of buckets",
    ),
}

REFUSED = f"""
answer["refused"] = {{}}
for name, (options, _) in {WRONG}.items():
    config, train, validation, test = prepared(**options)
    try:
        MAF(config, train.dataset)
    except InputError as error:
        answer["refused"][name] = str(error)
"""


@pytest.fixture(scope="module")
def answers(ask_recbole: Ask) -> dict[str, dict[str, Any]]:
    """What one process with RecBole says to all of it."""
    found: dict[str, dict[str, Any]] = ask_recbole(TOY + COMPARED + READ + REFUSED)
    return found


def table(modality: Modality, values: dict[str, list[float]], items: list[str]) -> ItemFeatures:
    """Features as the test knows them, in RecBole's numbering."""
    width = max(map(len, values.values()))
    filled = [values.get(item) or [0.0] * width for item in items]
    array = np.array(filled, dtype=np.float32)
    return ItemFeatures(modality, "test", array, np.asarray(array.any(1)), "", modality == "category")


def native(name: str, answer: dict[str, Any]) -> SequentialModel:
    """The native model with the weights of RecBole's."""
    labels = answer["labels"][1:]
    hot = {item: [float(label in own) for label in labels] if own else [] for item, own in LABELS.items()}
    contents: dict[Modality, dict[str, list[float]]] = {"image": PICTURES, "text": WORDS, "category": hot}
    features = {m: table(m, values, answer["items"]) for m, values in contents.items()}
    context = ModelContext(
        n_items=len(answer["items"]) - 1,
        n_users=len(HISTORIES),
        max_length=MAX_LENGTH,
        features={} if name == "without contents" else features,
    )
    model = build("MAF", SIZES | NATIVE[name], context)
    assert isinstance(model, SequentialModel)
    state = {key.removeprefix("native."): torch.tensor(value) for key, value in answer["state"].items()}
    model.load_state_dict(state)
    return model


@pytest.mark.requires("recbole")
@pytest.mark.parametrize("name", CASES)
def test_scores_and_loss_are_the_native_models(name: str, answers: dict[str, dict[str, Any]]) -> None:
    answer = answers["compared"][name]
    rows = [np.array(row[:n]) for row, n in zip(answer["rows"], answer["lengths"], strict=True)]
    # RecBole's examples: every training item but the first, after at most MAX_LENGTH items.
    assert len(rows) == sum(len(history) - 3 for history in HISTORIES)
    assert {len(row) for row in rows} == set(range(1, MAX_LENGTH + 1))
    at = np.array([[row, len(items) - 1] for row, items in enumerate(rows)])
    targets = np.array(answer["targets"])
    batch = pack(rows, at, np.zeros(len(rows), dtype=np.int64), targets)
    model = native(name, answer)
    with torch.no_grad():
        scores = model.eval().scores(batch)
        loss = model.train().loss(batch)
    assert scores.std() > 0.1
    torch.testing.assert_close(torch.tensor(answer["scores"]), scores, rtol=1e-6, atol=1e-6)
    expected = scores[torch.arange(len(rows)), batch.targets]
    torch.testing.assert_close(torch.tensor(answer["single"]), expected, rtol=1e-5, atol=1e-6)
    assert answer["loss"] == pytest.approx(loss.item(), rel=1e-6)


@pytest.mark.requires("recbole")
@pytest.mark.parametrize("name", CASES)
def test_every_weight_is_trained_and_the_settings_are_shown(
    name: str, answers: dict[str, dict[str, Any]]
) -> None:
    answer = answers["compared"][name]
    untrained = [key for key, size in answer["gradients"].items() if not size]
    # A bias on all scores of a row changes no softmax.
    assert [key for key in untrained if not key.endswith(("fusion.linear.bias", "energy.bias"))] == []
    for key, value in (SIZES | NATIVE[name]).items():
        assert re.search(rf"\b{key}='?{re.escape(str(value))}", answer["shown"]), key
    contents = "[]" if name == "without contents" else "['image', 'text', 'category']"
    assert f"modalities={contents}" in answer["shown"]


@pytest.mark.requires("recbole")
def test_columns_are_read_whole_and_in_order(answers: dict[str, dict[str, Any]]) -> None:
    answer = answers["columns"]
    items = answer["items"]
    expected = table("image", PICTURES, items).values
    assert answer["plain"]["values"] == answer["numerical"]["values"] == expected.tolist()
    assert not answer["plain"]["labels"]
    present = dict(zip(items, answer["plain"]["present"], strict=True))
    assert present == {"[PAD]": False} | {item: item != "i3" for item in PICTURES}
    # All values together to 0..1, as `normalize_all` does; what is missing stays missing.
    flat = [value for vector in PICTURES.values() for value in vector]
    low, high = min(flat), max(flat)
    scaled = {item: [(value - low) / (high - low) for value in row] for item, row in PICTURES.items()}
    np.testing.assert_allclose(answer["scaled"]["values"], table("image", scaled, items).values, atol=1e-6)
    assert answer["scaled"]["present"] == answer["plain"]["present"]
    # A token is the one label of its item; every item has its own here.
    hot = np.array(answer["token"]["values"])
    assert [answer["brands"][1 + column] for column in hot[1:].argmax(1)] == items[1:]
    assert hot.sum() == len(PICTURES) and answer["token"]["labels"]


@pytest.mark.requires("recbole")
def test_what_cannot_be_done_is_refused_with_its_reason(answers: dict[str, dict[str, Any]]) -> None:
    answer = answers["refused"]
    assert list(answer) == list(WRONG)
    for name, (_, complaint) in WRONG.items():
        assert complaint in answer[name]


@pytest.mark.requires("recbole")
def test_the_script_of_the_documentation_runs(tmp_path: Path, run_file: Callable[[Path, Path], None]) -> None:
    section = DOCS.read_text(encoding="utf-8").partition("## MAF in a script of RecBole's")[2]
    script = section.partition("```python\n")[2].partition("```")[0]
    checked = (
        "\nassert train.dataset.user_num == 101 and train.dataset.item_num == 1683\n"
        "assert [f for f in model.native.contents.projections] == ['category']\n"
        "assert model.native.task_weight == 5 and model.native.items.weight.shape == (1683, 32)\n"
        "assert trainer.train_loss_dict[2] < trainer.train_loss_dict[0]\n"
    )
    (tmp_path / "script.py").write_text(script + checked, encoding="utf-8")
    run_file(tmp_path / "script.py", tmp_path)


def test_importing_the_package_imports_neither_torch_nor_recbole() -> None:
    program = "import sys, bench.recbole; print(sorted({'torch', 'recbole', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")


def test_the_package_has_no_other_names() -> None:
    import bench.recbole

    with pytest.raises(AttributeError, match="no attribute 'MAFF'"):
        getattr(bench.recbole, "MAFF")  # noqa: B009
