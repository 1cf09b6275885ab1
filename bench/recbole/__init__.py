"""RecBole 1.2.1: the reference implementation, fenced off, and `MAF` for those who work with it.

``from bench.recbole import MAF`` imports torch and RecBole; ``import bench.recbole`` neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.recbole.maf import MAF

__all__ = ["MAF"]


def __getattr__(name: str) -> Any:
    if name == "MAF":
        from bench.recbole.maf import MAF

        return MAF
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
