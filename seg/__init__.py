"""SegNet on the Oxford-IIIT Pet dataset: data, networks, losses, metrics, training, inference."""

import re

# What breaks a line, moves a terminal's cursor or turns the text's direction
_NO_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


class InputError(ValueError):
    """Something a person gave that cannot be used. Its message is one line that names the thing.

    What a file says may stand in it: a character that would make it another thing than a line is a space.
    Where the remedy depends on who asks, a command or the app, that one adds it.
    """

    def __str__(self) -> str:
        return _NO_LINE.sub(" ", super().__str__())
