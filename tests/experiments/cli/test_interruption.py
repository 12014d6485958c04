"""Signals are noted, and things are as they were afterwards."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.cli.interruption import SIGNALS, noted_signals, tell

PROJECT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def ctrl_c_interrupts():
    """Python's own handler: what begins the tests in the background may have them ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def send(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("second_stops", [False, True])
@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_is_noted_and_nothing_is_cut_short(number, second_stops):
    with noted_signals(second_stops=second_stops) as received:
        assert received == []
        send(number)
        assert received == [number]


def test_all_signals_are_noted_in_their_order():
    with noted_signals() as received:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGINT):
            send(number)
    assert received == [signal.SIGINT, signal.SIGTERM, signal.SIGINT]


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
def test_a_second_ctrl_c_stops_at_once_where_it_is_asked_for(first):
    with noted_signals(second_stops=True) as received:
        send(first)
        send(signal.SIGTERM)  # a machine that shuts down may say so twice
        with pytest.raises(KeyboardInterrupt):
            send(signal.SIGINT)
    assert received == [first, signal.SIGTERM]


@pytest.mark.parametrize("raised", [None, ZeroDivisionError])
def test_afterwards_signals_do_what_they_did_before(raised):
    def handler(number: int, frame: object) -> None:
        raise ChildProcessError

    before = signal.signal(signal.SIGTERM, handler)
    try:
        try:
            with noted_signals(second_stops=True):
                send(signal.SIGINT)
                if raised:
                    raise raised
        except ZeroDivisionError:
            pass
        with pytest.raises(ChildProcessError):
            send(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            send(signal.SIGINT)
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no SIGHUP")
def test_what_is_to_outlive_its_terminal_does():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with noted_signals() as received:
            send(signal.SIGHUP)
            assert received == []
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


TOLD = """
import sys
from experiments.cli.interruption import tell
for number in range(3):
    tell("x" * 100_000)
    tell("and there", error=True)
sys.exit(7)
"""


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_where_nobody_listens_a_process_ends_as_it_would(stream):
    """The pipe's reader is gone: Python itself would end with another status."""
    reading, writing = os.pipe()
    os.close(reading)
    other = {"stdout": "stderr", "stderr": "stdout"}[stream]
    with open(writing, "w") as gone, open(os.devnull, "w") as null:
        ended = subprocess.run([sys.executable, "-c", TOLD], cwd=PROJECT, **{stream: gone, other: null})
    assert ended.returncode == 7


def test_a_full_disk_behind_a_stream_stops_nothing():
    with open("/dev/full", "w") as full:
        ended = subprocess.run([sys.executable, "-c", TOLD], cwd=PROJECT, stdout=full, stderr=subprocess.PIPE)
    assert ended.stderr.count(b"and there") == 3


def test_a_line_is_told(capsys):
    tell("one")
    tell("two", error=True)
    assert tuple(capsys.readouterr()) == ("one\n", "two\n")
