"""Training speed of bench against stock RecBole, per target: ``python -m benchmarks.training``.

RecBole trains a row per target, padded to the maximum length; bench one packed row for all targets of a
user, which gives the same loss and gradients (tests/training/test_batches.py), so seconds per target compare.
Steps of RecBole (in a process of its own, one waits while the other computes) and epochs of bench take turns,
so that whatever else the machine does meets both. ``--device cuda`` does the same on a GPU, adds the shape of
Women and memory, and there ``--bf16`` lets bench multiply in bfloat16.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from benchmarks import flops
from benchmarks.cases import DEFAULTS, GPU, PAPER, Case, Native
from benchmarks.machine import (
    device_memory_mib,
    finish,
    forget_device_memory,
    product_rate,
    torch_threads,
)
from benchmarks.report import note, parser, require_recbole, show, spread, write
from benchmarks.rival import Rival

GPU_STEPS = 20  # of RecBole for one time: a single one is too short there


@dataclass
class Comparison:
    """Seconds per 1,000 targets of both sides, one number per repetition, and what they are of.

    Attributes:
        recbole_s: stock RecBole, with torch's anomaly detection as importing it leaves it: on.
        recbole_quiet_s: RecBole with that switched off.
        bench_s: bench.
        product_gflops: of a square matrix product, measured before each time of bench.
        useful_gflop: per 1,000 targets, where it is known.
        recbole_memory_mib: taken by RecBole's tensors on an accelerator, at most.
        bench_memory_mib: by bench's.
    """

    data: str
    model: str
    scheme: str
    targets_per_epoch: int
    tokens_per_epoch: int
    threads: int
    device: str = "cpu"
    precision: str = "float32"
    useful_gflop: float | None = None
    recbole_s: list[float] = field(default_factory=list)
    recbole_quiet_s: list[float] = field(default_factory=list)
    bench_s: list[float] = field(default_factory=list)
    product_gflops: list[float] = field(default_factory=list)
    recbole_memory_mib: float | None = None
    bench_memory_mib: float | None = None
    benchmark: str = "training"

    @property
    def speedup(self) -> float:
        """Ratio of the medians, stock RecBole to bench."""
        return statistics.median(self.recbole_s) / statistics.median(self.bench_s)

    @property
    def quiet_speedup(self) -> float | None:
        """The same without torch's anomaly detection, where that was measured."""
        if not self.recbole_quiet_s:
            return None
        return statistics.median(self.recbole_quiet_s) / statistics.median(self.bench_s)

    @property
    def utilisation(self) -> float | None:
        """Useful operations per second over what a matrix product reaches."""
        if self.useful_gflop is None:
            return None
        rate = statistics.median(self.product_gflops)
        return self.useful_gflop / statistics.median(self.bench_s) / rate

    def record(self) -> dict[str, Any]:
        """Plain values for JSON."""
        ratios = {
            "speedup": self.speedup,
            "quiet_speedup": self.quiet_speedup,
            "utilisation": self.utilisation,
        }
        return asdict(self) | ratios


def compare(
    case: Case,
    *,
    repetitions: int,
    threads: int,
    device: str = "cpu",
    bf16: bool = False,
    quick: bool = False,
    say: Callable[[str], None] = lambda text: None,
) -> list[Comparison]:
    """Time both sides in turns.

    Args:
        case: what to train.
        repetitions: times of RecBole of each kind, each between two epochs of bench for every scheme.
        threads: of torch, on both sides.
        device: of both sides.
        bf16: whether bench multiplies in bfloat16.
        quick: no untimed step and epoch first, no RecBole without anomaly detection, and one epoch of bench.
        say: told of every time as it comes.

    Returns:
        one comparison for each scheme.
    """
    data = case.data.load()
    native = {scheme: Native(case, data, scheme, device=device, bf16=bf16) for scheme in case.schemes()}
    found = [
        Comparison(
            *(case.data.name, case.model, scheme, side.targets, side.tokens, threads, device),
            precision="bf16" if bf16 else "float32",
            useful_gflop=_useful(case, side, scheme),
        )
        for scheme, side in native.items()
    ]
    dtype = torch.bfloat16 if bf16 else torch.float32
    steps = 1 if device == "cpu" else GPU_STEPS

    def ours() -> None:
        for one in found:
            one.product_gflops.append(product_rate(device, dtype))
            forget_device_memory(device)
            start = time.perf_counter()
            native[one.scheme].epoch()
            finish(device)
            one.bench_memory_mib = device_memory_mib(device)
            one.bench_s.append((time.perf_counter() - start) * 1000 / one.targets_per_epoch)
            say(f"bench {case.model} {one.scheme}: {one.bench_s[-1]:.3g} s per 1,000 targets")

    with (
        torch_threads(threads),
        tempfile.TemporaryDirectory() as folder,
        Rival(case, data, threads, Path(folder), device) as rival,
    ):
        if not quick:
            rival.train(steps)
            for side in native.values():
                side.epoch()
            ours()
        for _ in range(repetitions):
            for stock in (True,) if quick else (True, False):
                targets, seconds = rival.train(steps, stock=stock)
                for one in found:
                    one.recbole_memory_mib = rival.memory_mib
                    times = one.recbole_s if stock else one.recbole_quiet_s
                    times.append(seconds * 1000 / targets)
                say(f"RecBole {case.model}: {seconds * 1000 / targets:.3g} s per 1,000 targets")
            ours()
    return found


def _useful(case: Case, side: Native, scheme: str) -> float | None:
    if (case.model, scheme) != ("SASRec", "windows") or not case.settings:
        return None
    operations = flops.sasrec_epoch(side.data, case.settings, case.max_length)
    return operations / side.targets * 1000 / 1e9


def report_device(comparisons: list[Comparison]) -> None:
    """Print what an accelerator is asked beyond speed: seconds of epochs, rates and memory."""
    rows = []
    for one in comparisons:
        epoch_s = statistics.median(one.bench_s) * one.targets_per_epoch / 1000
        recbole_s = statistics.median(one.recbole_s) * one.targets_per_epoch / 1000
        rows.append(
            [
                one.data, one.model, one.scheme, one.precision, f"{recbole_s:.3g}", f"{epoch_s:.3g}",
                f"{one.tokens_per_epoch / epoch_s:,.0f}", f"{one.targets_per_epoch / epoch_s:,.0f}",
                _mib(one.recbole_memory_mib), _mib(one.bench_memory_mib),
            ]
        )  # fmt: skip
    columns = ["data", "model", "scheme", "precision", "epoch of RecBole, s", "epoch of bench, s", "tokens/s",
               "targets/s", "RecBole's memory, MiB", "bench's memory, MiB"]  # fmt: skip
    show("The device", columns, rows, texts=4)


def _mib(memory: float | None) -> str:
    return "" if memory is None else f"{memory:,.0f}"


def report(comparisons: list[Comparison]) -> None:
    """Print medians, with the range where there are several times."""
    rows = []
    for one in comparisons:
        thousands = one.targets_per_epoch / 1000
        rows.append(
            [
                one.data, one.model, one.scheme,
                spread(one.recbole_s), spread(one.recbole_quiet_s), spread(one.bench_s),
                f"{one.speedup:.1f}x", "" if one.quiet_speedup is None else f"{one.quiet_speedup:.1f}x",
                f"{statistics.median(one.bench_s) * thousands:.1f} s",
                "" if one.utilisation is None else f"{one.utilisation:.0%}",
            ]
        )  # fmt: skip
    columns = ["data", "model", "scheme", "RecBole", "RecBole, no anomaly detection", "bench", "speedup",
               "speedup, no anomaly detection", "epoch of bench", "of a product's rate"]  # fmt: skip
    show("Training, seconds per 1,000 targets", columns, rows, texts=3)


def main() -> None:
    """Read the command line, compare, print."""
    options = parser("training", __doc__)
    options.add_argument("--repetitions", type=int, default=3, help="steps of RecBole (default: 3)")
    options.add_argument("--models", nargs="+", metavar="NAME", help="only these (--quick: SASRec)")
    options.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="of both sides")
    options.add_argument("--bf16", action="store_true", help="bench multiplies in bfloat16")
    chosen = options.parse_args()
    require_recbole(options)
    on_gpu = chosen.device == "cuda"
    if on_gpu and not torch.cuda.is_available():
        options.error("--device cuda: torch finds no NVIDIA device here")
    wanted = chosen.models or (["SASRec"] if chosen.quick else None)
    known = GPU if on_gpu else (*PAPER, *DEFAULTS)
    cases = [case for case in known if wanted is None or case.model in wanted]
    if not cases:
        options.error(f"--models: none of {', '.join(case.model for case in PAPER)}")
    if chosen.quick:
        cases = [case for case in cases if case in PAPER]
    comparisons: list[Comparison] = []
    for case in cases:
        comparisons += compare(
            case,
            repetitions=1 if chosen.quick else chosen.repetitions,
            threads=chosen.threads,
            device=chosen.device,
            bf16=chosen.bf16,
            quick=chosen.quick,
            say=note,
        )
    report(comparisons)
    if on_gpu:
        report_device(comparisons)
    write(chosen.json, [one.record() for one in comparisons])


if __name__ == "__main__":
    main()
