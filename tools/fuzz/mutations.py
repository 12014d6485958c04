"""What becomes of bytes, JSON and tables on bad disks, in bad editors and in bad hands; all drawn from one `Random`."""

import copy
import csv
import io
import json
import struct
from random import Random
from typing import Any

# What stands where a number, a word, a list or a table belongs
HOSTILE: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, -(10**30), 0.5, -0.0, 1e308, 5e-324),
    *(float("nan"), float("inf"), -float("inf")),
    *("", " ", "0", "1e999", "nan", "ce", "finished", "\0", "a\nb", "\u202ereversed", "a" * 5_000, "ünïcödé 🐕"),
    *("../../etc/passwd", "/", "C:\\", "=1+1", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "${1}"),
    *([], {}, [[]], [None], [0] * 1_000, {"": None}, {"a": {"b": {"c": []}}}, [[["deep"]]]),
)
_INTEGERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_CELLS = (
    "",
    "-",
    "nan",
    "inf",
    "-1",
    "1e999",
    "0,57",
    "57 %",
    "1.234,5",
    "=1+1",
    "a",
    '"',
    "٣",
    "0x10",
    "1_000",
    "9" * 40,
)


def damaged_bytes(random: Random, content: bytes) -> bytes:
    """The content with some of it changed, cut, doubled or left out."""
    damaged = bytearray(content)
    for _ in range(random.choice((1, 1, 2, 4, 16))):
        at = random.randrange(len(damaged) + 1)
        span = random.choice((1, 2, 4, 16, 300))
        match random.randrange(6):
            case 0 if at < len(damaged):
                damaged[at] ^= 1 << random.randrange(8)
            case 1:
                form = random.choice(("<B", "<H", ">H", "<I", ">I"))
                number = random.choice(_INTEGERS) % (1 << 8 * struct.calcsize(form))
                damaged[at : at + struct.calcsize(form)] = struct.pack(form, number)
            case 2:
                del damaged[at : at + span]
            case 3:
                damaged[at:at] = damaged[at : at + span]
            case 4:
                damaged[at:at] = random.randbytes(span)
            case _ if random.random() < 0.2:
                del damaged[at:]
    return bytes(damaged)


def damaged_json(random: Random, content: bytes) -> bytes:
    """JSON of which some values, keys or bytes are others."""
    if random.random() < 0.2:
        return damaged_bytes(random, content)
    value = json.loads(content)
    for _ in range(random.choice((1, 1, 1, 2, 5))):
        value = damaged_value(random, value)
    if random.random() < 0.03:
        return b'{"options":' * 20_000
    return json.dumps(value).encode(errors="surrogatepass")


def damaged_value(random: Random, value: Any) -> Any:
    """A copy with one thing in it, at any depth, another one, gone, doubled, or wrapped."""
    value = copy.deepcopy(value)
    places = list(_places(value))
    if not places or random.random() < 0.02:
        return random.choice(HOSTILE)
    inside, key = random.choice(places)
    match random.randrange(8):
        case 0:
            del inside[key]
        case 1:
            inside[key] = [inside[key]]
        case 2:
            inside[key] = {"value": inside[key]}
        case 3:
            inside[key] = str(inside[key])
        case 4 if isinstance(inside[key], list):
            inside[key] = inside[key] * random.choice((0, 2, 50))
        case 5 if isinstance(inside[key], int | float):
            inside[key] = inside[key] * random.choice((-1, 0.5, 1000, 10**20))
        case _:
            inside[key] = random.choice(HOSTILE)
    return value


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every list or table inside with each of its keys."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    return [place for key in keys for place in ((value, key), *_places(value[key]))]


def damaged_table(random: Random, content: bytes) -> bytes:
    """A CSV as a spreadsheet, an editor or a full disk leaves it."""
    if random.random() < 0.2:
        return damaged_bytes(random, content)
    rows = list(csv.reader(io.StringIO(content.decode())))
    delimiter, newline, encoding = ",", "\n", "utf-8"
    for _ in range(random.choice((1, 1, 2, 4))):
        row = random.randrange(len(rows))
        column = random.randrange(max(1, len(rows[row])))
        match random.randrange(10):
            case 0:
                rows[row] = rows[row][:column]
            case 1:
                rows.append(list(rows[row]))
            case 2 if len(rows) > 2:
                del rows[row]
            case 3:
                random.shuffle(rows)
            case 4:
                rows = [[cell.replace(".", ",") for cell in each] for each in rows]
            case 5:
                delimiter = random.choice((";", "\t", "|"))
            case 6:
                encoding = random.choice(("utf-8-sig", "utf-16", "cp1252"))
            case 7:
                newline = random.choice(("\r\n", "\r", ""))
            case _ if rows[row]:
                rows[row][min(column, len(rows[row]) - 1)] = random.choice(_CELLS)
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=newline).writerows(rows)
    return text.getvalue().encode(encoding, errors="replace")
