"""Parts of the test users: with cold or warm targets, with short or long histories.

* ``popularity``: how often the user's target occurs in the training part. A cold item occurs there at most
  `COLD` times, so that its embedding is hardly trained. Interactions that are held out for validation or test
  are not counted: no model was trained on them.
* ``history``: how many items the user has before the target, all of them (a model reads the newest
  ``max_length``). The cut is where the test users come nearest to halves.

Both come from the prepared dataset, which has to be the very data of the runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from bench.data.prepared import IntArray, Targets, TrainingData, load_training
from bench.errors import DataError
from bench.execution.run_data import run_dataset
from bench.results.records import RunRecord
from bench.results.values import test_targets
from bench.wording import count

Kind = Literal["popularity", "history"]
KINDS: tuple[Kind, ...] = get_args(Kind)

COLD = 4  # interactions in the training part, at most
FEWEST = 30  # users of a slice that is compared

_NAMES: dict[Kind, tuple[str, str]] = {
    "popularity": ("cold items", "warm items"),
    "history": ("short histories", "long histories"),
}


@dataclass(frozen=True)
class Slice:
    """Some of the test users of one dataset.

    Attributes:
        name: ``cold items``.
        rule: who belongs to it, in words; empty where that is not known (no run).
        users: [U] whether each user does, in the order of the ranks; None where that is not known.
        data: hash of the dataset.
    """

    name: str
    rule: str = ""
    users: npt.NDArray[np.bool_] | None = None
    data: str = ""

    @property
    def no_part(self) -> str | None:
        """Why nothing is compared on it: too few users, or all of them, which is no part."""
        if self.users is None:
            return None
        size = int(self.users.sum())
        if size == len(self.users):
            return "everybody is in it"
        if size >= FEWEST:
            return None
        return f"{count(size, 'user')}, fewer than {FEWEST}" if size else "nobody is in it"


@dataclass(frozen=True)
class Slicing:
    """How test users are divided.

    Attributes:
        kinds: each divides all of them in two.
        cold: the most interactions that a cold item has in the training part.
        home: where prepared data lie (None: the default place).
    """

    kinds: tuple[Kind, ...]
    cold: int = COLD
    home: Path | None = None

    def of(self, results: Path, records: Sequence[RunRecord]) -> list[Slice]:
        """The slices of the dataset that these runs share.

        Raises:
            InputError: the dataset is not prepared here, or other data than that of the runs.
            DataError: ranks or the dataset cannot be read, or the runs have different test targets.
        """
        if not records:
            return [Slice(name) for kind in self.kinds for name in _NAMES[kind]]
        targets = common_targets(results, records)
        data = load_training(run_dataset(records[0], self.home))
        hash_ = records[0].inputs.dataset.hash
        return [each for kind in self.kinds for each in self._cut(kind, data, targets, hash_)]

    def _cut(self, kind: Kind, data: TrainingData, targets: Targets, hash_: str) -> list[Slice]:
        if kind == "popularity":
            values, cut = training_counts(data, targets), self.cold
            rules = (
                f"at most {count(cut, 'interaction')} with the target in the training part",
                f"more than {count(cut, 'interaction')} with the target in the training part",
            )
        else:
            values = history_lengths(data, targets)
            cut = halving_cut(values)
            rules = (
                f"at most {count(cut, 'item')} before the target (the cut nearest to halves)",
                f"more than {count(cut, 'item')} before the target",
            )
        low = values <= cut
        return [
            Slice(name, rule, users, hash_)
            for name, rule, users in zip(_NAMES[kind], rules, (low, ~low), strict=True)
        ]


def halving_cut(values: IntArray) -> int:
    """The value at most which as nearly half of the ``values`` [M] lie as can be, and never all of them.

    The median is not that: where many histories were cut to one length, nobody lies above it. Where all
    values are the same, it is that value.
    """
    distinct, counts = np.unique(values, return_counts=True)
    below = np.cumsum(counts)[:-1]
    return int(distinct[np.argmin(np.abs(2 * below - len(values)))] if len(below) else distinct[0])


def training_counts(data: TrainingData, targets: Targets) -> IntArray:
    """[M] how often each target's item occurs in the training part."""
    return np.bincount(data.items, minlength=data.n_items + 1)[targets.items]


def history_lengths(data: TrainingData, targets: Targets) -> IntArray:
    """[M] how many items each target's user has before it: training part and validation items."""
    training = np.diff(data.offsets)[targets.users]
    if data.validation_offsets is None:
        return training + 1
    return training + np.diff(data.validation_offsets)[targets.users]


def common_targets(results: Path, records: Sequence[RunRecord]) -> Targets:
    """The test targets of runs on the same data.

    Raises:
        DataError: they differ, or cannot be read.
    """
    first = Targets(*test_targets(results, records[0]))
    for record in records[1:]:
        users, items = test_targets(results, record)
        if not (np.array_equal(users, first.users) and np.array_equal(items, first.items)):
            raise DataError(
                f"the ranks of runs {records[0].fingerprint} and {record.fingerprint} are of different test"
                " targets, though they read the same data: compute them again with `bench run --fresh`"
            )
    return first
