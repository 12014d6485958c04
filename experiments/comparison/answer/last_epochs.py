"""The last epoch beside those before it: scores of one epoch wander, the mean of three wanders less."""

import pandas as pd

from experiments.comparison.configurations import Configuration
from experiments.scores import Place, appearing
from experiments.store.recorded_options import used_options
from experiments.store.runs import Run
from experiments.store.scored.photo_scores import confusions, has_details, read_images
from seg.cache import sample_places
from seg.metrics import scores_from_counts

EPOCHS = 3


def last_epochs(found: list[Configuration]) -> pd.DataFrame:
    """The last epoch, and the mean of the last three, of the same photos: the sample scored after each epoch.

    After the last epoch all photos are scored; of the sample among them the scores follow from `images.csv`. Runs whose
    last three epochs are not of one side, or that do not say which photos they scored, are left out.

    Returns:
        One row a configuration and headline score: `configuration, seeds, photos, first_epoch, last_epoch, score, last,
        mean`, fractions, both means over seeds.
    """
    rows = []
    for configuration in found:
        tables = [table for table in map(_last, configuration.runs) if table is not None]
        if len(tables) < len(configuration.runs):
            continue
        for score in appearing(Place.HEADLINE):
            values = pd.DataFrame([table[score.name] for table in tables])
            epochs = values.columns
            rows.append(
                {
                    "configuration": configuration.name,
                    "seeds": len(tables),
                    "photos": tables[0].attrs["photos"],
                    "first_epoch": int(epochs.min()),
                    "last_epoch": int(epochs.max()),
                    "score": score.name,
                    "last": values[epochs.max()].mean(),
                    "mean": values.mean(axis=1).mean(),
                }
            )
    columns = ["configuration", "seeds", "photos", "first_epoch", "last_epoch", "score", "last", "mean"]
    return pd.DataFrame(rows, columns=columns)


def _last(run: Run) -> pd.DataFrame | None:
    """The headline scores by epoch, of the same photos, at one side."""
    epochs = run.epochs.set_index("epoch").loc[1:].tail(EPOCHS)
    whole, sample = (run.info.get(f"validation_{which}") for which in ("photos", "sample_photos"))
    sides = {run.network_side(int(epoch)) for epoch in epochs.index}
    finished = run.epochs_trained == run.epochs_planned and has_details(run)
    # which photos the sample has is known where none was left out
    finished = finished and not used_options(run.info)["exclude"]
    if len(epochs) < EPOCHS or len(sides) > 1 or not finished or not whole or not sample:
        return None
    names = [score.name for score in appearing(Place.HEADLINE)]
    table = epochs[names].astype(float)
    if sample < whole:
        counts = confusions(read_images(run))
        if len(counts) != whole:
            return None
        chosen = counts[sample_places(whole, sample)].sum(axis=0)
        table.loc[epochs.index.max()] = [float(scores_from_counts(chosen, [name])[name]) for name in names]
    table.attrs["photos"] = sample
    return table
