from __future__ import annotations

import shlex
from collections.abc import Callable

import pytest

from bench.errors import InputError
from bench.suite.datasets import written_dataset
from bench.suite.schema import Suite, parse_dataset

Load = Callable[..., Suite]


def test_labels_show_the_options_that_are_written(load: Load) -> None:
    suite = load(
        """\
        datasets:
          - ml-100k
          - toyshop
          - {name: toyshop, mechanism: content, image: 0.5}
          - {name: toyshop, seed: 3, label: third shop}
        models: [Popularity]
        """
    )
    assert [dataset.label for dataset in suite.datasets] == [
        "ml-100k",
        "toyshop",
        "toyshop[mechanism=content,image=0.5]",
        "third shop",
    ]
    assert suite.datasets[2].options["mechanism"] == "content"
    assert suite.datasets[2].options["seed"] == 0  # a default, filled in


def test_cuts_show_in_the_label_and_only_written_ones_are_options(load: Load) -> None:
    suite = load(
        """\
        datasets:
          - {name: ml-100k, last: 20}
          - ml-100k
          - {name: sequences, label: Beauty, path: beauty/Beauty.txt, users: 100}
        models: [Popularity]
        """
    )
    assert [dataset.label for dataset in suite.datasets] == ["ml-100k[last=20]", "ml-100k", "Beauty"]
    # The options are in the fingerprint: those of a whole ml-100k are what they were before it had any.
    assert [dataset.options for dataset in suite.datasets] == [
        {"last": 20},
        {},
        {"path": "beauty/Beauty.txt", "attributes": None, "users": 100},
    ]
    assert parse_dataset("ml-100k[users=100,last=20]").options == {"users": 100, "last": 20}


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("{name: ml-100k, last: 2}", ["ml-100k.last", "2", "at least 3"]),
        ("{name: ml-100k, users: 0}", ["ml-100k.users", "0", "at least 1"]),
        ("sequences", ["sequences", "path"]),
        ("{name: sequences, path: ../x.txt}", ["sequences.path", "'../x.txt'", "inside the data folder"]),
        ("{name: sequences, path: a.txt, attributes: /x}", ["sequences.attributes", "'/x'"]),
        ("ml100k", ["'ml100k'", "'ml-100k'"]),
        ("{name: toyshop, imag: 1}", ["'imag'", "toyshop", "'image'"]),
        ("{name: toyshop, image: -1}", ["toyshop.image", "-1", "at least 0"]),
        ("{name: toyshop, mechanism: atention}", ["'atention'", "'attention'"]),
        ("{name: ml-100k, image: 1}", ["'image'", "ml-100k"]),
        ("{image: 1}", ["no name"]),
        ("{name: toyshop, label: ''}", ["label"]),
        ('{name: toyshop, label: "a\\nb"}', ["label"]),
        ("5", ["5", "a name"]),
        ("'toyshop', toyshop", ["'toyshop'", "twice", "label:"]),
    ],
)
def test_a_wrong_dataset_is_named(load: Load, entry: str, words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        load(f"models: [Popularity]\ndatasets: [{entry}]\n")
    assert caught.value.line == 5
    assert [word for word in words if word not in str(caught.value)] == []


def test_the_command_line_names_the_same_dataset_as_the_file(load: Load) -> None:
    suite = load("models: [Popularity]\ndatasets: [{name: toyshop, image: 1, mechanism: content}]\n")
    assert parse_dataset("toyshop[image=1,mechanism=content]") == suite.datasets[0]
    assert parse_dataset(suite.datasets[0].label) == suite.datasets[0]
    assert parse_dataset(" toyshop[ image = 1 ] ").options["image"] == 1.0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("toyshp", ["'toyshp'", "'toyshop'"]),
        ("toyshop[imag=1]", ["'imag'", "'image'"]),
        ("toyshop[image=-1]", ["-1", "at least 0"]),
        ("toyshop[image=1", ["toyshop[image=1", "NAME[key=value"]),
        ("toyshop[image]", ["'image'", "NAME[key=value"]),
        ("toyshop[image=1,image=2]", ["'image'", "twice"]),
        ("toyshop[name=ml-100k]", ["name=ml-100k"]),
        ("", ["NAME[key=value"]),
    ],
)
def test_a_wrong_dataset_on_the_command_line_names_the_option(text: str, words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        parse_dataset(text)
    assert str(caught.value).startswith("--dataset: ")
    assert [word for word in words if word not in str(caught.value)] == []


def test_an_option_may_be_a_mapping() -> None:
    text = "GiftCards[split={validation: 2017-01-01, test: 2017-07-01},last=4]"
    found = parse_dataset(text)
    assert found.options["last"] == 4 and found.options["split"]["test"] == "2017-07-01"
    assert found.label == text  # so that it can be written as it is shown


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ("ml-100k", "ml-100k"),
        ("ml-100k[last=20]", "'ml-100k[last=20]'"),
        ("toyshop[image=1,users=50]", "'toyshop[users=50,image=1.0]'"),
        ("toyshop[mechanism=attention,seed=0]", "toyshop"),
        ("sequences[path=it's.txt]", "'sequences[path=it'\"'\"'s.txt]'"),
    ],
)
def test_a_dataset_is_written_so_that_it_is_read_again(entry: str, text: str) -> None:
    ref = parse_dataset(entry)
    assert written_dataset(ref.name, ref.options) == text
    [word] = shlex.split(text)
    assert parse_dataset(word).options == ref.options


def test_what_brackets_cannot_say_is_not_written() -> None:
    assert written_dataset("sequences", {"path": "a,b.txt", "attributes": None}) is None
    assert written_dataset("nothing", {}) is None
