"""What files made of a photo are called: on every system, and no two alike."""

import re
from collections.abc import Sequence

# No file name on Windows has these
_NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|\x00-\x1f]')


def file_name(title: str) -> str:
    """What a file of this photo or run is called on every system, without ending."""
    return _NOT_IN_NAMES.sub("_", title).strip(" .") or "photo"


def without_doubles(names: Sequence[str]) -> list[str]:
    """The names, numbered where one is there already, be it in other letters: some systems take both for the same."""
    told: list[str] = []
    taken: set[str] = set()
    for plain in names:
        tries = (plain if number == 1 else f"{plain} ({number})" for number in range(1, len(names) + 1))
        name = next(name for name in tries if name.lower() not in taken)
        taken.add(name.lower())
        told.append(name)
    return told


def shift_in_name(shift: float) -> str:
    """How the name of a file says that its mask has another threshold; nothing for one as trained."""
    return f"-border{float(shift):+}" if shift else ""
