"""Whether a run can be used: its record can be read, and its ranks are there.

`bench run`, `bench status` and `bench table` ask here, so that none calls done what another calls damaged.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bench.errors import DataError
from bench.results.records import RunRecord, UnreadableError, read_record
from bench.results.values import read_ranks


@dataclass(frozen=True)
class Condition:
    """How a run stands.

    Attributes:
        state: absent; done; damaged, what was written is not there any more; unreadable, the system does not
            give it (it may be whole).
        reason: why it is damaged or unreadable, in a sentence; else empty.
        record: of a run that is done.
    """

    state: Literal["absent", "done", "damaged", "unreadable"]
    reason: str = ""
    record: RunRecord | None = None


def run_condition(results: Path, fingerprint: str) -> Condition:
    """Look at one run: milliseconds, the weights are not read."""
    try:
        record = read_record(results, fingerprint)
        read_ranks(results, fingerprint)
    except FileNotFoundError:
        return Condition("absent")
    except UnreadableError as error:
        return Condition("unreadable", str(error))
    except DataError as error:
        return Condition("damaged", str(error))
    return Condition("done", record=record)
