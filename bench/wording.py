"""Numbers and lists in sentences."""

from __future__ import annotations

from collections.abc import Sequence


def count(number: object, noun: str) -> str:
    """``1 epoch``, ``2 epochs``, ``1,000 epochs``."""
    shown = f"{number:,}" if isinstance(number, int) else str(number)
    return f"{shown} {noun}" if number == 1 else f"{shown} {noun}s"


def ranges(numbers: Sequence[int]) -> str:
    """``3``, ``1, 2``; three or more in a row as ``1-20``."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs)


def seeds(numbers: Sequence[int]) -> str:
    """``seed 3``, ``seeds 1, 2``, ``seeds 1-20``."""
    return f"seed{'s' if len(numbers) > 1 else ''} {ranges(numbers)}"


def listed(words: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``; nothing for none."""
    return " and ".join([*filter(None, [", ".join(words[:-1])]), *words[-1:]])
