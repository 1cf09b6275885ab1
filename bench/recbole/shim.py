"""What RecBole 1.2.1 needs before it can be imported beside today's numpy and torch."""

from __future__ import annotations

import sys
from functools import partial

import numpy as np


def restore_numpy_names() -> None:
    """Give numpy 2 back the three names that RecBole 1.2.1 still uses."""
    for name, kind in (("float_", np.float64), ("complex_", np.complex128), ("unicode_", np.str_)):
        setattr(np, name, kind)


def prepare_process() -> None:
    """Make this process fit for RecBole alone; only a process that does nothing else may call it.

    RecBole takes the command line for its own settings, and its checkpoints hold objects that torch.load
    refuses by default. They are read in the process that wrote them and nowhere else.
    """
    import torch

    sys.argv = sys.argv[:1]
    restore_numpy_names()
    torch.load = partial(torch.load, weights_only=False)
