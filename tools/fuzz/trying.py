"""One kind of attack, tried again and again: what held, what did not, and how to do that one once more."""

import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from seg import InputError

# Seconds that one answer may take on a busy machine
PATIENCE = 60
# Letters that one line may have, the path of a file in it included
LINE = 1_000

# An attack draws its input, hands it to the doors, and raises where something else comes back than a result or a
# refusal in one line. It returns what it did, for the report
Attack = Callable[[Random], object]
# Given a folder of its own to work in, and one of whole runs
Kind = Callable[[Path, Path], AbstractContextManager[Attack]]


class Broke(AssertionError):
    """A door did what none may do.

    Attributes:
        what: it did, in a few words: of those that did the same, the first is told.
    """

    def __init__(self, what: str, told: object = "") -> None:
        super().__init__(f"{what}: {told}")
        self.what = what


@dataclass
class Tried:
    """What became of one kind.

    Attributes:
        attacks: how many there were.
        refused: how many of them were refused in one line.
        broke: by the place in the code, the number of the first attack that broke there, and what was raised.
    """

    attacks: int = 0
    refused: int = 0
    broke: dict[str, tuple[int, str]] = field(default_factory=dict)


def keep_trying(attack: Attack, seed: int, seconds: float, after_each: Callable[[], object] = lambda: None) -> Tried:
    """Attacks 0, 1, 2, …, each drawn from the seed and its number alone, for so many seconds."""
    tried, until = Tried(), time.monotonic() + seconds
    while time.monotonic() < until:
        try_one(attack, seed, tried.attacks, tried)
        tried.attacks += 1
        after_each()
    return tried


def try_one(attack: Attack, seed: int, number: int, tried: Tried) -> None:
    """One attack of that seed."""
    began = time.monotonic()
    try:
        tried.refused += attack(Random(f"{seed} {number}")) == "refused"
        if time.monotonic() - began > PATIENCE:
            raise Broke(f"no answer for {time.monotonic() - began:.0f} s")
    except Exception as error:
        place = _place(error)
        tried.broke.setdefault(place, (number, "".join(traceback.format_exception(error))))


def _place(error: Exception) -> str:
    """What was done; or the last line of this project that the error came through, and the error's kind."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "site-packages" not in frame.filename]
    last = frames[-1]
    return error.what if isinstance(error, Broke) else f"{type(error).__name__} at {last.filename}:{last.lineno}"


@contextmanager
def refusals(outcome: list[str]) -> Iterator[None]:
    """A refusal in one line is an answer as good as any; `outcome` remembers it."""
    try:
        yield
    except InputError as error:
        one_line(str(error))
        outcome.append("refused")


def one_line(said: str) -> None:
    """A refusal that a person can read.

    Raises:
        Broke: it is empty, of several lines, or endless.
    """
    if not said.strip() or len(said.splitlines()) > 1 or len(said) > LINE:
        raise Broke("no line that a person reads", repr(said[:300]))
