"""Paragraphs of RESULTS.md and README beside the answer: what was compared, where, and what else is to be known."""

from experiments.comparison.analysis import ARTICLE_PIXEL_ACCURACY, Analysis
from experiments.reporting.tables import Section, differences_section, scores_section
from experiments.store.environment import short_commit
from experiments.store.recorded_options import used_options
from experiments.store.runs import Run
from experiments.units import PLAIN

# Of a SegNet of as many parameters as the article's, trained and published by others
OTHERS_PIXEL_ACCURACY = 0.8277
RESIZING = (
    "The article's series resizes photos with nearest neighbour; here they are antialiased where they are larger than "
    "128 x 128."
)


def compared(runs: list[Run]) -> str:
    """One line that says what is compared: the runs, and where and in which precision each was trained."""
    machines: dict[str, list[str]] = {}
    for run in runs:
        said = [text for text in (run.device_name, run.environment.get("precision")) if text]
        machines.setdefault(" in ".join(said) or "an unknown machine", []).append(f"`{run.name}`")
    trained = "; ".join(f"{', '.join(names)} on {machine}" for machine, names in machines.items())
    unlike = (
        " Unlike machines round differently, which changes a run as another seed does." if len(machines) > 1 else ""
    )
    return f"Compared: {trained}.{unlike}"


def article(analysis: Analysis) -> str:
    """The article's result and another's beside that of unweighted cross-entropy here, and what was done otherwise."""
    if analysis.baseline is None:
        return ""
    name = analysis.baseline.name
    # the number that the tables beside it have
    row = analysis.operating.row(name, "pixel_accuracy", point="argmax")
    reached = (analysis.score(name, "pixel_accuracy") if row is None else row)["mean"]
    options = used_options(analysis.baseline.runs[0].info)
    otherwise = ["on a cheaper schedule that begins with smaller photos"] if options["progressive"] else []
    if options["jitter_of"] == "all":
        otherwise.append(
            "with jitter of brightness, contrast and saturation, of which its authors jitter contrast alone"
        )
    return (
        f"The article's SegNet reached {ARTICLE_PIXEL_ACCURACY:.2%} pixel accuracy after 20 epochs of unweighted "
        "cross-entropy, of 21 photos or of all: it does not say. An independent run of the same 15,274,892 parameters "
        f"is published with {OTHERS_PIXEL_ACCURACY:.2%}. Here `{name}` reached {reached:.2%}"
        f"{', ' if otherwise else ''}{' and '.join(otherwise)}."
    ).replace("%", " %")


def recipe_paragraphs(recipe: Analysis | None) -> list[str]:
    if recipe is None:
        return []
    return [
        "## Choosing a better recipe",
        f"Scored on {recipe.photos:,} photos held out of the training split; the test split had no part in it. "
        f"{_training_length(recipe)}",
        _no_recommendation(recipe),
        differences_section(recipe).as_markdown(level=3),
        scores_section(recipe).as_markdown(level=3),
    ]


def _no_recommendation(recipe: Analysis) -> str:
    """What `best` was chosen by, and what it did to the border; nothing where no run of it is there."""
    if recipe.baseline is None:
        return ""
    plain = recipe.baseline.name
    best = [c.name for c in recipe.configurations if used_options(c.runs[0].info)["recipe"] == "best"]
    if not best:
        return ""

    def against(score: str) -> str:
        return " against ".join(f"{recipe.score(name, score)['mean']:.1%}" for name in (min(best, key=len), plain))

    return (
        f"`--recipe best` was chosen by pixel accuracy alone, here {against('pixel_accuracy')} of `{plain}`. Border "
        f"F1, which the question is about, had no say: {against('border_f1')}. So it is no recommendation."
    ).replace("%", " %")


def _training_length(recipe: Analysis) -> str:
    """How long the runs that chose the recipe were trained."""
    trainings = {
        f"{run.epochs_trained} epochs at {run.info['options']['size']} x {run.info['options']['size']} on "
        f"{run.info['training_photos']:,} photos"
        for configuration in recipe.configurations
        for run in configuration.runs
    }
    return f"Each was trained for {' or '.join(sorted(trainings))}."


def hardware_section(runs: list[Run]) -> Section:
    rows = []
    for run in runs:
        trained = run.epochs[run.epochs["epoch"] > 0]
        sizes = run.info["options"]["size"]
        commits = [short_commit(str(each["commit"])) for each in run.environments if each.get("commit")]
        rows.append(
            [
                run.name,
                f"{run.epochs_trained}/{run.epochs_planned}",
                _schedule(sizes[: run.epochs_trained] if isinstance(sizes, list) else [sizes] * run.epochs_trained),
                PLAIN.number(trained["seconds"].sum(min_count=1) / 60),
                PLAIN.number(trained["images_per_second"].median(), digits=0),
                run.environment.get("precision", ""),
                run.device_name or "",
                ", ".join(f"`{commit}`" for commit in dict.fromkeys(commits)),
            ]
        )
    header = ["run", "epochs", "photos' side", "minutes", "photos/s", "precision", "device", "commit"]
    notes = (
        "Minutes count training and the scoring after each epoch; photos/s are those of training, the median epoch.",
    )
    return Section("Hardware and time", header, rows, ("run", "photos' side", "precision", "device", "commit"), notes)


def _schedule(sizes: list[int]) -> str:
    """`8 x 64, 3 x 128`."""
    return ", ".join(f"{sizes.count(side)} x {side}" for side in dict.fromkeys(sizes))
