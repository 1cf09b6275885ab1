"""Where a result comes from: code, packages, machine, time and memory."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import subprocess
import time
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from bench.processes import forget_peak_memory

PACKAGES = (
    "torch", "numpy", "scipy", "scikit-learn", "pandas", "pyarrow", "duckdb", "pillow", "safetensors",
    "pydantic", "recbole",
)  # fmt: skip
PACKAGE_FOLDER = Path(__file__).resolve().parents[1]


@lru_cache
def version(package: str) -> str | None:
    """The installed version without its local suffix, or None."""
    try:
        return importlib.metadata.version(package).partition("+")[0]
    except importlib.metadata.PackageNotFoundError:
        return None


@lru_cache(maxsize=1)
def code_hash() -> str:
    """SHA-256 (16 hex digits) of every Python file of the package, names included."""
    digest = hashlib.sha256()
    for file in sorted(PACKAGE_FOLDER.rglob("*.py")):
        digest.update(file.relative_to(PACKAGE_FOLDER).as_posix().encode() + b"\0")
        digest.update(file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


@lru_cache(maxsize=1)
def commit() -> tuple[str | None, bool | None]:
    """The git commit that bench's own files come from, and whether they differ from it.

    (None, None) where bench is installed and not run from a checkout.
    """
    root = PACKAGE_FOLDER.parent
    if not (root / ".git").exists():
        return None, None
    try:
        head = _git(root, "rev-parse", "HEAD").strip()
        return head, bool(_git(root, "status", "--porcelain", "--", "bench").strip())
    except (OSError, subprocess.SubprocessError):
        return None, None


def cpu_model() -> str:
    """The processor's name as the system gives it."""
    with suppress(OSError):  # only Linux has this file
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


class Meter:
    """Wall and CPU seconds of this process, and CPU seconds of the children that it has waited for."""

    def __init__(self) -> None:
        self.started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self._wall = time.perf_counter()
        self._cpu = _cpu_s()
        forget_peak_memory()

    def wall_s(self) -> float:
        """Seconds passed."""
        return time.perf_counter() - self._wall

    def cpu_s(self) -> float:
        """Processor seconds used, all threads."""
        return _cpu_s() - self._cpu


def _cpu_s() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def provenance(command: str, threads: int, gpu: str | None, meter: Meter) -> dict[str, Any]:
    """What to write into run.json about the origin of a result.

    Args:
        command: the command line that asked for the run.
        threads: threads the run computed with.
        gpu: the accelerator's name, if one was used.
        meter: started with the run.
    """
    head, dirty = commit()
    return {
        "commit": head,
        "dirty": dirty,
        "code_hash": code_hash(),
        "packages": {name: version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "gpu": gpu,
        "threads": threads,
        "command": command,
        "started": meter.started,
        "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=folder, check=True, capture_output=True, text=True, timeout=10
    ).stdout
