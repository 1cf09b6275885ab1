"""The prepared data that a finished run read."""

from __future__ import annotations

from pathlib import Path

from bench.data.datasets import open_dataset
from bench.data.prepared import PreparedDataset
from bench.errors import InputError
from bench.results.records import RunRecord
from bench.suite.datasets import written_dataset


def run_dataset(record: RunRecord, home: Path | None = None) -> PreparedDataset:
    """The prepared dataset that a run read.

    Raises:
        InputError: it is not prepared here, or other data than those of the run are.
        DataError: a file that it is made of cannot be had.
    """
    spec, facts = record.spec.dataset, record.inputs.dataset
    written = written_dataset(spec.name, spec.options)
    prepare = "`bench run` with the suite prepares it" if written is None else f"bench data prepare {written}"
    found = open_dataset(spec.name, spec.label, spec.options, home)
    if found is None:
        raise InputError(f"the data of {spec.label} are not prepared here", remedy=prepare)
    if found.content_hash != facts.hash:
        raise InputError(
            f"{spec.label} as prepared here is not what run {record.fingerprint} read (content"
            f" {found.content_hash[:12]}, not {facts.hash[:12]})",
            remedy="prepare it from the files that the run read, or `bench run` the suite on these data",
        )
    return found
