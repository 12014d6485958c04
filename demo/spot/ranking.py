"""The order of the photos, and which of them: the hardest, those that divide two runs, those that are suspect."""

import pandas as pd

from experiments.comparison.photos import disagreements, hardest, suspects
from experiments.store.photo_scores import read_images
from experiments.store.runs import Run
from seg import InputError
from seg.pets import breed

HARDEST, DISAGREEMENT, SUSPICION = "hardest", "disagreement", "suspicion"
RANKINGS = [("Hardest photos", HARDEST), ("Two runs disagree", DISAGREEMENT), ("Label probably wrong", SUSPICION)]
EXPLAINED = {
    HARDEST: "Photos by their mean score over the chosen runs, the worst first.",
    DISAGREEMENT: "Photos by how far the first two chosen runs are apart in the score.",
    SUSPICION: (
        "Trimaps without a pet first, then photos that surprise every loss: the score is the cross-entropy's distance "
        "from the median photo's, in robust standard deviations, of the loss that is surprised least."
    ),
}
ALL_BREEDS = "all breeds"


def ranking(runs: list[Run], rank_by: str, score: str, chosen_breed: str) -> pd.DataFrame:
    """Photos in the order asked for: `photo`, and the numbers or words that put them there.

    Raises:
        InputError: two runs are needed and fewer chosen, or their photos differ.
        BadRun: a run's `images.csv` is damaged.
    """
    if rank_by == HARDEST:
        table = hardest(runs, score)
    elif rank_by == DISAGREEMENT:
        if len(runs) < 2:
            raise InputError("Choose two runs: their disagreement ranks the photos.")
        table = disagreements(runs[:1], runs[1:2], score)
        table = table.rename(columns={"first": runs[0].name, "second": runs[1].name})
    else:
        table = suspects(runs)
    if chosen_breed != ALL_BREEDS:
        table = table[table["breed"] == chosen_breed]
    # the photo's name says its breed
    return table.drop(columns="breed").rename_axis("photo").reset_index()


def breeds(runs: list[Run]) -> list[str]:
    """The breeds of the photos that these runs scored, in alphabetical order; before them `ALL_BREEDS`.

    Raises:
        BadRun: a run's `images.csv` is missing or damaged.
    """
    names = {breed(photo) for run in runs for photo in read_images(run).index}
    return [ALL_BREEDS, *sorted(names, key=str.lower)]
