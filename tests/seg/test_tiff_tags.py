"""What stands in a TIFF beside its pixels never decides whether these can be used, nor which way is up."""

import struct

import numpy as np
import pytest

from seg.photo import BadPhoto, open_photo, seen_size, small_photo

ASCII, SHORT, LONG, RATIONAL, UNDEFINED, SRATIONAL, FLOAT = 2, 3, 4, 5, 7, 10, 11
X_RESOLUTION, SOFTWARE, XMP, IPTC, PHOTOSHOP, PROFILE = 0x011A, 0x0131, 700, 33723, 34377, 34675
EXIF_FOLDER, GPS_FOLDER, OTHER_FOLDER, EXPOSURE = 0x8769, 0x8825, 0xA005, 0x9204
FAR = struct.pack("<I", 0x7FFFFFFF)
WIDTH, HEIGHT = 10, 6
PIXELS = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)


def tiff(entry: tuple[int, int, int, bytes | None], after: bytes = b"", orientation: int = 6) -> bytes:
    """A TIFF of PIXELS with one more entry: tag, type, count, and four bytes; for None the place of `after`."""
    beside = 8 + 2 + 12 * 12 + 4
    pixels_at = beside + 6 + len(after)
    numbers = {256: WIDTH, 257: HEIGHT, 262: 2, 273: pixels_at, 274: orientation, 277: 3, 278: HEIGHT, 284: 1}
    numbers |= {259: 1, 279: PIXELS.size}
    entries = [(tag, LONG, 1, struct.pack("<I", value)) for tag, value in numbers.items()]
    tag, kind, count, value = entry
    entries += [(258, SHORT, 3, struct.pack("<I", beside)), (tag, kind, count, value or struct.pack("<I", beside + 6))]
    folder = b"".join(struct.pack("<HHI", *head) + value for *head, value in sorted(entries))
    head = b"II*\0" + struct.pack("<IH", 8, len(entries))
    return head + folder + bytes(4) + struct.pack("<HHH", 8, 8, 8) + after + PIXELS.tobytes()


ODD = {
    "nothing odd": tiff((SOFTWARE, ASCII, 4, b"mine")),
    "zero over zero": tiff((X_RESOLUTION, RATIONAL, 1, None), struct.pack("<II", 0, 0)),
    "a negative zero": tiff((EXPOSURE, SRATIONAL, 1, None), struct.pack("<ii", -1, 0)),
    "text where a number belongs": tiff((X_RESOLUTION, ASCII, 4, b"72\0\0")),
    "a number where text belongs": tiff((SOFTWARE, SHORT, 1, b"\7\0\0\0")),
    "no number": tiff((X_RESOLUTION, FLOAT, 1, struct.pack("<f", float("nan")))),
    "a type that there is not": tiff((SOFTWARE, 99, 1, b"\0\0\0\0")),
    "a value beyond the end": tiff((SOFTWARE, ASCII, 100, FAR)),
    "more values than bytes": tiff((X_RESOLUTION, RATIONAL, 0x3FFFFFFF, None)),
    "no value": tiff((X_RESOLUTION, RATIONAL, 0, b"\0\0\0\0")),
    "a folder beyond the end": tiff((EXIF_FOLDER, LONG, 1, FAR)),
    "a folder in itself": tiff((EXIF_FOLDER, LONG, 1, struct.pack("<I", 8))),
    "a folder that belongs in another": tiff((OTHER_FOLDER, LONG, 1, FAR)),
    "a place that is text": tiff((GPS_FOLDER, ASCII, 4, b"here")),
    "XMP of numbers": tiff((XMP, SHORT, 2, b"\1\2\3\4")),
    "XMP of bytes that are no text": tiff((XMP, UNDEFINED, 4, b"\xff\xfe\xfd\0")),
    "captions that are numbers": tiff((IPTC, LONG, 1, b"\xff\xfe\xfd\0")),
    "half of what an editor writes": tiff((PHOTOSHOP, UNDEFINED, 4, b"8BIM")),
    "a profile that is a number": tiff((PROFILE, SHORT, 1, b"\1\0\0\0")),
    "no profile in its place": tiff((PROFILE, UNDEFINED, 0, b"\0\0\0\0")),
}


@pytest.mark.parametrize("content", ODD.values(), ids=ODD)
def test_odd_tags_neither_refuse_a_tiff_nor_hide_which_way_is_up(tmp_path, content):
    path = tmp_path / "photo.tif"
    path.write_bytes(content)
    seen = np.rot90(PIXELS, -1)
    np.testing.assert_array_equal(np.asarray(open_photo(path)), seen)
    np.testing.assert_array_equal(np.asarray(small_photo(path, 100)), seen)
    assert seen_size(path) == (HEIGHT, WIDTH)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_tiff_whose_tags_pillow_cannot_read_is_turned_as_one_whose_tags_it_can(tmp_path, orientation):
    for name, entry in (("good", (SOFTWARE, ASCII, 4, b"mine")), ("odd", (OTHER_FOLDER, LONG, 1, FAR))):
        (tmp_path / name).write_bytes(tiff(entry, orientation=orientation))
    np.testing.assert_array_equal(np.asarray(open_photo(tmp_path / "good")), np.asarray(open_photo(tmp_path / "odd")))


def test_odd_tags_do_not_make_half_a_tiff_a_whole_one(tmp_path):
    (tmp_path / "half.tif").write_bytes(tiff((OTHER_FOLDER, LONG, 1, FAR))[:-50])
    with pytest.raises(BadPhoto):
        open_photo(tmp_path / "half.tif")
