"""Memory that jobs share is never lent twice, and is lent in the order in which it is asked for."""

import multiprocessing
import os
import threading
import time

import pytest

from demo.sharing.room import FULL, Room
from seg import InputError


def holding(room: Room, size: int, begun: list, release: threading.Event) -> threading.Thread:
    def work() -> None:
        with room.lent(size):
            begun.append(size)
            release.wait(20)

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def eventually(true) -> bool:
    end = time.monotonic() + 10
    while not true() and time.monotonic() < end:
        time.sleep(0.005)
    return true()


def test_no_more_is_lent_than_there_is():
    room, most, held, lock = Room(100, seconds=20), 0, 0, threading.Lock()

    def work(size: int) -> None:
        nonlocal most, held
        with room.lent(size):
            with lock:
                held += size
                most = max(most, held)
            time.sleep(0.002)
            with lock:
                held -= size

    threads = [threading.Thread(target=work, args=(10 + 7 * number % 60,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 60 < most <= 100
    assert held == 0


def test_a_small_job_does_not_overtake_a_large_one_that_waits():
    room, begun, release = Room(100, seconds=20), [], threading.Event()
    threads = [holding(room, 60, begun, release)]
    assert eventually(lambda: begun == [60])
    threads.append(holding(room, 90, begun, release))
    time.sleep(0.05)
    threads.append(holding(room, 10, begun, release))
    time.sleep(0.05)
    assert begun == [60]
    release.set()
    for thread in threads:
        thread.join()
    assert begun == [60, 90, 10]


def test_a_job_larger_than_all_there_is_has_all_of_it_alone():
    room = Room(100, seconds=0.05)
    with room.lent(10**9), pytest.raises(InputError, match="try again in a minute"), room.lent(1):
        pass
    with room.lent(100):  # all is there again
        pass


def test_who_has_waited_too_long_is_told_and_is_in_nobodys_way():
    room, begun, release = Room(100, seconds=0.1), [], threading.Event()
    thread = holding(room, 50, begun, release)
    assert eventually(lambda: begun == [50])
    with pytest.raises(InputError) as refused, room.lent(60):
        pass
    assert str(refused.value) == FULL
    with room.lent(50):
        release.set()
    thread.join()


def test_a_job_that_fails_gives_back_what_it_had():
    room = Room(100, seconds=0.05)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), room.lent(100):
            _ = 1 / 0
    with room.lent(100):
        pass


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not split off here")
def test_in_a_process_that_is_split_off_nothing_is_lent():
    room, begun, release = Room(100, seconds=5), [], threading.Event()
    threads = [holding(room, 100, begun, release)]
    assert eventually(lambda: begun == [100])
    threads.append(holding(room, 10, begun, release))
    assert eventually(lambda: len(room._waiting) == 1)

    def ask() -> None:
        with room.lent(100):
            os._exit(7)

    process = multiprocessing.get_context("fork").Process(target=ask)
    process.start()
    process.join()
    assert (process.exitcode, begun) == (7, [100])
    release.set()
    for thread in threads:
        thread.join()
    assert begun == [100, 10]
