"""The order of the photos, and which of them: the hardest, those that divide two runs, those that are suspect."""

import pandas as pd

from experiments.comparison.photos import HOW_SUSPECTED, disagreements, hardest, left_out, suspects
from experiments.reporting.measured import measured_sentence
from experiments.scores import SCORES
from experiments.store.runs import Run
from experiments.store.scored.photo_scores import read_images
from seg import InputError
from seg.pets import breed

HARDEST, DISAGREEMENT, SUSPICION = "hardest", "disagreement", "suspicion"
LABELS = {HARDEST: "Hardest photos", DISAGREEMENT: "Two runs disagree", SUSPICION: "Label probably wrong"}
ALL_BREEDS = "all breeds"


def ranking(runs: list[Run], rank_by: str, score: str, chosen_breed: str) -> tuple[pd.DataFrame, str]:
    """Photos in the order asked for, and what that order is.

    Returns:
        `photo`, and the numbers or words that put them there; and a text that explains it.

    Raises:
        InputError: two runs are needed and fewer chosen, or their photos differ.
        BadRun: a run's `images.csv` is damaged.
    """
    if rank_by == HARDEST:
        table, broken = hardest(runs, score)
        missed = left_out([photo for photo in broken if _is_of(photo, chosen_breed)], f"*{LABELS[SUSPICION]}*")
        explained = [
            "Photos by their mean score over the chosen runs, the worst first.",
            SCORES[score].meaning,
            *([missed] if missed else []),
        ]
    elif rank_by == DISAGREEMENT:
        if len(runs) < 2:
            raise InputError("Choose two runs: their disagreement ranks the photos.")
        table = disagreements(runs[:1], runs[1:2], score)
        table = table.rename(columns={"first": runs[0].name, "second": runs[1].name})
        explained = ["Photos by how far the first two chosen runs are apart in the score.", SCORES[score].meaning]
    else:
        table = suspects(runs)
        explained = [HOW_SUSPECTED, measured_sentence("planted-labels")]
    table = table[[_is_of(photo, chosen_breed) for photo in table.index]]
    # the photo's name says its breed
    return table.drop(columns="breed").rename_axis("photo").reset_index(), " ".join(explained)


def _is_of(photo: str, chosen_breed: str) -> bool:
    return chosen_breed in (ALL_BREEDS, breed(photo))


def breeds(runs: list[Run]) -> list[str]:
    """The breeds of the photos that these runs scored, in alphabetical order; before them `ALL_BREEDS`.

    Raises:
        BadRun: a run's `images.csv` is missing or damaged.
    """
    names = {breed(photo) for run in runs for photo in read_images(run).index}
    return [ALL_BREEDS, *sorted(names, key=str.lower)]
