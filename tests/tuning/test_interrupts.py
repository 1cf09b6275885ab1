"""Ctrl-C waits until nothing is half done."""

from __future__ import annotations

import os
import signal

import pytest

from bench.tuning.interrupts import INSIST, Interrupts


def ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_it_is_let_through_where_it_is_allowed() -> None:
    reached = []
    with pytest.raises(KeyboardInterrupt), Interrupts() as interrupts:
        ctrl_c()
        reached.append("work")
        with interrupts.allowed():
            reached.append("waiting")
    assert reached == ["work"]
    with pytest.raises(KeyboardInterrupt), Interrupts() as interrupts, interrupts.allowed():
        ctrl_c()
        reached.append("waiting")
    assert reached == ["work"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_it_is_not_forgotten() -> None:
    with pytest.raises(KeyboardInterrupt), Interrupts():
        ctrl_c()


def test_another_error_is_not_hidden_by_it() -> None:
    with pytest.raises(ValueError), Interrupts():
        ctrl_c()
        raise ValueError


def test_it_breaks_in_on_who_insists() -> None:
    asked = []
    with pytest.raises(KeyboardInterrupt), Interrupts():
        for number in range(1, INSIST + 1):
            asked.append(number)
            ctrl_c()
        asked.append(0)
    assert asked == [1, 2, 3]
