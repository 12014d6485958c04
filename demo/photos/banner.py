"""What the page says where the photos are missing or on their way, and whether it offers to get them."""

import os
from enum import Enum
from pathlib import Path

from demo.photos.download import Stage, Standing
from experiments.fetching.download import Cut, Damaged, NoPlace, NotThere
from seg import InputError

LOCAL = ("127.0.0.1", "localhost", "::1")
MISSING = "The photos are not on this machine."


class Offer(Enum):
    """Who may start the download."""

    BUTTON = "whoever sits before this machine"
    BY_ITSELF = "the app, as it starts"
    NOTHING = "nobody"


def offer_for(host: str, *, on_spaces: bool, forbidden: bool) -> Offer:
    """What an app that listens on this address offers: a button to nobody but its own machine.

    Args:
        on_spaces: it has a machine of its own at Hugging Face, and nobody sits before it.
        forbidden: it was started so that it downloads nothing.
    """
    if forbidden:
        return Offer.NOTHING
    if on_spaces:
        return Offer.BY_ITSELF
    return Offer.BUTTON if host in LOCAL else Offer.NOTHING


def banner_value(standing: Standing, offer: Offer, dataset: Path) -> dict:
    """What the banner shows.

    Returns:
        `stage`, a value of `Stage`; `title` and `said`, the sentence; `share`, how much is done, from 0 to 1, None
        where there is no telling; `button`, its label, and `does`, `start` or `stop`; None where there is none.
    """
    title, said, button, does, share = MISSING, "", None, None, None
    match standing.stage:
        case Stage.HERE:
            title = ""
        case Stage.MISSING if offer is not Offer.BUTTON:
            said = "Masks and scores are shown without them."
        case Stage.MISSING if not _can_be_written(dataset):
            said = f"They cannot be put into {dataset}, where this app may not write."
        case Stage.MISSING:
            said = "Watch and Failures show them; all else works without. 0.8 GB, free under CC BY-SA 4.0."
            button, does = "Get the photos", "start"
        case Stage.WORKING:
            title, said, share = "Getting the photos.", _at_work(standing), _share(standing)
            button, does = "Cancel", "stop"
        case Stage.STOPPING:
            title, said = "Stopping.", _kept(standing)
        case Stage.STOPPED:
            title, said, button, does = "The photos are not here yet.", _kept(standing), "Go on", "start"
        case Stage.FAILED:
            title, said = "The photos did not arrive.", f"{_why(standing.error, offer, dataset)}."
            button, does = "Try again", "start"
        case Stage.WAITING:
            title = "The photos did not arrive."
            said = f"{_why(standing.error, offer, dataset)}, and the app tries again by itself."
    if offer is not Offer.BUTTON:
        button = does = None
    return {"stage": standing.stage.value, "title": title, "said": said, "share": share, "button": button, "does": does}


def _at_work(standing: Standing) -> str:
    progress = standing.progress
    match progress.doing if progress else "":
        case "downloading":
            share = _share(standing)
            return _megabytes(standing) + (f", {share:.0%}." if share is not None else ".")
        case "checking":
            return "Checking what arrived."
        case "unpacking":
            return f"Unpacking, {progress.done:,} files so far." if progress else ""
    return "Asking for them."


def _share(standing: Standing) -> float | None:
    known = standing.downloaded
    return min(1.0, known.done / known.total) if known and known.total else None


def _megabytes(standing: Standing) -> str:
    known = standing.downloaded
    if known is None:
        return "0 MB"
    return f"{known.done / 1e6:,.0f} of {known.total / 1e6:,.0f} MB" if known.total else f"{known.done / 1e6:,.0f} MB"


def _kept(standing: Standing) -> str:
    return f"{_megabytes(standing)} are here, and are kept." if standing.downloaded else ""


def _why(error: InputError | None, offer: Offer, dataset: Path) -> str:
    """Why they did not arrive: where its folders are is told to those alone who sit before the app's machine."""
    if error is None:
        return "The app itself failed: its terminal says how"
    if offer is Offer.BUTTON or isinstance(error, (Cut, NotThere)):
        text = str(error)
        # a path, an address, a file's name keep their letters
        is_name = text.startswith(str(dataset)) or not text.partition(" ")[0].isalpha()
        return text if is_name else f"{text[:1].upper()}{text[1:]}"
    if isinstance(error, Damaged):
        return "What arrived was damaged"
    if isinstance(error, NoPlace):
        return "The app's machine cannot keep them"
    return "Another process is at work on them"


def _can_be_written(folder: Path) -> bool:
    """Whether a folder can be filled, or made and then filled."""
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)
