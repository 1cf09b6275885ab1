"""How many rows of catalogue scores are computed at a time."""

from __future__ import annotations

import torch

CACHE_BYTES = 16 * 2**20  # stays in the last-level cache of a processor
MOST_BYTES = 512 * 2**20  # of memory; on an accelerator, enough to keep it busy
MOST_ROWS = 512  # on a processor, more bring the products nothing
ALIGNED = 64  # other widths cost products and reductions up to a third of their speed, narrower ones half


def chunk_rows(row_bytes: int, device: torch.device | str) -> int:
    """Rows of scores for one chunk: a multiple of `ALIGNED` that fits the cache, or as many where none does.

    Args:
        row_bytes: size of one row of scores.
        device: where they are computed.
    """
    most = MOST_BYTES // row_bytes
    if torch.device(device).type == "cpu":
        fitting = min(MOST_ROWS, CACHE_BYTES // row_bytes) // ALIGNED * ALIGNED
        return max(1, min(most, max(fitting, ALIGNED)))
    return max(1, most)
