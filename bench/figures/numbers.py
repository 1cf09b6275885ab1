"""Ticks of axes over several powers of ten, as numbers: 200 and 50k, not 2 x 10^2."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axis import Axis


def plain_numbers(axis: Axis) -> None:
    """Set the ticks of an axis on any scale; call it when its limits stand."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, SymmetricalLogLocator

    scale = axis.get_scale()
    if scale == "log":
        low, high = axis.get_view_interval()
        axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 100 * low else (1,)))
    elif scale == "symlog":
        axis.set_major_locator(SymmetricalLogLocator(axis.get_transform()))
    axis.set_major_formatter(FuncFormatter(lambda value, _: short_number(value)))
    axis.set_minor_formatter(NullFormatter())


def short_number(value: float) -> str:
    """``0.05``, ``200``, ``5,000``, ``50k``, ``2M``."""
    for unit, sign in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= unit and (unit > 1e3 or abs(value) >= 1e4):
            return f"{value / unit:g}{sign}"
    return f"{value:,g}"
