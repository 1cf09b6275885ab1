"""How many rows of catalogue scores are computed at a time."""

from __future__ import annotations

import torch

CACHE_BYTES = 16 * 2**20  # stays in the last-level cache of a processor
DEVICE_BYTES = 512 * 2**20  # on an accelerator: enough to keep it busy
MOST_ROWS = 512  # on a processor, more bring the products nothing
ALIGNED = 64  # other widths cost products and reductions up to a third of their speed


def chunk_rows(row_bytes: int, device: torch.device | str) -> int:
    """Rows of scores for one chunk: as many as fit, a multiple of `ALIGNED` where that many do.

    Args:
        row_bytes: size of one row of scores.
        device: where they are computed.
    """
    if torch.device(device).type == "cpu":
        rows = min(MOST_ROWS, CACHE_BYTES // row_bytes)
    else:
        rows = DEVICE_BYTES // row_bytes
    return max(1, rows // ALIGNED * ALIGNED or rows)
