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
    """Processor, GPU and packages."""
    return {
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "torch": version("torch"),
        "recbole": version("recbole"),
    }


def caption() -> str:
    """`machine` in words."""
    here = machine()
    gpu = f"{here['gpu']}, " if here["gpu"] else ""
    return f"{gpu}{here['cores']} x {here['cpu']}, torch {here['torch']}, RecBole {here['recbole']}"


def product_rate(device: str = "cpu", dtype: torch.dtype = torch.float32, repetitions: int = 7) -> float:
    """GFLOP/s of a product of two square matrices of 2,048, with torch's present threads."""
    a, b, out = (torch.randn(SQUARE, SQUARE, device=device, dtype=dtype) for _ in range(3))
    times = []
    for _ in range(repetitions):
        finish(device)
        start = time.perf_counter()
        torch.mm(a, b, out=out)
        finish(device)
        times.append(time.perf_counter() - start)
    return 2 * SQUARE**3 / statistics.median(times) / 1e9


def finish(device: str) -> None:
    """Wait until the device has done what it was given; a processor always has."""
    if device != "cpu":
        torch.cuda.synchronize(device)


def forget_device_memory(device: str) -> None:
    """Start `device_memory_mib` anew."""
    if device != "cpu":
        torch.cuda.reset_peak_memory_stats(device)


def device_memory_mib(device: str) -> float | None:
    """The most memory that tensors took on an accelerator; None for a processor."""
    return None if device == "cpu" else torch.cuda.max_memory_allocated(device) / 2**20


@contextmanager
def torch_threads(threads: int) -> Iterator[None]:
    """Let torch compute with so many threads for a while."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
