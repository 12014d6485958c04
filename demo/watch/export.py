"""What Watch shows as an animation: the page draws the frames, this makes a file of them."""

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image, ImageColor

from demo.serving.folder import new_folder, remove
from demo.serving.pictures import file_url
from demo.serving.words import spoken
from demo.sharing.room import LARGE
from demo.uploads import entry, several, uploaded_file, whole_number
from seg import InputError
from seg.losses import LOSSES
from seg.pets import CLASS_COLOURS
from seg.photo import BadPhoto, open_photo, stored_size

KINDS = ("gif", "webp")
# The last frame stays, so that the end is seen before it begins again
LAST_MILLISECONDS = 1500
# As many as the page draws, and their pixels together, of which a GIF keeps a byte each until it is written
MAX_FRAMES, MAX_PIXELS = 61, 100_000_000
# Few frames are to be no larger than so many, for each is read whole; and what one pixel of all takes on the way
LEAST_COUNTED, BYTES_PER_PIXEL = 8, 3
# Pixels of a frame that its palette is made of
SAMPLED = 1_000_000
# A GIF above that is drawn again with fewer colours: it is to be sent, and shown where it was sent to
LARGE_BYTES = 3_000_000
COLOURS = (255, 127, 63)  # one less than there may be: what does not change is transparent
# what is missed, false and swapped, its stripes: `stage/js/colours.js` has them
ERROR_COLOURS = ("#FF2E93", "#00D5E0", "#FFFFFF", "#15171C")
MEANT = [*CLASS_COLOURS, *ERROR_COLOURS, *(entry.colour for entry in LOSSES.values())]

DIFFER = "The frames differ in size: try again."

Used = TypeVar("Used")


class Frames(Image.Image):
    """The frames of an animation, of one size, in files: each is read when it is its turn, so that one is in memory."""

    def __init__(self, paths: list[Path], colours: int | None = None) -> None:
        """
        Args:
            colours: of a palette that all have in common, as a GIF needs it; None leaves them RGB.

        Raises:
            InputError: too many, too large, of several sizes, or no pictures.
        """
        super().__init__()
        counted_pixels(paths)
        self._paths = paths
        some = [_sample(self.read(place)) for place in (0, len(paths) // 2, -1)] if colours else []
        self._common = common_palette(some, colours) if colours else None
        self._place = -1
        self.n_frames = len(paths)
        self.seek(0)

    def read(self, place: int) -> Image.Image:
        """A frame, RGB.

        Raises:
            InputError: it cannot be read.
        """
        return _read(self._paths[place], open_photo)

    def seek(self, frame: int) -> None:
        """Become this frame.

        Raises:
            EOFError: there is none, as Pillow says it.
        """
        if frame == self._place:
            return
        if not 0 <= frame < len(self._paths):
            raise EOFError
        shown = self.read(frame)
        if self._place >= 0 and shown.size != self.size:  # one of them is turned
            raise InputError(DIFFER)
        if self._common is not None:
            shown = shown.quantize(palette=self._common, dither=Image.Dither.NONE)
        self.im, self._mode, self._size, self.palette = shown.im, shown.mode, shown.size, shown.palette
        self._place = frame

    def tell(self) -> int:
        """Which frame it is."""
        return self._place


def counted_pixels(paths: list[Path]) -> int:
    """How many pixels the frames of an animation count as: those of all together, and of a few as if they were more.

    Raises:
        InputError: too many, too large, of several sizes, or no pictures.
    """
    if not 0 < len(paths) <= MAX_FRAMES:
        raise InputError(f"An animation has 1 to {MAX_FRAMES} epochs.")
    sizes = {_read(path, stored_size) for path in paths}
    pixels = max(width * height for width, height in sizes) * max(len(paths), LEAST_COUNTED)
    if pixels > MAX_PIXELS:
        raise InputError("The animation is too large: choose fewer photos, or a smaller width.")
    if len(sizes) > 1:
        raise InputError(DIFFER)
    return pixels


def _read(path: Path, read: Callable[[Path], Used]) -> Used:
    try:
        return read(path)
    except BadPhoto as error:
        raise InputError("A frame cannot be read: try again.") from error


def _sample(frame: Image.Image) -> Image.Image:
    """Some of a frame's pixels as they are: enough for a palette."""
    scale = math.sqrt(SAMPLED / (frame.width * frame.height))
    if scale >= 1:
        return frame
    size = max(1, round(scale * frame.width)), max(1, round(scale * frame.height))
    return frame.resize(size, Image.Resampling.NEAREST)


def common_palette(frames: list[Image.Image], colours: int) -> Image.Image:
    """A palette for all frames of a GIF, made of some: what does not move costs nothing, and colours do not flicker.

    Classes and losses have their own colours in it: however few their pixels, each means something.
    """
    strip = Image.new("RGB", (frames[0].width, frames[0].height * len(frames)))
    for index, frame in enumerate(frames):
        strip.paste(frame, (0, index * frame.height))
    meant = [channel for colour in MEANT for channel in ImageColor.getrgb(colour)]
    seen = strip.quantize(colours - len(MEANT), method=Image.Quantize.MEDIANCUT).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([*meant, *seen][: 3 * colours])
    return palette


def save_animation(paths: list[Path], target: Path, milliseconds: int) -> None:
    """Write frames as the GIF or WebP that the target's suffix says; it begins again for ever.

    Raises:
        InputError: too many, too large, of several sizes, or no pictures.
    """
    durations = [milliseconds] * (len(paths) - 1) + [max(milliseconds, LAST_MILLISECONDS)]
    together: dict[str, Any] = {"save_all": True, "duration": durations, "loop": 0}
    if target.suffix != ".gif":
        Frames(paths).save(target, quality=80, method=2, **together)
        return
    for colours in COLOURS:
        # `optimize` leaves out, pixel by pixel, what the frame before has already
        Frames(paths, colours).save(target, optimize=True, disposal=1, **together)
        if target.stat().st_size <= LARGE_BYTES:
            return


def export_functions() -> list[Callable[[object], dict]]:
    """What the page calls as `server.write_animation({frames, kind, name, milliseconds})`; it answers `url` or `error`.

    The frames, which it has uploaded for this, are removed.
    """

    @spoken
    def write_animation(asked: object) -> dict:
        paths: list[Path] = []
        try:
            kind, name = entry(asked, "kind"), str(entry(asked, "name") or "")
            if kind not in KINDS:
                raise InputError(f"An animation is a {' or a '.join(KINDS)}.")
            paths += [uploaded_file(path) for path in several(asked, "frames")]
            milliseconds = min(max(whole_number(entry(asked, "milliseconds") or 350), 40), 4000)
            name = re.sub(r"[^\w.-]+", "-", name).strip("-.").lower()[:90] or "borderline"
            with new_folder() as folder, LARGE.lent(BYTES_PER_PIXEL * counted_pixels(paths)):
                target = folder / f"{name}.{kind}"
                save_animation(paths, target, milliseconds)
        finally:
            for path in paths:
                remove(path)  # the page alone knows where it lies
        return {"url": file_url(target)}

    return [write_animation]
