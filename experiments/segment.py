"""Segment photos of your own: `python -m experiments.segment PHOTO`."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from experiments.cli.command_line import (
    RESULTS,
    OneLineParser,
    add_device_option,
    choose_device,
    number,
    remedies,
    run_command,
    writing,
)
from experiments.cli.interruption import noted_signals
from experiments.cli.program import typed
from experiments.segmenting.names import without_doubles
from experiments.segmenting.photos import find_photos
from experiments.segmenting.pictures import PICTURES, class_shares
from experiments.segmenting.weights import named_weights
from experiments.segmenting.written import TABLE, NoFolder, NotOurs, Target, plan, prepare, write_picture, write_table
from seg import InputError
from seg.photo import BadPhoto, open_photo

if TYPE_CHECKING:
    from seg.inference import Segmenter

# Shipped, and of the loss that no other was shown to beat at the border
DEFAULT = RESULTS / "ce-s0"
# The border's logit moves by no more than the scores at a moved threshold are known for
MOST_SHIFT = 6


@dataclass(frozen=True)
class LeftOut:
    """A photo, or a network's picture of it, that there is not, and why."""

    why: str


def main(arguments: list[str] | None) -> int:
    """Segment the photos and write what was asked for; 0 all done, 1 not all could be, 130 stopped."""
    options = _parser().parse_args(arguments)
    photos = find_photos(options.photo)
    weights = _weights(options.run or [str(DEFAULT)])
    planned = plan(photos, list(weights), options.shift)
    kinds = [kind for kind in PICTURES if kind in (options.kinds or ["mask"])]
    with remedies(_remedy):
        prepare(options.out, planned, kinds)
    # torch takes seconds to import: a wrong option is answered before
    from seg.inference import Segmenter

    device = choose_device(options.device)
    networks = {name: Segmenter.load(path, device) for name, path in weights.items()}
    rows: list[dict[str, str]] = []
    left_out: list[str] = []
    with noted_signals(second_stops=True) as received, tqdm(total=len(planned), unit="mask") as progress:
        try:
            for made in _segmented(planned, networks, kinds, options.shift, options.out):
                if isinstance(made, LeftOut):
                    left_out.append(made.why)
                else:
                    rows.append(made)
                progress.update()
                if received:
                    break
        finally:  # what is done is told, whatever stopped the rest
            if rows:
                with writing(options.out / TABLE, "make room there, and run this again"):
                    write_table(options.out, rows)
    for why in dict.fromkeys(left_out):
        print(f"left out: {why}", file=sys.stderr)
    stopped, where = "Stopped: " if received else "", f", see {options.out / TABLE}" if rows else ""
    print(f"{stopped}{len(rows)} of {len(planned)} done{where}")
    return 130 if received else 1 if left_out else 0


def _segmented(
    planned: list[Target], networks: dict[str, Segmenter], kinds: list[str], shift: float, out: Path
) -> Iterator[dict[str, str] | LeftOut]:
    """Write the pictures of each target; gives its row of the table, or why there is none."""
    from seg.thresholds.shift import shifted_mask

    opened, photo = None, None
    for target in planned:
        try:
            if target.photo != opened or photo is None:
                opened, photo = target.photo, None
                photo = open_photo(target.photo.path)
            started = time.perf_counter()
            prediction = networks[target.run].predict(photo)
            milliseconds = 1000 * (time.perf_counter() - started)
            mask = shifted_mask(prediction.probabilities, shift) if shift else prediction.mask
            for kind in kinds:
                write_picture(PICTURES[kind](photo, mask), out / target.file(kind))
        except BadPhoto as error:
            yield LeftOut(str(error))
            continue
        except OSError as error:  # such as a name that is too long for where it goes
            yield LeftOut(f"{target.photo.path}: {out / target.stem} cannot be written ({error.strerror or error})")
            continue
        row: dict[str, object] = {"photo": target.photo.path, "run": target.run}
        row |= {"width": photo.width, "height": photo.height}
        row |= {name: f"{share:.6f}" for name, share in class_shares(mask).items()}
        row |= {"milliseconds": f"{milliseconds:.1f}", "file": target.file(kinds[0]).as_posix()}
        yield {name: str(value) for name, value in row.items()}


def _weights(given: list[str]) -> dict[str, Path]:
    """The weights of these runs, each once, by what the run is called in names of files.

    Raises:
        InputError: there is no such run, or its weights are not here.
    """
    found: dict[Path, str] = {}
    for name, path in map(named_weights, given):
        found.setdefault(path, name)
    return dict(zip(without_doubles(list(found.values())), found, strict=True))


def _remedy(error: InputError) -> str | None:
    match error:
        case NotOurs():
            return "pass another --out DIR, or move it away"
        case NoFolder():
            return "pass another --out DIR"
    return None


def _parser() -> OneLineParser:
    parser = OneLineParser(
        prog=typed("segment"),
        description="Segment photos of your own: what is pet, background and border, at each photo's own size.",
        epilog=f"Files are called PHOTO-RUN-mask.png and so on, in the folders of the photos below DIR. Those of an "
        f"earlier call are replaced by files of the same name, any other file never. DIR/{TABLE} has a row a photo and "
        "run: shares of the classes, time, and the file, the first where there are several kinds. Nothing that a "
        "photo's file says of place, time or camera is copied.",
    )
    parser.add_argument(
        "photo",
        nargs="+",
        metavar="PHOTO",
        help="a photo, a folder, with all photos in it and below, or a pattern such as 'pets/**/*.jpg'",
    )
    parser.add_argument(
        "--run",
        nargs="+",
        action="extend",
        metavar="RUN",
        help="runs whose networks segment: names, folders or .safetensors files, also on the Hugging Face Hub: "
        f"hf://USER/NAME[@REVISION][/FOLDER] (default: the shipped {DEFAULT.name}, unweighted cross-entropy, which no "
        "other loss is shown to beat at the border)",
    )
    parser.add_argument(
        "--as",
        dest="kinds",
        nargs="+",
        action="extend",
        choices=list(PICTURES),
        help="mask: an indexed PNG of 0 pet, 1 background, 2 border; overlay: those colours over the photo; cut-out: "
        "the pet alone, the rest transparent (default: mask)",
    )
    parser.add_argument(
        "--shift",
        type=number(float, least=-MOST_SHIFT, most=MOST_SHIFT),
        default=0.0,
        metavar="D",
        help="add D to the border's logit: above 0 for more border, as the app's slider does (default: 0)",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("segments"), metavar="DIR", help="where files go (default: segments)"
    )
    add_device_option(parser)
    return parser


if __name__ == "__main__":
    run_command(main)
