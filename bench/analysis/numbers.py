"""Numbers as tables and sentences show them."""

from __future__ import annotations


def mean_text(value: float | None) -> str:
    """A mean with four decimals; ``none`` where there is none."""
    return "none" if value is None else f"{value:.4f}"


def percent_text(share: float, decimals: int = 1) -> str:
    """A share as a signed percentage without its sign: 0.012 is ``+1.2``."""
    return f"{100 * share:+z.{decimals}f}"


def share_of(value: float | None, base: float | None) -> float | None:
    """``value`` / ``base``, where 0 / 0 is 0 (nothing differs); None without both, or for a base of 0."""
    if value is None or base is None:
        return None
    if base == 0:
        return 0.0 if value == 0 else None
    return value / base


def difference_text(
    share: float | None, low: float | None, high: float | None, sign: str = "", decimals: int = 1
) -> str:
    """A difference with its interval, all as shares: ``+1.2 (-0.3 to +2.7)``; empty without a difference.

    Args:
        share: the difference.
        low: lower end of its interval; None where there is none.
        high: its upper end.
        sign: after each number, as in ``%``.
        decimals: of each number.
    """
    if share is None:
        return ""
    middle = percent_text(share, decimals) + sign
    if low is None or high is None:
        return middle
    return f"{middle} ({percent_text(low, decimals)}{sign} to {percent_text(high, decimals)}{sign})"
