"""How long users' histories are, and how often items occur."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bench.data.prepared import PreparedDataset, load_training
from bench.evaluation.ranking import histories

if TYPE_CHECKING:
    from matplotlib.axis import Axis


def draw_dataset(dataset: PreparedDataset, file: Path) -> None:
    """Draw histories by length and items by frequency in the training parts, both on logarithmic axes.

    Args:
        dataset: prepared.
        file: png, svg or pdf.
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    training = load_training(dataset)
    lengths = np.array([len(row) for row in histories(training, np.arange(training.n_users), True)])
    popularity = np.bincount(training.items, minlength=dataset.n_items + 1)[1:]
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.5, 3.4), layout="constrained")
    try:
        left.hist(lengths, bins=_bins(lengths), color="C0")
        left.axvline(float(np.median(lengths)), color="0.2", linestyle=":")
        left.set(xscale="log", xlabel="interactions of a user before the test", ylabel="users")
        left.set_title(
            f"median (dotted) {np.median(lengths):g}, longest {lengths.max():,}", fontsize="medium"
        )
        ordered = np.sort(popularity[popularity > 0])[::-1]  # a logarithm has no zero; the title counts these
        right.plot(np.arange(1, len(ordered) + 1), ordered, color="C1")
        right.set(
            xscale="log",
            yscale="log",
            xlabel="items, the most frequent first",
            ylabel="occurrences in training",
        )
        right.set_title(
            f"{np.count_nonzero(popularity == 0):,} of {len(popularity):,} items never", fontsize="medium"
        )
        for panel in (left, right):
            panel.grid(alpha=0.3)
            _plain_numbers(panel.xaxis)
        _plain_numbers(right.yaxis)
        figure.suptitle(dataset.label)
        figure.savefig(file, dpi=150)
    finally:
        plt.close(figure)


def _plain_numbers(axis: Axis) -> None:
    """Ticks at powers of ten, over a short range also at 2 and 5 times these: 200, not 2 x 10^2."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 100 * low else (1,)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}" if value < 1e5 else f"{value:.0e}"))
    axis.set_minor_formatter(NullFormatter())


def _bins(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Bins of equal width on a logarithmic axis, none narrower than one."""
    edges = np.geomspace(counts.min(), counts.max() + 1, 25)
    return np.unique(np.concatenate([np.floor(edges), [counts.max() + 1.0]]))
