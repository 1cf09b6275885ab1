"""The folder in which workers train, which goes with the search, however that ends."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bench.tuning.owner import this_process

PREFIX, OWNER = "bench-tune-", "owner.json"


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder of this process, gone after the context; those that killed processes left go before it."""
    me = this_process()
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{OWNER}"):
        with suppress(OSError, ValueError):  # somebody else's, or not written to its end
            if me.is_gone(json.loads(left.read_text(encoding="utf-8"))):
                shutil.rmtree(left.parent)
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        (Path(folder) / OWNER).write_text(json.dumps(me.as_dict()), encoding="utf-8")
        yield Path(folder)
