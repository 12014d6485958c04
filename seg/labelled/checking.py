"""All that is wrong with a folder of photos and labels, at once: reading a split for training stops at the first."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from seg import InputError
from seg.labelled import own
from seg.labelled.masks import BORDER_WIDTH, read_mask
from seg.labelled.pairs import Pair, are_own, list_faults, listed_photos, pairs_of
from seg.labelled.workers import in_threads
from seg.pets import SPLITS, DatasetMissing


def listed_pairs(root: Path, border_width: float = BORDER_WIDTH) -> tuple[list[Pair], list[str]]:
    """Every photo of both splits with its label, and a line for each thing that is wrong with the lists of them.

    Of one's own photos those that `split.csv` does not name are among them.

    Raises:
        DatasetMissing: there is nothing to list.
    """
    if not are_own(root):
        names, wrong = [], []
        for split in SPLITS:
            try:
                names += listed_photos(root, split)
            except DatasetMissing as error:
                wrong.append(str(error))
        if not names:
            raise DatasetMissing(wrong[0])
        if not wrong:
            wrong += list_faults(root)
        return pairs_of(root, dict.fromkeys(names)), wrong
    names, wrong = own.all_names(root), own.misplaced(root)
    path = root / own.SPLIT
    splits, said = own.read_split(path, names) if path.exists() else (own.fixed_split(names), [])
    wrong += said or own.empty_splits(root, splits)
    return pairs_of(root, names, border_width), wrong


def wrong_pairs(pairs: list[Pair], on_pair: Callable[[], object] = lambda: None) -> Iterator[str]:
    """A line for each photo, and each label, that cannot be used, in their order.

    Args:
        on_pair: called after each pair.
    """
    for lines in in_threads(_wrong, pairs):
        yield from lines
        on_pair()


def _wrong(pair: Pair) -> list[str]:
    if pair.wrong:
        return [pair.wrong]
    photo, label = _said(pair.read_photo), _said(pair.read_label)
    if photo and pair.border_width is not None:  # nothing to hold the mask against, which may be wrong all the same
        label = _said(partial(read_mask, pair.label, None))
    # the label's may be of the photo again
    return photo + [line for line in label if not (photo and line.startswith(f"{pair.photo} "))]


def _said(read: Callable[[], object]) -> list[str]:
    try:
        read()
    except InputError as error:
        return [str(error)]
    return []
