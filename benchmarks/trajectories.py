"""Do two programs train alike? Loss and validation value epoch by epoch, over all seeds of a suite's results.

The mean of a metric on the test users after early stopping varies over seeds far more than the loss of an
epoch does, so that this finds differences which a comparison of the final numbers cannot. Pairs are those of
the suite's claims of equality.
"""

from __future__ import annotations

import argparse
import math
import statistics
from collections.abc import Sequence
from pathlib import Path

from bench.errors import BenchError
from bench.results.history import read_history
from bench.results.index import read_index
from bench.results.query import CellResult, cells_of
from benchmarks.report import show

EPOCHS = (1, 2, 3, 4, 6, 8, 10, 12)


def curves(results: Path, cells: Sequence[CellResult], model: str) -> list[list[tuple[float, float]]]:
    """Loss and validation value of each epoch, for every finished seed of a variant."""
    found = []
    for cell in cells:
        if cell.model == model and cell.record is not None:
            epochs = read_history(results, cell.record.fingerprint)
            found.append([(each.loss, each.validation) for each in epochs if each.validation is not None])
    return found


def beside(one: Sequence[float], other: Sequence[float]) -> str:
    """Difference of the means in % of the first, and in standard errors (z)."""
    if min(len(one), len(other)) < 2:
        return ""
    shift = statistics.fmean(other) - statistics.fmean(one)
    error = math.sqrt(sum(statistics.variance(each) / len(each) for each in (one, other)))
    z = f"{shift / error:+.1f}" if error else "none"
    return f"{100 * shift / statistics.fmean(one):+.2f} (z {z})"


def main() -> None:
    """Print a table per pair."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.trajectories", description=__doc__)
    parser.add_argument("suite", nargs="?", default="parity")
    parser.add_argument("--results", type=Path, default=Path("results"))
    options = parser.parse_args()
    try:
        index = read_index(options.results, options.suite)
        cells = cells_of(options.results, index)
    except BenchError as error:
        parser.error(str(error))
    for claim in index.equalities:
        reference = curves(options.results, cells, claim.to)
        for variant in claim.equal:
            ours = curves(options.results, cells, variant)
            rows = []
            for epoch in EPOCHS:
                sides = [[run[epoch - 1] for run in runs if len(run) >= epoch] for runs in (reference, ours)]
                columns = [[[pair[k] for pair in side] for side in sides] for k in (0, 1)]
                seeds = " and ".join(str(len(side)) for side in sides)
                rows.append([str(epoch), seeds, *(beside(*column) for column in columns)])
            show(
                f"{variant} beside {claim.to}",
                ("epoch", "seeds", "training loss, %", "validation, %"),
                rows,
            )


if __name__ == "__main__":
    main()
