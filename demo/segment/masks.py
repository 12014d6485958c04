"""What the chosen checkpoints make of one photo, shown as each of them answers."""

from collections.abc import Iterator

from demo.catalogue import NO_RUNS, Catalogue, lost_sentence
from demo.checkpoints import checkpoint_version, segment_photo
from demo.segment.cards import Answer, result_html, sentence_html, waiting_html
from demo.segment.session import Session
from seg import InputError

WAITING = "Upload, snap or paste a photo, or click a sample: its masks appear here."
NONE_CHOSEN = "Choose a checkpoint to see its mask."


def show_masks(catalogue: Catalogue, session: Session, path: str | None, names: list[str]) -> Iterator[str]:
    """The result's HTML, again after each checkpoint, or a sentence that says what is missing.

    Ends early, without another word, when the session has a newer request.
    """
    session.turn += 1
    turn = session.turn
    runs = catalogue.with_checkpoint()
    chosen = [run for run in runs if run.name in (names or [])]
    try:
        if path is None or path != session.path:
            session.take_photo(path)
    except InputError as error:
        yield sentence_html(str(error), "error")
        return
    lost = lost_sentence(names, runs, "checkpoint")
    note = sentence_html(lost, "error") if lost else ""
    photo, shown = session.photo, session.shown
    if photo is None or shown is None or not chosen:
        session.answers = {}
        if chosen:
            yield note + waiting_html(chosen, WAITING)
        else:
            yield note if runs and lost else sentence_html(NONE_CHOSEN if runs else NO_RUNS)
        return
    known, answers = session.known, dict[str, Answer | str]()
    for run in chosen:
        try:
            key = checkpoint_version(run)
            if key not in known:
                yield note + result_html(shown, photo.size, chosen, answers)
                if session.turn != turn:
                    return
                known[key] = Answer.from_prediction(*segment_photo(photo, run), shown.size)
                if session.turn != turn:
                    return
            answers[run.name] = known[key]
        except InputError as error:
            answers[run.name] = str(error)
    if session.turn != turn:  # all was known, but a newer request has been answered meanwhile
        return
    session.answers = answers
    yield note + result_html(shown, photo.size, chosen, answers)
