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


def duration(seconds: float) -> str:
    """``0.4 s``, ``12 s``, ``3 min 20 s``, ``25 min``, ``2 h 5 min``, ``3 d 4 h``: for forecasts."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    if seconds < 595:
        minutes, rest = divmod(10 * round(seconds / 10), 60)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(round(seconds / 3600), 24)
    return f"{days} d {hours} h" if hours else f"{days} d"
