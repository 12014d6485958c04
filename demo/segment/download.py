"""Masks and cut-outs as files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from demo.catalogue import Catalogue
from demo.photo import as_seen
from demo.segment.answers import Session
from demo.segment.archive import write_archive
from demo.serving.folder import new_folder
from demo.stage.answer import answer, mask_at, mask_of
from demo.stage.photos import Offered, picture_of
from experiments.segmenting.names import file_name, shift_in_name
from experiments.segmenting.pictures import cut_out, save
from seg import InputError
from seg.pets import indexed_image

# Of one archive: more would keep a small machine busy for many minutes, and fill its disk
MOST_PHOTOS, MOST_BYTES = 100, 1_000_000_000


@dataclass(frozen=True)
class Packed:
    """How far an archive is.

    Attributes:
        said: a sentence on it.
        path: of the file, once it is whole.
    """

    said: str
    path: str | None = None


def write_download(
    catalogue: Catalogue, session: Session, names: list[str], what: str, checkpoint: str, shift: object = 0
) -> str:
    """Path of the file that a download button asks for, at the photo's own size.

    Args:
        names: of the runs that are chosen.
        what: "mask" or "cutout" of one run's network; "all" for a ZIP with both of each that is chosen, of the photo
            that the session shows, as trained.
        shift: of the border's logit, in tenths within [-2, 2], at which one network's mask is seen.

    Raises:
        InputError: what was asked for is gone, cannot be read, or is too much.
    """
    if what not in ("mask", "cutout", "all"):
        raise InputError(f"there is no download {what}: reload the page")
    wanted = set(names or []) if what == "all" else {checkpoint}
    runs = [run for run in catalogue.with_checkpoint() if run.name in wanted]
    if session.photo is None or not runs:
        raise InputError("this result is gone: choose the photo again")
    photo = session.photo
    name = file_name(Path(photo.title).stem)
    if what == "all":
        with new_folder() as folder:
            target = folder / f"{name}-masks.zip"
            *_, contents = write_archive(target, [photo], runs, folders=False, most_bytes=MOST_BYTES)
            if not contents.rows:
                raise InputError(contents.left_out[0])
        return str(target)
    moved = _tenths(shift)
    mask = mask_at(photo, runs[0], moved) if moved else mask_of(answer(photo, runs[0]))
    image = indexed_image(mask) if what == "mask" else cut_out(as_seen(picture_of(photo), photo.pair), mask)
    with new_folder() as folder:
        target = folder / f"{name}-{file_name(checkpoint)}{shift_in_name(moved)}-{what}.png"
        save(image, target)
    return str(target)


def pack(catalogue: Catalogue, names: list[str], photos: Sequence[Offered]) -> Iterator[Packed]:
    """A ZIP with a folder a photo: mask and cut-out of each run of these names. Says how far it is after each photo.

    A photo that cannot be read is left out, which the archive's README tells.

    Raises:
        InputError: there is nothing to pack, or there are too many photos.
    """
    runs = [run for run in catalogue.with_checkpoint() if run.name in set(names or [])]
    if not photos or not runs:
        raise InputError("nothing to pack: choose a run and a photo")
    if len(photos) > MOST_PHOTOS:
        raise InputError(f"{len(photos)} photos are too many for one archive: choose at most {MOST_PHOTOS}")
    with new_folder() as folder:
        target = folder / "borderline-masks.zip"
        yield Packed(f"Packing: 0 of {len(photos)} photos")
        for contents in write_archive(target, photos, runs, folders=True, most_bytes=MOST_BYTES):
            yield Packed(f"Packing: {contents.photos} of {len(photos)} photos")
        if not contents.rows:
            raise InputError(contents.left_out[0])
    lost = len(contents.left_out)
    why = f" {_counted(lost)} left out, README.txt says why." if lost else ""
    yield Packed(f"{_counted(len(contents.rows))} packed.{why}", str(target))


def _tenths(shift: object) -> float:
    if not isinstance(shift, int | float) or not -2 <= shift <= 2:
        raise InputError("the border's threshold is a number from -2 to 2: reload the page")
    return round(float(shift), 1)


def _counted(masks: int) -> str:
    return f"{masks} mask is" if masks == 1 else f"{masks} masks are"
