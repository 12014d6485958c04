"""What Watch shows as an animation: the page draws the frames, this makes a file of them."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image, ImageColor

from demo.serving.folder import new_folder, remove
from demo.serving.pictures import file_url
from demo.serving.words import spoken
from demo.uploads import entry, several, uploaded_file, whole_number
from seg import InputError
from seg.losses import LOSSES
from seg.pets import CLASS_COLOURS
from seg.photo import BadPhoto, open_photo

KINDS = ("gif", "webp")
# The last frame stays, so that the end is seen before it begins again
LAST_MILLISECONDS = 1500
# As many as the page draws, and what they may take together in memory: 300 MB
MAX_FRAMES, MAX_PIXELS = 61, 100_000_000
# A GIF above that is drawn again with fewer colours: it is to be sent, and shown where it was sent to
LARGE_BYTES = 3_000_000
COLOURS = (255, 127, 63)  # one less than there may be: what does not change is transparent
# what is missed, false and swapped, its stripes: `stage/js/colours.js` has them
ERROR_COLOURS = ("#FF2E93", "#00D5E0", "#FFFFFF", "#15171C")
MEANT = [*CLASS_COLOURS, *ERROR_COLOURS, *(entry.colour for entry in LOSSES.values())]


def read_frames(paths: list[Path]) -> list[Image.Image]:
    """RGB frames of one size.

    Raises:
        InputError: too many, too large, of several sizes, or no pictures.
    """
    if not 0 < len(paths) <= MAX_FRAMES:
        raise InputError(f"An animation has 1 to {MAX_FRAMES} epochs.")
    frames = []
    for path in paths:
        try:
            frames.append(open_photo(path, MAX_PIXELS // len(paths)))
        except BadPhoto as error:
            if error.too_large:
                raise InputError("The animation is too large: choose fewer photos, or a smaller width.") from error
            raise InputError("A frame cannot be read: try again.") from error
    if len({frame.size for frame in frames}) > 1:
        raise InputError("The frames differ in size: try again.")
    return frames


def common_palette(frames: list[Image.Image], colours: int) -> Image.Image:
    """A palette for all frames of a GIF: what does not move costs nothing, and colours do not flicker.

    Classes and losses have their own colours in it: however few their pixels, each means something.
    """
    some = [frames[0], frames[len(frames) // 2], frames[-1]]
    strip = Image.new("RGB", (some[0].width, some[0].height * len(some)))
    for index, frame in enumerate(some):
        strip.paste(frame, (0, index * frame.height))
    meant = [channel for colour in MEANT for channel in ImageColor.getrgb(colour)]
    seen = strip.quantize(colours - len(MEANT), method=Image.Quantize.MEDIANCUT).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([*meant, *seen][: 3 * colours])
    return palette


def save_animation(frames: list[Image.Image], target: Path, milliseconds: int) -> None:
    """Write frames as the GIF or WebP that the target's suffix says; it begins again for ever."""
    durations = [milliseconds] * (len(frames) - 1) + [max(milliseconds, LAST_MILLISECONDS)]
    together: dict[str, Any] = {"save_all": True, "duration": durations, "loop": 0}
    if target.suffix != ".gif":
        frames[0].save(target, append_images=frames[1:], quality=80, method=2, **together)
        return
    for colours in COLOURS:
        palette = common_palette(frames, colours)
        drawn = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
        # `optimize` leaves out, pixel by pixel, what the frame before has already
        drawn[0].save(target, append_images=drawn[1:], optimize=True, disposal=1, **together)
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
            frames = read_frames(paths)
            milliseconds = min(max(whole_number(entry(asked, "milliseconds") or 350), 40), 4000)
        finally:
            for path in paths:
                remove(path)  # the page alone knows where it lies
        name = re.sub(r"[^\w.-]+", "-", name).strip("-.").lower()[:90] or "borderline"
        with new_folder() as folder:
            target = folder / f"{name}.{kind}"
            save_animation(frames, target, milliseconds)
        return {"url": file_url(target)}

    return [write_animation]
