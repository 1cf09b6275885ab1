"""Sequences in a text file, with attributes as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.data.datasets import prepare_dataset
from bench.data.locked import load_test
from bench.data.prepared import load_catalogue, load_training
from bench.data.sources.sequences import Sequences, read_attributes, read_sequences
from bench.errors import DataError, InputError
from bench.features.store import extract
from bench.suite.dataset_settings import SequencesSettings

LINES = "ann 7 3 3 9\nbob 9 7\r\n\u00e9mile\t3 7 9 12\n"
ATTRIBUTES = '{"9": ["red", 4], "7": [], "3": [4, "4", "wool"], "99": ["never bought"]}'


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder, with one dataset in it."""
    folder = tmp_path / "data" / "shop"
    folder.mkdir(parents=True)
    (folder / "shop.txt").write_bytes(LINES.encode())
    (folder / "labels.json").write_text(ATTRIBUTES, encoding="utf-8")
    monkeypatch.setenv("BENCH_DATA", str(tmp_path / "data"))
    return folder


WHOLE = {"path": "shop/shop.txt", "attributes": "shop/labels.json"}


def test_a_line_is_a_users_history_in_time_order() -> None:
    rows = read_sequences(LINES, "shop.txt").to_pylist()
    assert [(row["user"], row["item"], row["timestamp"]) for row in rows] == [
        *(("ann", "7", 1), ("ann", "3", 2), ("ann", "3", 3), ("ann", "9", 4)),
        *(("bob", "9", 1), ("bob", "7", 2)),
        *(("\u00e9mile", "3", 1), ("\u00e9mile", "7", 2), ("\u00e9mile", "9", 3), ("\u00e9mile", "12", 4)),
    ]
    assert read_sequences(LINES.removesuffix("\n"), "shop.txt").num_rows == len(rows)


def test_it_is_prepared_as_any_other(tmp_path: Path) -> None:
    dataset = prepare_dataset("sequences", "shop", WHOLE, tmp_path / "home")
    training, catalogue = load_training(dataset), load_catalogue(dataset)
    # Items are numbered as in the attributes, then as bought; bob has too few, 99 was never bought.
    assert catalogue.ids == ("9", "7", "3", "12")
    assert catalogue.categories == (("red", "4"), (), ("4", "wool"), ())
    assert [training.history(user).tolist() for user in range(2)] == [[2, 3], [3, 2]]
    assert training.validation.tolist() == [3, 1]
    assert load_test(dataset).items.tolist() == [1, 4]
    assert dataset.modalities == ("category",)
    assert set(dataset.audit["source_sha256"]) == {"shop/shop.txt", "shop/labels.json"}
    assert (dataset.audit["users_dropped"], dataset.audit["items_without_metadata"]) == (1, 1)


def test_without_attributes_a_model_that_reads_categories_is_told_so(tmp_path: Path) -> None:
    dataset = prepare_dataset("sequences", "shop", {"path": "shop/shop.txt"}, tmp_path / "home")
    assert dataset.modalities == ()
    with pytest.raises(DataError, match=r"^no category label is carried by any of the 4 items$"):
        extract(dataset, "category", "multi-hot", {}, tmp_path / "home")


def test_progress_names_the_files(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    source = Sequences(SequencesSettings(**WHOLE))
    source.collect(tmp_path, lambda *message: told.append(message))
    assert told == [("read shop.txt", 0, 2), ("read labels.json", 1, 2)]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "^f.txt is empty"),
        ("ann 1 2\n\nbob 1 2\n", "^f.txt:2: '' is not a user and items"),
        ("ann 1 2\nbob\n", "^f.txt:2: 'bob' is not a user and items"),
        ("ann 1 2\nbob 3\nann 4\n", "^f.txt:3: user 'ann' has line 1 already"),
    ],
)
def test_a_malformed_line_is_named_with_its_number_and_the_layout(text: str, complaint: str) -> None:
    with pytest.raises(DataError, match=complaint + r".* \(write a line for each user: USER ITEM"):
        read_sequences(text, "f.txt")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"1": [2],\n "3": [}', r"^f\.json:2: no JSON: Expecting value"),
        ("[[1, 2]]", r"^f\.json: \[\[1, 2\]\] is no object"),
        ('{"1": [2], "3": "red"}', r"^f\.json: item '3' has \"red\", no list of labels"),
        ('{"1": [2, 0.5]}', r"^f\.json: item '1' has \[2, 0\.5\], no list"),
        ('{"1": [true]}', r"^f\.json: item '1' has \[true\]"),
        ('{"1": [null]}', r"^f\.json: item '1' has \[null\]"),
        ('{"1": {"a": 1}}', r"^f\.json: item '1' has \{\"a\": 1\}"),
        ('{"1": [' + "9" * 5000 + "]}", r"^f\.json: no JSON that can be read"),
        ('{"1": ' + "[" * 200_000, r"^f\.json: no JSON that can be read"),
    ],
)
def test_wrong_attributes_are_named_with_what_to_write(text: str, complaint: str) -> None:
    with pytest.raises(DataError, match=complaint) as raised:
        read_attributes(text, "f.json")
    assert "write an object of lists" in str(raised.value)


def test_an_item_described_twice_is_refused() -> None:
    with pytest.raises(DataError, match=r"f\.json: item '1' stands there twice"):
        read_attributes('{"1": [2], "1": [3]}', "f.json")


def test_attributes_of_another_dataset_are_refused(data: Path, tmp_path: Path) -> None:
    (data / "labels.json").write_text('{"1001": ["red"]}', encoding="utf-8")
    with pytest.raises(DataError, match=r"none of its 1 items stands in shop/shop\.txt"):
        Sequences(SequencesSettings(**WHOLE)).collect(tmp_path)


def test_bytes_that_are_no_text_are_named_with_their_line(data: Path, tmp_path: Path) -> None:
    (data / "shop.txt").write_bytes(b"ann 1 2\nb\xffb 3 4\n")
    with pytest.raises(DataError, match=r"shop/shop\.txt:2: byte 0xff is not UTF-8"):
        Sequences(SequencesSettings(path="shop/shop.txt")).collect(tmp_path)


def test_a_missing_file_is_named_with_the_variable_to_set(data: Path, tmp_path: Path) -> None:
    (data / "labels.json").unlink()
    with pytest.raises(DataError, match=r"no file 'shop/labels\.json'.*set BENCH_DATA to the folder"):
        prepare_dataset("sequences", "shop", WHOLE, tmp_path / "home")


@pytest.mark.parametrize(
    "name", ["/etc/hostname", "../secret.txt", "a/../../b.txt", "C:b.txt", "a\\b.txt", ""]
)
@pytest.mark.parametrize("option", ["path", "attributes"])
def test_no_path_leaves_the_data_folder(name: str, option: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no path inside the data folder"):
        prepare_dataset("sequences", "shop", WHOLE | {option: name}, tmp_path / "home")


@pytest.mark.requires("data")
def test_amazon_beauty(shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The counts of the published preprocessing (5-core), and one user read by hand."""
    monkeypatch.setenv("BENCH_DATA", str(shared_data))
    folder = "amazon-2014-beauty"
    options = {"path": f"{folder}/Beauty.txt", "attributes": f"{folder}/Beauty_item2attributes.json"}
    dataset = prepare_dataset("sequences", "Beauty", options, tmp_path)
    assert (dataset.n_users, dataset.n_items, dataset.n_interactions) == (22_363, 12_101, 198_502)
    training, catalogue = load_training(dataset), load_catalogue(dataset)
    counts = (training.offsets[1:] - training.offsets[:-1]) + 2
    assert counts.min() >= 5
    assert dataset.audit["users_dropped"] == 0
    # The first line is "1 1 2 3 4 5".
    assert [catalogue.ids[item - 1] for item in training.history(0)] == ["1", "2", "3"]
    assert catalogue.ids[training.validation[0] - 1] == "4"
    labels = json.loads((shared_data / options["attributes"]).read_text(encoding="utf-8"))
    assert catalogue.categories[catalogue.ids.index("4")] == tuple(map(str, labels["4"])) == ("1", "2", "3")
    lines = (shared_data / options["path"]).read_text(encoding="utf-8").splitlines()
    assert set(catalogue.ids) == {item for line in lines for item in line.split()[1:]}
