"""The text of RESULTS.md and of README's results."""

from pathlib import Path

from experiments.comparison.analysis import ARTICLE_PIXEL_ACCURACY, Analysis, analyse
from experiments.comparison.bootstrap import RESAMPLES
from experiments.comparison.photos import HOW_SUSPECTED, suspects
from experiments.comparison.verdict import verdict, what_did_not_work, what_it_costs
from experiments.reporting.measured import measured_sentence
from experiments.reporting.tables import (
    Section,
    bands_section,
    calibration_section,
    differences_section,
    photos_section,
    scores_section,
)
from experiments.scores import PLAIN
from experiments.store.photo_scores import has_details
from experiments.store.runs import Run, find_runs
from seg import InputError

FIGURES = Path("experiments", "figures")
# Runs that chose the recipe `best`, scored on a tenth of the training split
HOLDOUT = Path(__file__).parents[1] / "holdout"
SUSPECTS = 10

QUESTION = """\
Border pixels are the hard ones in segmentation, and cross-entropy treats all pixels alike. Does weighting the classes,
or focal loss, fix that, and at what price? The same SegNet is trained on the Oxford-IIIT Pet dataset with each loss
and scored on the test split.\
"""
LABELS = "As `python -m experiments.compare --suspects` ranks the test photos. They are left out of no score."
INTERVALS = f"""\
Each of {RESAMPLES:,} resamples draws the test photos with replacement, the same for all runs, and computes every score
from the counts of the photos drawn. A configuration's score is the mean over its seeds. To each mean a resample adds
what other seeds would change: Student-t noise of the standard deviation between seeds, pooled over all configurations
with several, over the root of the number of seeds. The intervals hold 95 % of the resamples. Where no configuration has
two seeds they know nothing of seeds.\
"""

README_START = "<!-- written by `python -m experiments.report` -->"
README_END = "<!-- end of what it writes -->"


def analyse_holdout() -> Analysis | None:
    """The analysis of the runs that chose the recipe; None where there are none."""
    runs = [run for run in find_runs([HOLDOUT])[0] if has_details(run)]
    return analyse(runs) if runs else None


def results_text(runs: list[Run], analysis: Analysis, figures: list[str], recipe: Analysis | None) -> str:
    """The text of RESULTS.md.

    Args:
        runs: those of the analysis.
        figures: the names of the figures there are.
        recipe: of the runs that were scored on a holdout.
    """
    note = f"{LABELS} {HOW_SUSPECTED} {measured_sentence('planted-labels')}".rstrip()
    distrusted = photos_section("Labels to distrust", suspects(runs).head(SUSPECTS), (note,))
    parts = [
        "# Which loss sees the border?",
        "Written by `python -m experiments.report` from the CSVs in `experiments/results/`; do not edit.",
        "## The question",
        QUESTION,
        "## The answer",
        "\n".join(verdict(analysis)),
        _compared(runs),
        *_comparison(analysis),
        scores_section(analysis).as_markdown(),
        _article(analysis),
        _figure(figures, "by-epoch", "Pixel accuracy and border F1 by epoch")
        + " Before its last planned epoch a run is scored on a sample of the photos where its options say so.",
        _figure(figures, "recall-precision", "Border recall against border precision")
        + " Recall alone rewards painting borders everywhere: up and to the right is better.",
        "## The price",
        *_bullets(what_it_costs(analysis)),
        _figure(figures, "price", "Gain in border F1 against loss in pixel accuracy"),
        bands_section(analysis).as_markdown(),
        _figure(figures, "near-the-outline", "Pixel accuracy near the outline"),
        calibration_section(analysis).as_markdown(),
        _figure(figures, "reliability", "Accuracy against confidence"),
        "## What did not work",
        *_bullets(what_did_not_work(analysis)),
        *_recipe(recipe),
        distrusted.as_markdown(),
        _hardware(runs).as_markdown(),
        "## How the intervals are made",
        INTERVALS,
    ]
    return "\n\n".join(part for part in parts if part.strip()) + "\n"


def readme_with_results(readme: str, runs: list[Run], analysis: Analysis) -> str:
    """README with the text between its two marks written anew.

    Raises:
        InputError: the marks are not there.
    """
    before, start, rest = readme.partition(README_START)
    _, end, after = rest.partition(README_END)
    if not (start and end):
        raise InputError(f"README.md lacks the lines `{README_START}` and `{README_END}` around its results")
    table = scores_section(analysis)
    lines = [
        "\n".join(verdict(analysis)),
        "\n".join(table.as_markdown().splitlines()[2:]),
        _compared(runs),
        _article(analysis),
        "[RESULTS.md](RESULTS.md) has the intervals, the price, calibration, and the labels to distrust.",
    ]
    return f"{before}{start}\n\n" + "\n\n".join(lines) + f"\n\n{end}{after}"


def _compared(runs: list[Run]) -> str:
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


def _comparison(analysis: Analysis) -> list[str]:
    if analysis.compared_with is None or len(analysis.configurations) == 1:
        return []
    return [differences_section(analysis).as_markdown()]


def _article(analysis: Analysis) -> str:
    """How the article's own recipe came out here."""
    if analysis.baseline is None:
        return ""
    name = analysis.baseline.name
    reached = analysis.score(name, "pixel_accuracy")["mean"]
    progressive = analysis.baseline.runs[0].info["options"].get("progressive")
    cheaper = ", on a cheaper schedule that begins with smaller photos" if progressive else ""
    return (
        f"The article's SegNet reached {ARTICLE_PIXEL_ACCURACY:.2%} pixel accuracy after 20 epochs of unweighted "
        f"cross-entropy; here `{name}` reached {reached:.2%}{cheaper}."
    ).replace("%", " %")


def _recipe(recipe: Analysis | None) -> list[str]:
    if recipe is None:
        return []
    return [
        "## Choosing a better recipe",
        f"Scored on {recipe.photos:,} photos held out of the training split; the test split had no part in it. "
        f"{_training_length(recipe)}",
        differences_section(recipe).as_markdown(level=3),
        scores_section(recipe).as_markdown(level=3),
    ]


def _training_length(recipe: Analysis) -> str:
    """How long the runs that chose the recipe were trained."""
    trainings = {
        f"{run.epochs_trained} epochs at {run.info['options']['size']} x {run.info['options']['size']} on "
        f"{run.info['training_photos']:,} photos"
        for configuration in recipe.configurations
        for run in configuration.runs
    }
    return f"Each was trained for {' or '.join(sorted(trainings))}."


def _hardware(runs: list[Run]) -> Section:
    rows = []
    for run in runs:
        trained = run.epochs[run.epochs["epoch"] > 0]
        sizes = run.info["options"]["size"]
        commits = [str(each["commit"])[:7] for each in run.environments if each.get("commit")]
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


def _figure(figures: list[str], name: str, title: str) -> str:
    return f"![{title}]({(FIGURES / name).as_posix()}.svg)" if name in figures else ""


def _bullets(lines: list[str]) -> list[str]:
    return ["\n".join(f"- {line}" for line in lines)]
