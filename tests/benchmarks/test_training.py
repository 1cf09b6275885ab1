"""The speed program on a small shape: what it times is comparable, and bench stays well ahead."""

from __future__ import annotations

import pytest

from benchmarks.shapes import Shape, generate
from benchmarks.training import compare, sasrec, table


@pytest.mark.requires("recbole")
def test_native_training_is_well_ahead_of_recbole() -> None:
    shape = Shape("small", users=300, items=500, interactions=3_000)
    case = sasrec(width=64, layers=2, heads=2, inner=256, shape=shape, max_length=20, batch_size=512)
    windows, prefixes = compare(case, repetitions=2, threads=1)
    assert (windows.scheme, prefixes.scheme) == ("windows", "prefixes")
    assert windows.speedup > 3  # measured: see benchmarks/README.md
    assert windows.record()["targets_per_epoch"] == generate(shape).n_targets == 3_000 - 3 * 300
    assert table([windows, prefixes]).row_count == 2
