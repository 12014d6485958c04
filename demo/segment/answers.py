"""What the chosen networks make of one photo, shown as each of them answers."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from demo.catalogue import NO_RUNS, Catalogue, last_change, lost_sentence
from demo.checkpoints import checkpoint_version, loaded, segmenter
from demo.segment.photos import Offered, picture_of, shown_photo
from demo.stage.component import stage_value
from demo.stage.likeness import acts_like
from demo.stage.pane import (
    LEVEL_OF_ZERO,
    LEVELS_PER_LOGIT,
    Pane,
    confidence_levels,
    level_counts,
    margin_levels,
    shrink,
)
from experiments.store.runs import Run
from seg import InputError
from seg.inference import Prediction
from seg.metrics import CLASSES
from seg.pets import BACKGROUND, BORDER, PET, indexed_image

NONE_CHOSEN = "Choose a run above to see its mask."
NOT_YET = "No weights yet: they come when training ends."
NOT_KEPT = "The weights of this run are not here, only its scores."


@dataclass
class Session:
    """What one browser tab shows: no pixels, only where they come from.

    Attributes:
        turn: counts requests; a request that is no longer the last one stops at its next network.
        photo: the one shown; None before the first.
        runs: the names of those whose masks are shown.
    """

    turn: int = 0
    photo: Offered | None = None
    runs: list[str] = field(default_factory=list)


def show_answers(
    catalogue: Catalogue, session: Session, photo: Offered, names: list[str], note: str = ""
) -> Iterator[dict]:
    """The stage's value, again after each network. Ends early when the session has a newer request.

    Args:
        note: a sentence on the photo, said where nothing else is.
    """
    session.turn, session.photo, session.runs = session.turn + 1, photo, names
    turn = session.turn
    there = catalogue.runs()
    chosen = [run for run in there if run.name in names]
    lost = lost_sentence(names, there)
    if session.turn != turn:  # a newer request has been answered meanwhile
        return
    try:
        shown, _ = shown_photo(photo)
    except InputError as error:
        yield stage_value(None, chosen, {}, status=str(error))
        return
    if not chosen:
        yield stage_value(None, [], {}, status=lost or (NONE_CHOSEN if there else NO_RUNS))
        return
    likes = acts_like(chosen, catalogue.with_photo_scores())
    answers: dict[str, Pane | str] = {
        run.name: NOT_YET if run.status == "running" else NOT_KEPT for run in chosen if run.checkpoint is None
    }
    ready = [run for run in chosen if run.name not in answers]
    yield stage_value(shown, chosen, answers, status=_at_work(0, len(ready)), busy=bool(ready), likes=likes)
    for number, run in enumerate(ready, start=1):
        try:
            answers[run.name] = answer(photo, run)
        except InputError as error:
            answers[run.name] = str(error)
        if session.turn != turn:
            return
        busy = number < len(ready)
        status = _at_work(number, len(ready)) if busy else note or lost or _agreement(answers, photo)
        yield stage_value(shown, chosen, answers, status=status, busy=busy, likes=likes)


def answer(photo: Offered, run: Run) -> Pane:
    """What a run's network makes of a photo, computed once for as long as both files stay as they are.

    Raises:
        InputError: the photo or the checkpoint cannot be used.
    """
    segmenter(run)  # says what is wrong with it
    return _answer(photo, last_change(photo.path), *checkpoint_version(run))


@lru_cache(maxsize=48)  # about 1 MB each
def _answer(photo: Offered, changed: int | None, checkpoint: Path, checkpoint_changed: int) -> Pane:
    shown, label = shown_photo(photo)
    prediction = loaded(checkpoint, checkpoint_changed).predict(picture_of(photo))
    return pane_of(prediction, shown.shown, label)


def pane_of(prediction: Prediction, size: tuple[int, int], label: np.ndarray | None) -> Pane:
    """The pane of a prediction, for planes of this width and height.

    Args:
        label: (H, W) true classes at the photo's own size, where they are known.
    """
    probabilities = prediction.probabilities
    levels, background = margin_levels(probabilities), probabilities[BACKGROUND] > probabilities[PET]
    if label is None:
        counts = level_counts(levels, background)
    else:
        counts = np.stack([level_counts(levels[label == kind], background[label == kind]) for kind in range(CLASSES)])
    file = io.BytesIO()
    indexed_image(prediction.mask).save(file, "PNG")
    half = ((size[0] + 1) // 2, (size[1] + 1) // 2)  # the network answers at 128 x 128: this loses nothing of it
    confidence = confidence_levels(probabilities, half)
    return Pane(file.getvalue(), shrink(levels, size), shrink(background, size), confidence, counts)


def _at_work(done: int, total: int) -> str:
    return f"Segmenting: {done} of {total}"


def _agreement(answers: dict[str, Pane | str], photo: Offered) -> str:
    """How much of the photo all networks agree on, at its own size."""
    masks = [mask_of(pane) for pane in answers.values() if isinstance(pane, Pane)]
    with_size = f"{photo.title}, {masks[0].shape[1]} × {masks[0].shape[0]} pixels" if masks else photo.title
    if len(masks) < 2:
        return f"{with_size}."
    share = agreeing_share(masks)
    which = "As trained, both networks" if len(masks) == 2 else f"As trained, all {len(masks)} networks"
    return f"{with_size}. {which} agree on {share:.1%} of it."


def shifted_mask(photo: Offered, run: Run, shift: float) -> np.ndarray:
    """The classes (H, W) at the photo's own size where the border's logit is shifted, as the page shows them.

    Args:
        shift: in tenths, within [-2, 2].

    Raises:
        InputError: the photo or the checkpoint cannot be used.
    """
    probabilities = segmenter(run).predict(picture_of(photo)).probabilities
    border = margin_levels(probabilities) > LEVEL_OF_ZERO - round(LEVELS_PER_LOGIT * shift)
    return np.where(border, BORDER, np.where(probabilities[BACKGROUND] > probabilities[PET], BACKGROUND, PET)).astype(
        np.uint8
    )


def agreeing_share(masks: Sequence[np.ndarray]) -> float:
    """Share of pixels to which all masks (H, W) give the same class; in [0, 1]."""
    differs = np.zeros(masks[0].shape, dtype=bool)
    for mask in masks[1:]:
        differs |= mask != masks[0]
    return float(1 - differs.mean())


def mask_of(pane: Pane) -> np.ndarray:
    """The classes (H, W) at the photo's own size."""
    with Image.open(io.BytesIO(pane.mask)) as image:
        return np.asarray(image)
