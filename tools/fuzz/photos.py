"""Photos and masks in every format, with all that stands beside their pixels, damaged."""

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image, ImageCms, features
from PIL.PngImagePlugin import PngInfo

from seg.labelled.masks import read_mask
from seg.photo import open_photo, seen_size, small_photo
from tools.fuzz.mutations import damaged_bytes
from tools.fuzz.trying import Attack, Broke, refusals

_PNG = b"\x89PNG\r\n\x1a\n"
# Of the photos that the doors may decode: larger ones are theirs to refuse, and take seconds
MOST_PIXELS = 1_000_000


@contextmanager
def photos(folder: Path, runs: Path) -> Iterator[Attack]:
    """Every reader of photos and masks gets the same damaged file."""
    whole = _drawn()
    path = folder / "photo"

    def attack(random: Random) -> str:
        name = random.choice(list(whole))
        content = damaged_bytes(random, whole[name])
        if content.startswith(_PNG) and random.random() < 0.8:
            content = _with_sums(content)
        path.write_bytes(content)
        return _through_all(path)

    yield attack


def _through_all(path: Path) -> str:
    outcome: list[str] = []
    size = None
    with refusals(outcome):
        size = seen_size(path)
    if size is None or size[0] * size[1] > MOST_PIXELS:
        with refusals(outcome):
            open_photo(path, MOST_PIXELS)
        return "refused"
    with refusals(outcome):
        photo = open_photo(path)
        if photo.mode != "RGB" or photo.size != size or photo.info or len(photo.getexif()):
            raise Broke("a photo that is not as was said", f"{photo.mode} {photo.size} for {size}, {list(photo.info)}")
    with refusals(outcome):
        small_photo(path, 16)
    with refusals([]):  # few pictures are masks
        mask = read_mask(path, None)
        if mask.ndim != 2 or mask.dtype != np.uint8 or mask.max() > 2:
            raise Broke("a mask that is none", f"{mask.dtype} {mask.shape} up to {mask.max()}")
    return "refused" if outcome else "read"


def _drawn() -> dict[str, bytes]:
    """Small pictures of all kinds, by a name."""
    values = np.random.default_rng(0).integers(0, 256, (24, 36, 3), dtype=np.uint8)
    picture = Image.fromarray(values)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes().replace(b"sRGB", b"mine")
    exif = Image.Exif()
    exif[0x0112], exif[0x0131], exif[0x011A] = 6, "drawn", 72.0
    exif.get_ifd(0x8769)[0x9204] = 0.5
    exif.get_ifd(0x8825)[1] = "N"
    text = PngInfo()
    text.add_text("Comment", "here", zip=True)
    text.add_itxt("XML:com.adobe.xmp", '<x tiff:Orientation="3"/>')
    beside = {"exif": exif.tobytes(), "icc_profile": profile}
    ways: dict[str, tuple[Image.Image, str, dict]] = {
        "jpeg": (picture, "JPEG", {**beside, "comment": b"here"}),
        "progressive jpeg": (picture, "JPEG", {"progressive": True}),
        "cmyk jpeg": (picture.convert("CMYK"), "JPEG", {}),
        "mpo": (picture, "MPO", {"save_all": True, "append_images": [picture]}),
        "png": (picture, "PNG", {**beside, "pnginfo": text}),
        "transparent png": (picture.convert("RGBA"), "PNG", {}),
        "palette png": (picture.quantize(8), "PNG", {"transparency": 1}),
        "16-bit png": (Image.fromarray(values[..., 0].astype(np.uint16) * 257), "PNG", {}),
        "1-bit png": (picture.convert("1"), "PNG", {}),
        "mask": (Image.fromarray(values[..., 0] % 3 + 1), "PNG", {}),
        "silhouette": (Image.fromarray((values[..., 0] // 128) * 255), "PNG", {}),
        "animated png": (picture, "PNG", {"save_all": True, "append_images": [picture.rotate(90)]}),
        "gif": (picture, "GIF", {"save_all": True, "append_images": [picture.rotate(180)], "comment": b"here"}),
        "webp": (picture, "WEBP", beside),
        "tiff": (picture, "TIFF", {"exif": exif, "icc_profile": profile}),
        "packed tiff": (picture, "TIFF", {"compression": "tiff_lzw"}),
        "lab tiff": (picture.convert("LAB"), "TIFF", {}),
        "floating tiff": (Image.fromarray(values[..., 0].astype(np.float32)), "TIFF", {}),
        **{name.lower(): (picture, name, {}) for name in ("BMP", "TGA", "PPM", "PCX", "ICO", "DIB", "SGI", "JPEG2000")},
    }
    if features.check("avif"):
        ways["avif"] = (picture, "AVIF", beside)
    drawn = {}
    for name, (image, kind, options) in ways.items():
        file = BytesIO()
        image.save(file, kind, **options)
        drawn[name] = file.getvalue()
    return drawn


def _with_sums(content: bytes) -> bytes:
    """A PNG whose checksums are right again: what is damaged is seen by who reads it."""
    whole, place = [_PNG], len(_PNG)
    while place + 12 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, place)
        if length > len(content):
            break
        body = content[place + 8 : place + 8 + length]
        whole.append(struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", zlib.crc32(kind + body)))
        place += 12 + length
    return b"".join(whole) + content[place:]
