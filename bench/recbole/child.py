"""The process that RecBole runs in: ``python -m bench.recbole.child``.

RecBole reads the command line, sets environment variables, changes numpy and the working directory's
contents and prints; none of that may reach the program that compares. Standard input brings the job as a
line of JSON, then requests; standard output takes one line of JSON per event, and what RecBole prints goes
to standard error. The first request is ``{"do": "fit", "weights": FILE}``, the others are
``{"do": "rank", "split": ..., "targets": [...]}``.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import Any, TextIO

from bench.processes import die_with_parent, peak_memory_mib, report_crashes
from bench.recbole.job import RecBoleJob
from bench.recbole.shim import prepare_process


def serve(requests: TextIO, replies: TextIO) -> None:
    """Carry out the job and answer requests until there are none."""
    from pathlib import Path

    from bench.recbole.engine import Engine

    def on_epoch(epoch: int, loss: float, value: float | None, train_s: float, validate_s: float) -> None:
        row = {"epoch": epoch, "loss": loss, "value": value, "train_s": train_s, "validate_s": validate_s}
        _send(replies, {"kind": "epoch", **row})

    engine = Engine(RecBoleJob.from_json(requests.readline()), on_epoch)
    for line in requests:
        request = json.loads(line)
        if request["do"] == "fit":
            _send(replies, {"kind": "trained", "parameters": engine.fit(Path(request["weights"]))})
        else:
            ranks = engine.rank(request["split"], request["targets"])
            _send(replies, {"kind": "ranks", "peak_memory_mib": peak_memory_mib(), **ranks})


def main() -> None:
    """Serve on the standard streams; a failure is an event too."""
    report_crashes()
    die_with_parent()
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as replies:
        os.dup2(2, 1)
        prepare_process()
        try:
            serve(sys.stdin, replies)
        except Exception as error:  # whatever RecBole raises is the run's failure, not the suite's
            traceback.print_exc()
            _send(replies, {"kind": "failed", "error": f"{type(error).__name__}: {error}"})
            sys.exit(1)


def _send(replies: TextIO, event: dict[str, Any]) -> None:
    replies.write(json.dumps(event) + "\n")
    replies.flush()


if __name__ == "__main__":
    main()
