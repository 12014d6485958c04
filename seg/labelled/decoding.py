"""Photos and labels decoded to squares, by as many processes as may work at once."""

import multiprocessing
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from seg.labelled.pairs import Pair
from seg.labelled.workers import FORBIDDEN, end_with_parent, note_alone, usable_cores
from seg.pets import BadPair, NoUsablePair
from seg.photo import BadPhoto

# Few: who gets the last ones works alone
BATCH = 8


@dataclass(frozen=True)
class Pairs(Dataset):
    """Decoded, resized pairs; a pair that cannot be used comes back as the reason, a string."""

    root: Path
    pairs: list[Pair]
    size: int

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray] | str:
        pair = self.pairs[index]
        try:
            mask = pair.read_label(self.size)
            return pair.read_square(self.size).transpose(2, 0, 1), mask
        except (BadPair, BadPhoto) as error:
            return str(error)


def decode(pairs: Pairs, split: str, skip_bad: bool) -> tuple[list[str], np.ndarray, np.ndarray, list[str]]:
    """The names, photos (N, 3, S, S) uint8 and masks (N, S, S) uint8 of usable pairs, and a line for each other.

    Args:
        split: what the pairs are, for the progress bar and in errors.
        skip_bad: leave out pairs that cannot be used instead of raising.

    Raises:
        BadPair: naming the first that cannot be used.
        NoUsablePair: all are such.
    """
    names, photos, masks, skipped = [], [], [], []
    listed = iter(pairs.pairs)
    with tqdm(total=len(pairs), desc=f"decoding {split} at {pairs.size} x {pairs.size}", unit="photo") as progress:
        for batch in _batches(pairs):
            for item in batch:
                name = next(listed).name
                progress.update()
                if not isinstance(item, str):
                    names.append(name)
                    photos.append(item[0])
                    masks.append(item[1])
                else:
                    skipped.append(item)
    if skipped and not skip_bad:
        others = f" (and {len(skipped) - 1} more)" if len(skipped) > 1 else ""
        raise BadPair(f"{skipped[0]}{others}")
    if not names:
        raise NoUsablePair(f"{pairs.root}: no usable pair in split {split} (first: {skipped[0]})")
    return names, np.stack(photos), np.stack(masks), skipped


def _batches(pairs: Pairs) -> Iterator[list[tuple[np.ndarray, np.ndarray] | str]]:
    def begun(workers: int) -> Iterator:
        return iter(DataLoader(pairs, BATCH, num_workers=workers, collate_fn=list, worker_init_fn=end_with_parent))

    try:
        multiprocessing.Lock()  # a loader whose workers lack theirs complains once more when it is forgotten
        return begun(min(usable_cores(), -(-len(pairs) // BATCH)))
    except FORBIDDEN as error:
        note_alone(error)
        return begun(0)
