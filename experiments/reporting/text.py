"""The text of RESULTS.md and of README's results."""

from pathlib import Path

from experiments.comparison.analysis import Analysis, analyse
from experiments.comparison.answer.lead import RULE
from experiments.comparison.answer.sentences import seeds_in_words
from experiments.comparison.answer.verdict import rule_applied, verdict, what_did_not_work, what_it_costs
from experiments.comparison.bootstrap import RESAMPLES
from experiments.comparison.footing import footing_sentence
from experiments.comparison.photos import HOW_SUSPECTED, suspects
from experiments.comparison.selection import Selection, select_runs
from experiments.reporting.epoch_marks import how_points_differ
from experiments.reporting.measured import measured_sentence
from experiments.reporting.operating_tables import last_epochs_section, operating_sections, summary_section
from experiments.reporting.paragraphs import RESIZING, article, compared, hardware_section, recipe_paragraphs
from experiments.reporting.pixel_tables import pixel_sections
from experiments.reporting.tables import breed_section, differences_section, photos_section, scores_section
from experiments.store.runs import Run, find_runs
from experiments.store.scored.photo_scores import read_images
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
from the counts of the photos drawn. A configuration's score is the mean over its seeds; a difference is the mean over
the seeds that both sides have, each with its own, for runs of one seed begin alike and see the same batches. To each a
resample adds what other seeds would change: Student-t noise of the standard error between that configuration's seeds,
or between those differences. Two seeds say little of the spread between seeds, so their intervals are wide: 12.7
standard errors to either side, five seeds' 2.8. The intervals hold 95 % of the resamples. One seed says nothing of
others, and its intervals nothing but what other photos would change.\
"""

README_START = "<!-- written by `python -m experiments.report` -->"
README_END = "<!-- end of what it writes -->"


def analyse_holdout() -> Analysis | None:
    """The analysis of the runs that chose the recipe; None where there are none."""
    runs = select_runs(find_runs([HOLDOUT])[0], named=False).chosen
    return analyse(runs) if runs else None


def results_text(selection: Selection, analysis: Analysis, figures: list[str], recipe: Analysis | None) -> str:
    """The text of RESULTS.md.

    Args:
        selection: the runs of the analysis, and those that were set apart from them.
        figures: the names of the figures there are.
        recipe: of the runs that were scored on a holdout.
    """
    runs = selection.chosen
    parts = [
        "# Which loss sees the border?",
        "Written by `python -m experiments.report` from the CSVs in `experiments/results/`; do not edit.",
        "## The answer",
        *answer_paragraphs(analysis),
        f"{RULE} {rule_applied(analysis)}".rstrip(),
        " ".join(said for said in (compared(runs), footing_sentence(analysis), selection.apart_sentence) if said),
        "## The question",
        QUESTION,
        *_thresholds(analysis, figures),
        *_as_trained(analysis, figures),
        "## The price",
        *_bullets(what_it_costs(analysis)),
        _figure(figures, "price", "Gain in border F1 against loss in pixel accuracy"),
        *_by_pixel(analysis, figures),
        "## What did not work",
        *_bullets(what_did_not_work(analysis)),
        *recipe_paragraphs(recipe),
        *_labels(runs, analysis),
        hardware_section(runs).as_markdown(),
        "## How the intervals are made",
        INTERVALS,
        breed_section(analysis).as_markdown(level=3) if analysis.footing.detailed else "",
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
    table = summary_section(analysis)
    lines = [
        *answer_paragraphs(analysis)[:3],
        seeds_in_words(analysis),
        "\n".join(table.as_markdown().splitlines()[2:]),
        compared(runs),
        article(analysis),
        "[RESULTS.md](RESULTS.md) has what each loss does, the intervals, the controls, the last layer, calibration, "
        "and the labels to distrust.",
    ]
    return f"{before}{start}\n\n" + "\n\n".join(lines) + f"\n\n{end}{after}"


def answer_paragraphs(analysis: Analysis) -> list[str]:
    """The verdict in Markdown: the answer in bold, then the control, then the price, then the rest as a list."""
    lead, *others = verdict(analysis)
    return [f"**{lead}**", *others[:2], *_bullets(others[2:])]


def _thresholds(analysis: Analysis, figures: list[str]) -> list[str]:
    sections = operating_sections(analysis)
    if not sections:
        return []
    return [
        "## Is it only the threshold?",
        _figure(figures, "threshold", "Recall against precision, and F1 against pixel accuracy, along every threshold")
        + " Open marks are where the network decides by itself, filled ones where its threshold is tuned.",
        *(section.as_markdown(level=3) for section in sections),
    ]


def _as_trained(analysis: Analysis, figures: list[str]) -> list[str]:
    """Scores at argmax, where every network puts its own threshold."""
    differences = [differences_section(analysis)] if len(analysis.configurations) > 1 and analysis.compared_with else []
    wandering = last_epochs_section(analysis)
    return [
        "## As trained",
        *(section.as_markdown(level=3) for section in (*differences, scores_section(analysis))),
        *([wandering.as_markdown(level=3)] if wandering.rows else []),
        article(analysis),
        f"{RESIZING} {measured_sentence('full-size')}".rstrip(),
        " ".join([_figure(figures, "by-epoch", "Pixel accuracy and border F1 by epoch"), *_marks(analysis)]),
        _figure(figures, "recall-precision", "Border recall against border precision")
        + " Recall alone rewards painting borders everywhere: up and to the right is better.",
    ]


def _marks(analysis: Analysis) -> list[str]:
    return how_points_differ(analysis.configurations, lambda configuration: configuration.name)


def _by_pixel(analysis: Analysis, figures: list[str]) -> list[str]:
    """What only runs know whose pixels were looked at one by one."""
    if not analysis.footing.detailed:
        return []
    drawn = {
        "By side of the edge": _figure(figures, "near-the-outline", "Pixel accuracy near the border's edges"),
        "Calibration": _figure(figures, "reliability", "How often what is said to be so is so"),
    }
    scale = {
        "Tolerances and outlines": " ".join(
            filter(None, [measured_sentence("border-scale"), measured_sentence("outline-width")])
        )
    }
    parts = []
    for section in pixel_sections(analysis):
        parts += [section.as_markdown(), scale.get(section.title, ""), drawn.get(section.title, "")]
    return parts


def _labels(runs: list[Run], analysis: Analysis) -> list[str]:
    if not analysis.footing.detailed:
        return []
    known = [run for run in runs if read_images(run)["label_quality"].notna().any()]
    if not known:
        return []
    note = f"{LABELS} {HOW_SUSPECTED} {measured_sentence('planted-labels')}".rstrip()
    return [photos_section("Labels to distrust", suspects(known).head(SUSPECTS), (note,)).as_markdown()]


def _figure(figures: list[str], name: str, title: str) -> str:
    return f"![{title}]({(FIGURES / name).as_posix()}.svg)" if name in figures else ""


def _bullets(lines: list[str]) -> list[str]:
    return ["\n".join(f"- {line}" for line in lines)]
