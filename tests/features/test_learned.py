"""Batches of an encoder with weights: loaded ahead, missing where unreadable, gone on with after a kill."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from bench.errors import DataError
from bench.features.encoder import Encoded
from bench.features.learned import AHEAD, Loaded, encode_batches
from bench.features.pictures import Unreadable

BATCHES = [[5, 0], [3], [1, 4]]  # of seven items; 2 and 6 have no content


def load(place: int) -> Loaded[float]:
    if place == 4:
        raise Unreadable("torn")
    return Loaded(place + 0.5, note="large" if place == 5 else "")


def forward(contents: list[float]) -> npt.NDArray[np.float32]:
    return np.array([[content, 2 * content, 1 / 3] for content in contents], dtype=np.float32)


def test_rows_stand_where_their_items_are() -> None:
    found = encode_batches(7, BATCHES, load, forward)
    assert found.present.tolist() == [True, True, False, True, False, True, False]
    third = np.float32(np.float16(1 / 3))
    assert found.values.tolist() == [
        [0.5, 1, third],
        [1.5, 3, third],
        [0, 0, 0],
        [3.5, 7, third],
        [0, 0, 0],
        [5.5, 11, third],
        [0, 0, 0],
    ]
    assert (found.problems, found.notes) == ({5: "torn"}, {6: "large"})


@pytest.mark.parametrize("stop", [0, 1, 2, 3])
def test_interrupted_anywhere_it_goes_on_to_the_same_bytes(stop: int, tmp_path: Path) -> None:
    whole = encode_batches(7, BATCHES, load, forward)
    asked: list[int] = []

    def failing(contents: list[float]) -> npt.NDArray[np.float32]:
        if len(asked) == stop:
            raise KeyboardInterrupt
        asked.append(len(contents))
        return forward(contents)

    if stop < len(BATCHES):
        with pytest.raises(KeyboardInterrupt):
            encode_batches(7, BATCHES, load, failing, tmp_path)
    else:
        encode_batches(7, BATCHES, load, failing, tmp_path)
    calls: list[int] = []
    said: list[tuple[str, int, int]] = []

    def counted(contents: list[float]) -> npt.NDArray[np.float32]:
        calls.append(len(contents))
        return forward(contents)

    again = encode_batches(7, BATCHES, load, counted, tmp_path, lambda *words: said.append(words), "encode")
    assert calls == [2, 1, 1][stop:]
    assert same(again, whole)
    assert said[-1] == ("encode", 5, 5)


def same(one: Encoded, other: Encoded) -> bool:
    return (
        one.values.tobytes() == other.values.tobytes()
        and one.present.tobytes() == other.present.tobytes()
        and (one.problems, one.notes) == (other.problems, other.notes)
    )


@pytest.mark.parametrize(
    "harm",
    [
        lambda file: file.write_bytes(b""),
        lambda file: file.write_bytes(file.read_bytes()[:-3]),
        lambda file: file.write_bytes(file.read_bytes()[:-1] + b"\x7f"),
        lambda file: file.write_bytes((file.parent / "000001.safetensors").read_bytes()),
    ],
    ids=["empty", "cut off", "a bit", "of another batch"],
)
def test_a_damaged_batch_is_encoded_again(harm: Callable[[Path], None], tmp_path: Path) -> None:
    whole = encode_batches(7, BATCHES, load, forward, tmp_path)
    harm(tmp_path / "000000.safetensors")
    calls: list[int] = []

    def counted(contents: list[float]) -> npt.NDArray[np.float32]:
        calls.append(len(contents))
        return forward(contents)

    assert same(encode_batches(7, BATCHES, load, counted, tmp_path), whole)
    assert calls == [2]


def test_loading_runs_ahead_of_encoding_but_not_far() -> None:
    loaded: list[int] = []
    lead: list[int] = []
    lock = threading.Lock()

    def watched(place: int) -> Loaded[float]:
        with lock:
            loaded.append(place)
        return Loaded(float(place))

    def slow(contents: list[float]) -> npt.NDArray[np.float32]:
        with lock:
            lead.append(len(loaded) - int(contents[-1]) - 1)
        return forward(contents)

    encode_batches(60, [[place] for place in range(60)], watched, slow, threads=2)
    assert max(lead) <= AHEAD


def test_nothing_to_read_is_an_error() -> None:
    with pytest.raises(DataError, match="none of the 2 items has content that can be read: torn"):
        encode_batches(2, [[0], [1]], lambda place: load(4), forward)
    with pytest.raises(DataError, match="none of the 2 items"):
        encode_batches(2, [], load, forward)


def test_values_beyond_float16_are_refused() -> None:
    with pytest.raises(DataError, match="not finite in float16"):
        encode_batches(1, [[0]], load, lambda contents: np.full((1, 2), 1e5, dtype=np.float32))


def test_an_error_in_loading_is_not_swallowed() -> None:
    def broken(place: int) -> Loaded[float]:
        raise RuntimeError("a defect")

    with pytest.raises(RuntimeError, match="a defect"):
        encode_batches(1, [[0]], broken, forward)
