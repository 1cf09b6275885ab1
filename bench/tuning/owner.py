"""Whose a running trial is, and whether that process is still there."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

SILENT_S = 60.0  # without a sign of life for so long, a process counts as dead


@dataclass(frozen=True)
class Owner:
    """A process, told apart from others with the same number.

    Attributes:
        host: name of the machine.
        boot: changes when the machine starts; containers of a machine share it.
        namespace: of process numbers, which containers have of their own.
        pid: number of the process.
        started: when, in the system's ticks.
    """

    host: str
    boot: str
    namespace: str
    pid: int
    started: str

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)

    def is_gone(self, other: Mapping[str, Any] | None) -> bool:
        """Whether the process of ``other`` is known to have ended, which is known of this machine's alone.

        Machines may share a name, so that one which was started since is not told from another one.

        Args:
            other: of `as_dict`, by whichever process.
        """
        here = ("host", "boot", "namespace")
        if other is None or any(other.get(key) != getattr(self, key) for key in here):
            return False
        pid = int(other.get("pid", 0))
        return not _exists(pid) or _started(pid) != other.get("started")


class Watch:
    """Notices whose heartbeat stands still, by this process's own clock.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seen: dict[int, tuple[object, float]] = {}

    def is_silent(self, trial: int, heartbeat: object) -> bool:
        """Whether a trial's heartbeat was the same for long enough."""
        now = self._clock()
        before, since = self._seen.get(trial, (object(), now))
        if before != heartbeat:
            self._seen[trial] = (heartbeat, now)
            return False
        return now - since >= SILENT_S


def this_process() -> Owner:
    """The process that asks."""
    namespace = ""
    with suppress(OSError):  # only Linux has it
        namespace = os.readlink("/proc/self/ns/pid")
    boot = ""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return Owner(platform.node(), boot, namespace, os.getpid(), _started(os.getpid()))


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it is another user's
        return True
    return True


def _started(pid: int) -> str:
    """When a process started; empty where the system does not tell, or there is none.

    A zombie, which has ended and waits to be noticed by its parent, is none.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()  # the name before it may hold anything
    return "" if fields[0] == "Z" else fields[19]
