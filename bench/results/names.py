"""Names of results: ``SUITE``, or ``SUITE@KEY=VALUE,...`` for those of a suite with overrides."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

DEFAULT_RESULTS = Path("results")

# What `bench.suite.overrides.overrides_slug` ends in where it cannot show everything.
_SHORTENED = re.compile(r"-[0-9a-f]{8}$")


def results_name(suite: str, overrides: str) -> str:
    """The folder of a suite's results; overridden settings (as a slug) have one of their own."""
    return f"{suite}@{overrides}" if overrides else suite


def suite_of(name: str) -> str:
    """The suite in a name of results."""
    return name.partition("@")[0]


def known_overrides(name: str) -> tuple[str, ...] | None:
    """The overrides that a name of results spells out; None where it shows them in part."""
    slug = name.partition("@")[2]
    if _SHORTENED.search(slug):
        return None
    return tuple(slug.split(",")) if slug else ()


def command(verb: str, suite: str, overrides: Sequence[str], results: Path) -> str:
    """A command line, quoted for a shell; the results folder stands in it unless it is the default."""
    words = ["bench", verb, suite, *(word for text in overrides for word in ("--set", text))]
    return shlex.join(words if results == DEFAULT_RESULTS else [*words, "--results", str(results)])


def slug(label: str) -> str:
    """A label as part of a file's name: letters, digits and ``._-``, at most 60 of them."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", label).strip("-.")[:60] or "unnamed"
