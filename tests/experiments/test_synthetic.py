"""`python -m experiments.synthetic` draws photos that are one's own to all that follows, and draws over nothing."""

import numpy as np
import pytest
from PIL import Image, ImageOps

from experiments import synthetic
from seg.labelled.pairs import listed_photos, pairs_of


def test_photos_have_masks_of_what_stands_out(tmp_path):
    assert synthetic.main([str(tmp_path / "drawn"), "--photos", "10", "--side", "64"]) == 0
    names = [name for split in ("trainval", "test") for name in listed_photos(tmp_path / "drawn", split)]
    assert len(names) == 10
    lying = 0
    for pair in pairs_of(tmp_path / "drawn", names):
        with Image.open(pair.photo) as stored:
            seen = np.asarray(ImageOps.exif_transpose(stored), dtype=float)
            lying += stored.getexif().get(0x0112) == 6
        inside = np.asarray(Image.open(pair.label)) == 255
        assert seen.shape[:2] == inside.shape and max(inside.shape) == 64
        assert 0.03 < inside.mean() < 0.6
        assert np.abs(seen[inside].mean(axis=0) - seen[~inside].mean(axis=0)).max() > 5
    assert lying == 2


def test_the_same_seed_draws_the_same(tmp_path):
    for name, seed in (("one", "3"), ("two", "3"), ("three", "4")):
        synthetic.main([str(tmp_path / name), "--photos", "2", "--side", "32", "--seed", seed])
    one, two, three = (
        [path.read_bytes() for path in sorted((tmp_path / name).rglob("*.jpg"))] for name in ("one", "two", "three")
    )
    assert one == two and one != three


@pytest.mark.parametrize("taken", ["file", "folder"])
def test_nothing_is_drawn_over(command, tmp_path, taken):
    kept = tmp_path / "kept"
    if taken == "folder":
        kept.mkdir()
    (kept / "photo.jpg" if taken == "folder" else kept).write_bytes(b"mine")
    ended = command(synthetic, kept)
    assert ended.status == 2
    assert ended.error.strip() == f"error: {kept} is not empty: give a folder that is, or a new one"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [
        kept / "photo.jpg" if taken == "folder" else kept
    ]
