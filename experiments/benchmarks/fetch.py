"""Photos decoded to squares: how `experiments.benchmark fetch` measures it."""

import io
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageCms, ImageOps

from experiments.benchmarks.inputs import USUAL_SIZE, drawn_photo
from experiments.benchmarks.side_by_side import NotMeasured, Peer, Row, Setting, at_least
from seg.labelled.decoding import Pairs, decode
from seg.labelled.pairs import Pair, pairs_of
from seg.labelled.workers import usable_cores
from seg.pets import TEST, listed_photos, photo_path, trimap_path

PHOTOS, TIMES, SIDE = 60, 10, 128


def rows(setting: Setting) -> Iterator[Row | NotMeasured]:
    """Photos with their trimaps, each ten times, from files that the system remembers."""
    root = setting.folder if setting.data is None else setting.data
    pairs = pairs_of(root, draw_dataset(setting) if setting.data is None else _some(listed_photos(root, TEST)))
    missing = next((pair.photo for pair in pairs if not pair.photo.is_file()), None)
    if missing is not None:
        yield NotMeasured("decode", f"{missing} is missing")
        return
    files = sum(pair.photo.stat().st_size for pair in pairs) / len(pairs)
    repeated = Pairs(root, pairs * TIMES, SIDE)
    yield Row(
        f"decode {len(pairs)} photos of {files / 1000:.0f} kB, {TIMES} times each",
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


def _some(names: list[str]) -> list[str]:
    """So many of a split's photos, of every breed."""
    return names[:: max(1, len(names) // PHOTOS)][:PHOTOS]


def draw_dataset(setting: Setting) -> list[str]:
    """Draw photos and trimaps in the layout of the dataset, in the benchmark's own folder; their names.

    Photos are as large as most of the dataset's, every other one upright.
    """
    names = [f"drawn_{number}" for number in range(PHOTOS)]
    for number, name in enumerate(names):
        photo, trimap = photo_path(setting.folder, name), trimap_path(setting.folder, name)
        for path in (photo, trimap):
            path.parent.mkdir(parents=True, exist_ok=True)
        size = USUAL_SIZE[:: 1 if number % 2 else -1]
        drawn_photo(setting, size, number).replace(photo)
        down, across = np.mgrid[: size[1], : size[0]]
        distance = np.hypot(down - size[1] / 2, across - size[0] / 2) / min(size)
        values = np.select([distance < 0.3, distance > 0.33], [1, 2], 3).astype(np.uint8)
        Image.fromarray(values).save(trimap)
    return names


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
                seen = ImageCms.profileToProfile(seen, own, srgb, outputMode="RGB")
        square = seen.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
        with Image.open(pair.label) as label:
            mask = label.resize((SIDE, SIDE), Image.Resampling.NEAREST)
        photos.append(np.asarray(square).transpose(2, 0, 1))
        masks.append(np.asarray(mask) - 1)
    return np.stack(photos), np.stack(masks)
