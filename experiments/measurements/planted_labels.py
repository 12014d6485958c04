"""How well rankings of suspicious labels find errors that were planted in trimaps."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from experiments.measurements import SIDE, SUSPICIOUS
from experiments.measurements.networks import Networks
from experiments.store.scored.photo_scores import confusions, same_photos
from seg import InputError
from seg.cache import Split, load_split
from seg.metrics import label_quality
from seg.pets import BACKGROUND, BORDER, PET, TEST

PHOTOS = 297
DRAWS = 6
# errors of each kind
EACH = 5
# Of an error, in pixels: how far a trimap is shifted, and the side of a block painted pet
SHIFT, BLOCK = 24, 48

# A trimap (S, S) made wrong, given all trimaps (N, S, S) and a generator
Error = Callable[[np.ndarray, np.ndarray, np.random.Generator], np.ndarray]


def swap(mask: np.ndarray, masks: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Pet and background change places."""
    return np.array([BACKGROUND, PET, BORDER], dtype=mask.dtype)[mask]


def drop_border(mask: np.ndarray, masks: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The border is labelled pet."""
    return np.where(mask == BORDER, PET, mask)


def shift(mask: np.ndarray, masks: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The trimap is moved up, down, left or right; background follows."""
    top, left = ((0, SHIFT), (2 * SHIFT, SHIFT), (SHIFT, 0), (SHIFT, 2 * SHIFT))[rng.integers(4)]
    around = np.pad(mask, SHIFT, constant_values=BACKGROUND)
    return around[top : top + len(mask), left : left + len(mask)]


def erase_pet(mask: np.ndarray, masks: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """All is background."""
    return np.full_like(mask, BACKGROUND)


def take_another(mask: np.ndarray, masks: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The trimap is of another photo."""
    different = np.flatnonzero((masks != mask).any(axis=(1, 2)))
    return masks[rng.choice(different)]


def paint_block(mask: np.ndarray, masks: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A square of background is labelled pet: of a hundred places the one that has most background."""
    corners = rng.integers(0, len(mask) - BLOCK + 1, (100, 2))
    blocks = [(slice(top, top + BLOCK), slice(left, left + BLOCK)) for top, left in corners]
    block = max(blocks, key=lambda place: (mask[place] == BACKGROUND).sum())
    wrong = mask.copy()
    wrong[block] = np.where(mask[block] == BACKGROUND, PET, mask[block])
    return wrong


ERRORS: tuple[Error, ...] = (swap, drop_border, shift, erase_pet, take_another, paint_block)


def measure(data: Path, networks: Networks) -> pd.DataFrame:
    """Average precision of two rankings on photos of the test split, some of whose trimaps were made wrong.

    Photos are a fixed sample of those that the former ranking finds least suspicious, which favours it. `label_quality`
    is the ranking of `experiments.comparison.photos.suspects`, `cross_entropy` the one that it replaced.

    Returns:
        A row a draw and method: `average_precision`, how many trimaps of how many photos were made wrong, and by how
        many networks' predictions they were ranked.

    Raises:
        InputError: there are too few photos, or the runs were scored on different ones.
    """
    split = load_split(data, TEST, SIDE)
    chosen = sample(networks, split)
    photos, masks = np.array(split.photos[chosen]), np.array(split.masks[chosen])
    logits = [networks.logits(run, photos) for run in networks.runs]
    losses, rows = [run.loss for run in networks.runs], []
    for draw in tqdm(range(DRAWS), desc="planting", unit="draw"):
        wrong, planted = plant(masks, np.random.default_rng(draw))
        truth = torch.from_numpy(wrong).long()
        without_pet = (wrong != PET).all(axis=(1, 2))
        quality = np.mean([label_quality(each.softmax(dim=1), truth).numpy() for each in logits], axis=0)
        entropies = np.stack([_cross_entropy(each, truth) for each in logits])
        orders = {
            "label_quality": np.argsort(quality, kind="stable"),
            "cross_entropy": former_ranking(entropies, losses, without_pet),
        }
        rows += [(draw, method, average_precision(planted[order]), planted.sum()) for method, order in orders.items()]
    table = pd.DataFrame(rows, columns=["draw", "method", "average_precision", "planted"])
    precision, commit = networks.made.cells
    return table.assign(photos=len(chosen), runs=len(networks.runs), precision=precision, commit=commit)


def sample(networks: Networks, split: Split) -> np.ndarray:
    """Positions in the split of the PHOTOS to plant errors among, in its order."""
    images = same_photos(networks.runs)
    entropies = np.stack([table["cross_entropy"].to_numpy() for table in images])
    without_pet = confusions(images[0])[:, PET].sum(axis=1) == 0
    order = former_ranking(entropies, [run.loss for run in networks.runs], without_pet)
    unsuspicious = set(images[0].index[order[SUSPICIOUS:]])
    there = [position for position, name in enumerate(split.names) if name in unsuspicious]
    if len(there) < PHOTOS:
        raise InputError(
            f"{PHOTOS} photos are needed beside the {SUSPICIOUS} most suspicious, and the runs scored {len(there)} of "
            "this test split: pass --data DIR or --runs DIR"
        )
    return np.sort(np.random.default_rng(0).choice(there, PHOTOS, replace=False))


def plant(masks: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The trimaps (N, S, S) with EACH of every kind of ERRORS in them; and whether each has one, (N,)."""
    chosen = rng.choice(len(masks), EACH * len(ERRORS), replace=False)
    wrong, planted = masks.copy(), np.zeros(len(masks), dtype=bool)
    for number, photo in enumerate(chosen):
        wrong[photo] = ERRORS[number % len(ERRORS)](masks[photo], masks, rng)
    planted[chosen] = True
    return wrong, planted


def former_ranking(cross_entropies: np.ndarray, losses: Sequence[str], without_pet: np.ndarray) -> np.ndarray:
    """The photos, the most suspicious first, as they were ranked before label quality was known: (N,) positions.

    First trimaps without a pet, then by the cross-entropy's distance from the median photo's in robust standard
    deviations (1.4826 times the median absolute deviation), a loss's runs averaged, of the loss surprised least.

    Args:
        cross_entropies: (R, N), of each run's photos.
        losses: of the R runs.
        without_pet: (N,) bool.
    """
    distances = cross_entropies - np.median(cross_entropies, axis=1, keepdims=True)
    deviations = distances / (1.4826 * np.median(np.abs(distances), axis=1, keepdims=True))
    by_loss = [deviations[[other == loss for other in losses]].mean(axis=0) for loss in dict.fromkeys(losses)]
    return np.lexsort((-np.min(by_loss, axis=0), ~without_pet))


def average_precision(found: np.ndarray) -> float:
    """The mean, over what was to be found, of the precision of the ranking down to it.

    Args:
        found: (N,) bool, in the order of the ranking: whether each is to be found.
    """
    precision = found.cumsum() / np.arange(1, len(found) + 1)
    return float(precision[found].mean())


def _cross_entropy(logits: Tensor, truth: Tensor) -> np.ndarray:
    """Of each photo, (N,)."""
    return F.cross_entropy(logits, truth, reduction="none").double().mean(dim=(1, 2)).numpy()
