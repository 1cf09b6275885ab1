"""What a process has to know of itself, and of the parent that may be killed at any moment."""

from __future__ import annotations

import faulthandler
import os
import resource
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path


def report_crashes() -> None:
    """Let a crash in native code print where Python stood, to the standard error, before it ends all."""
    faulthandler.enable()


def die_with_parent() -> None:
    """End this process, from now on, within a second after its parent has ended."""
    threading.Thread(target=_watch, args=(os.getppid(),), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def forget_peak_memory() -> None:
    """Let `peak_memory_mib` speak of what comes from now on (Linux only)."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak_memory_mib() -> float:
    """Largest resident memory of this process in MiB."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)
