"""Photos decoded to squares: how `experiments.benchmark fetch` measures it."""

import io
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageCms, ImageOps

from experiments.benchmarks.inputs import labelled_files
from experiments.benchmarks.side_by_side import NotMeasured, Peer, Row, Setting, at_least
from seg.labelled.decoding import Pairs, decode
from seg.labelled.pairs import Pair
from seg.labelled.workers import usable_cores
from seg.pets import TEST

PHOTOS, TIMES, SIDE = 60, 10, 128


def rows(setting: Setting) -> Iterator[Row | NotMeasured]:
    """Photos with their trimaps, each ten times, from files that the system remembers."""
    files = labelled_files(setting, PHOTOS, TEST)
    pairs = [Pair(photo.stem, photo, label) for photo, label in files]
    missing = next((pair.photo for pair in pairs if not pair.photo.is_file()), None)
    if missing is not None:
        yield NotMeasured("decode", f"{missing} is missing")
        return
    size = sum(photo.stat().st_size for photo, _ in files) / len(files)
    repeated = Pairs(setting.folder, pairs * TIMES, SIDE)
    yield Row(
        f"decode {len(pairs)} photos of {size / 1000:.0f} kB, {TIMES} times each",
        "photos/s",
        lambda: decode(repeated, "of the benchmark", skip_bad=False),
        Peer(
            "PIL and resize in one process",
            lambda: decode_alone(repeated.pairs),
            "exif_transpose, profileToProfile to sRGB, convert, resize with BILINEAR, labels with NEAREST, no checks; "
            f"ours has {usable_cores()} cores",
        ),
        goal=at_least(1.8),
        amount=len(repeated),
    )


def decode_alone(pairs: list[Pair]) -> tuple[np.ndarray, np.ndarray]:
    """The photos (N, 3, S, S) uint8 and masks (N, S, S) uint8, one after the other with Pillow."""
    srgb, photos, masks = ImageCms.createProfile("sRGB"), [], []
    for pair in pairs:
        with Image.open(pair.photo) as photo:
            seen = ImageOps.exif_transpose(photo)
            profile = seen.info.get("icc_profile")
        if profile:
            own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if "srgb" not in ImageCms.getProfileDescription(own).lower():
                seen = ImageCms.profileToProfile(seen, own, srgb, outputMode="RGB") or seen
        square = seen.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
        with Image.open(pair.label) as label:
            mask = label.resize((SIDE, SIDE), Image.Resampling.NEAREST)
        photos.append(np.asarray(square).transpose(2, 0, 1))
        masks.append(np.asarray(mask) - 1)
    return np.stack(photos), np.stack(masks)
