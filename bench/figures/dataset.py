"""How long users' histories are, and how often items occur."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.data.prepared import PreparedDataset, load_training
from bench.evaluation.ranking import histories
from bench.figures import style
from bench.figures.labels import shorten
from bench.figures.numbers import plain_numbers


def draw_dataset(dataset: PreparedDataset, file: Path) -> None:
    """Draw histories by length and items by frequency in the training parts, both on logarithmic axes.

    Args:
        dataset: prepared.
        file: png, svg or pdf.
    """
    training = load_training(dataset)
    lengths = np.array([len(row) for row in histories(training, np.arange(training.n_users), True)])
    popularity = np.bincount(training.items, minlength=dataset.n_items + 1)[1:]
    with style.look():
        figure, [[left, right]] = style.panels(1, 2, height=2.6)
        one, other = style.colours(["histories", "items"]).values()
        left.hist(lengths, bins=_bins(lengths).tolist(), color=one)
        left.axvline(float(np.median(lengths)), color="0.2", linestyle=":")
        left.set(xscale="log", xlabel="interactions of a user before the test", ylabel="users")
        left.set_title(f"median (dotted) {np.median(lengths):g}, longest {lengths.max():,}")
        ordered = np.sort(popularity[popularity > 0])[::-1]  # a logarithm has no zero; the title counts these
        right.plot(np.arange(1, len(ordered) + 1), ordered, color=other)
        right.set(
            xscale="log",
            yscale="log",
            xlabel="items, the most frequent first",
            ylabel="occurrences in training",
        )
        right.set_title(f"{np.count_nonzero(popularity == 0):,} of {len(popularity):,} items never")
        for axis in (left.xaxis, right.xaxis, right.yaxis):
            plain_numbers(axis)
        figure.suptitle(shorten(dataset.label, 100))
        style.save_as(figure, file)


def _bins(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Bins of equal width on a logarithmic axis, none narrower than one."""
    edges = np.geomspace(counts.min(), counts.max() + 1, 25)
    return np.unique(np.concatenate([np.floor(edges), [counts.max() + 1.0]]))
