"""What the chosen networks make of one photo, shown as each of them answers."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from demo.catalogue import NO_RUNS, Catalogue, lost_sentence
from demo.photo import room_for
from demo.serving.words import without_folders
from demo.stage.answer import answer
from demo.stage.component import stage_value
from demo.stage.likeness import acts_like
from demo.stage.pane import Pane
from demo.stage.photos import Offered, shown_photo
from seg import InputError

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
        yield stage_value(None, chosen, {}, status=without_folders(str(error)))
        return
    if not chosen:
        yield stage_value(None, [], {}, status=lost or (NONE_CHOSEN if there else NO_RUNS))
        return
    likes = acts_like(chosen, catalogue.with_photo_scores())
    answers: dict[str, Pane | str] = {
        run.name: NOT_YET if run.status == "running" else NOT_KEPT for run in chosen if run.checkpoint is None
    }
    ready = [run for run in chosen if run.name not in answers]
    if not ready:
        status = note or lost or f"{_no_answer(answers)} Choose a run with weights above."
        yield stage_value(shown, chosen, answers, status=status, likes=likes)
        return
    yield stage_value(shown, chosen, answers, status=_at_work(0, len(ready)), busy=bool(ready), likes=likes)
    for number, run in enumerate(ready, start=1):
        try:
            answers[run.name] = answer(photo, run)
        except InputError as error:
            answers[run.name] = catalogue.for_visitors(str(error))
        if session.turn != turn:
            return
        busy = number < len(ready)
        status = _at_work(number, len(ready)) if busy else note or lost or _agreement(answers, photo)
        yield stage_value(shown, chosen, answers, status=status, busy=busy, likes=likes)


def _no_answer(answers: dict[str, Pane | str]) -> str:
    """One sentence for runs of which none can segment."""
    said = list(dict.fromkeys(str(answer) for answer in answers.values()))
    if said == [NOT_KEPT] and len(answers) > 1:
        return "The weights of these runs are not here, only their scores."
    return " ".join(said)


def _at_work(done: int, total: int) -> str:
    return f"Segmenting: {done} of {total}"


def _agreement(answers: dict[str, Pane | str], photo: Offered) -> str:
    """How much of the photo all networks agree on, at its own size."""
    panes = [pane for pane in answers.values() if isinstance(pane, Pane)]
    if not panes:
        return f"{photo.title}."
    try:
        with room_for(photo.path):
            masks = (pane.classes() for pane in panes)  # one after another
            first = next(masks)
            with_size = f"{photo.title}, {first.shape[1]} × {first.shape[0]} pixels"
            if len(panes) < 2:
                return f"{with_size}."
            share = agreeing_share(first, masks)
    except InputError:  # the photo has gone meanwhile, or too much else is large
        return f"{photo.title}."
    which = "As trained, both networks" if len(panes) == 2 else f"As trained, all {len(panes)} networks"
    return f"{with_size}. {which} agree on {100 * share:.1f} % of it."


def agreeing_share(first: np.ndarray, others: Iterable[np.ndarray]) -> float:
    """Share of pixels to which all masks (H, W) give the same class; in [0, 1]."""
    differs = np.zeros(first.shape, dtype=bool)
    for mask in others:
        differs |= mask != first
    return float(1 - differs.mean())
