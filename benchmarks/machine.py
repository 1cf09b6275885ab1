"""Where times were taken, and what that machine can do at best."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from bench.results.provenance import cpu_model, version

SQUARE = 2048


def machine() -> dict[str, str | int | None]:
    """Processor and packages."""
    return {
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "torch": version("torch"),
        "recbole": version("recbole"),
    }


def caption() -> str:
    """`machine` in words."""
    here = machine()
    return f"{here['cores']} x {here['cpu']}, torch {here['torch']}, RecBole {here['recbole']}"


def product_rate(repetitions: int = 7) -> float:
    """GFLOP/s of a float32 product of two square matrices of 2,048, with torch's present threads."""
    a, b, out = (torch.randn(SQUARE, SQUARE) for _ in range(3))
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        torch.mm(a, b, out=out)
        times.append(time.perf_counter() - start)
    return 2 * SQUARE**3 / statistics.median(times) / 1e9


@contextmanager
def torch_threads(threads: int) -> Iterator[None]:
    """Let torch compute with so many threads for a while."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
