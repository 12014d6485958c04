"""Which names of photos and runs people can be shown."""

import unicodedata

# letters that write what follows from right to left, or end that
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def is_shown(text: str) -> bool:
    """Whether it can stand in a line: no control letters, none that turn the line around, no half of a pair."""
    if text.isascii() and text.isprintable():  # most are
        return True
    return not any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") or letter in _TURNING for letter in text)
