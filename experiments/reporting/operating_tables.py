"""Tables on the threshold: each configuration where it is tuned, the controls, which threshold a loss acts like."""

import pandas as pd

from experiments.comparison.analysis import Analysis
from experiments.comparison.answer.last_epochs import last_epochs
from experiments.comparison.operating import POINTS
from experiments.reporting.tables import CONFIGURATION, Section, difference_text, names_of, number_text
from experiments.scores import SCORES
from experiments.store.scored.controls import CONTROL_KINDS
from experiments.units import PER_CENT

SHOWN = ("border_f1", "pixel_accuracy", "border_recall", "border_precision")
_MEANING = {
    "argmax": "as the network decides",
    "tuned": "at the shift that maximises border F1 on training photos",
    "best": "along the curve of the test photos themselves, an upper bound",
}
assert tuple(_MEANING) == POINTS


def operating_sections(analysis: Analysis) -> list[Section]:
    """The tables that there is something for."""
    sections = [operating_section(analysis), controls_section(analysis), same_control_section(analysis)]
    sections.append(acts_like_section(analysis))
    return [section for section in sections if section.rows]


def operating_section(analysis: Analysis) -> Section:
    """A row a configuration and point: the shift, its scores, and their differences from the baseline's there."""
    points = analysis.operating.points
    rows = []
    for (name, point), found in points[points["control"] == ""].groupby(["configuration", "point"], sort=False):
        rows.append([str(name), str(point), *_scores(found), *_differences(found, "difference", analysis, str(name))])
    notes = [
        "In per cent; the shift is added to the border's logit. "
        f"{'; '.join(f'{point}: {meaning}' for point, meaning in _MEANING.items())}. "
        f"Differences are from {analysis.compared_with or 'nothing'} at the same point, with 95 % intervals. All of it "
        f"is of the seeds that all have margins of: {_seeds(analysis)}."
    ]
    notes += [f"Margins of {run}: {source}." for run, source in analysis.operating.sources.items()]
    return _section("At every threshold", [CONFIGURATION, "point"], rows, "difference in", tuple(notes))


def controls_section(analysis: Analysis) -> Section:
    """A row a control and point: the baseline's own weights scored another way, against the baseline as it is."""
    points = analysis.operating.points
    table = points[points["configuration"].eq(analysis.compared_with) & points["point"].ne("best")]
    rows = []
    for (control, point), found in table.groupby(["control", "point"], sort=False):
        meaning = CONTROL_KINDS[str(control)].meaning if control else "as it is"
        keys = [meaning, str(point), str(found["seeds"].iloc[0])]
        rows.append([*keys, *_scores(found), *_differences(found, "from_argmax", analysis, "")])
    note = (
        f"What {analysis.compared_with} reaches with no other loss: differences are from its own argmax, over the "
        "seeds that have both."
    )
    if any("renormed" in str(control) for control in table["control"]):
        note += " BatchNorm's statistics are re-estimated on 320 whole training photos, as the SegNet paper does."
    return _section("Controls", ["control", "point", "seeds"], rows, "from argmax, in", (note,))


def same_control_section(analysis: Analysis) -> Section:
    """A row a control and configuration that has it: at tuned thresholds, against the baseline under that control."""
    points = analysis.operating.points
    others = points["configuration"].ne(analysis.compared_with) & points["control"].ne("") & points["point"].eq("tuned")
    rows = []
    for (control, name), found in points[others].groupby(["control", "configuration"], sort=False):
        meaning = CONTROL_KINDS[str(control)].meaning
        keys = [meaning, str(name), str(found["seeds"].iloc[0])]
        rows.append([*keys, *_scores(found), *_differences(found, "difference", analysis, str(name))])
    notes = (
        f"Each network under the control, at its own tuned threshold; differences are from {analysis.compared_with} "
        "under the same control.",
    )
    return _section("Under the same control", ["control", CONFIGURATION, "seeds"], rows, "difference in", notes)


def acts_like_section(analysis: Analysis) -> Section:
    """A row a configuration: which threshold of the baseline paints as much border, and how they differ there."""
    rows = []
    for name, found in analysis.operating.acts_like.groupby("configuration", sort=False):
        by_score = found.set_index("score")
        shares = [PER_CENT.number(by_score["share"].iloc[0]), f"{by_score['shift'].iloc[0]:+.1f}"]
        means = [PER_CENT.number(by_score["mean"][score]) for score in SHOWN[:2]]
        rows.append([str(name), *shares, *means, *(difference_text(by_score.loc[score]) for score in SHOWN[:2])])
    baseline = analysis.compared_with
    header = [CONFIGURATION, "painted border", "shift", *(f"{baseline}'s {SCORES[s].noun} there" for s in SHOWN[:2])]
    header += [f"difference in {SCORES[score].noun}" for score in SHOWN[:2]]
    notes = (
        f"The shift at which {baseline} paints as large a share of the training photos border as the configuration "
        f"does at argmax; differences are the configuration's at argmax from {baseline}'s there.",
    )
    return Section("Which threshold each loss acts like", header, rows, (CONFIGURATION,), notes)


def summary_section(analysis: Analysis) -> Section:
    """A row a configuration, of the same seeds: as trained, then where its threshold is tuned, then at no threshold."""
    operating, rows = analysis.operating, []
    for configuration in analysis.configurations:
        name = configuration.name
        seeds = operating.shared.get(name, configuration.seeds)
        trained = [operating.row(name, score, point="argmax") for score in SHOWN]
        means = [
            analysis.score(name, score)["mean"] if row is None else row["mean"]
            for score, row in zip(SHOWN, trained, strict=True)
        ]
        tuned = [operating.row(name, score) for score in SHOWN[:2]]
        means += [None if row is None else row["mean"] for row in tuned]
        means.append(operating.average_precision.get(name))
        rows.append([name, ", ".join(map(str, seeds)), *(number_text(PER_CENT, mean) for mean in means)])
    header = [CONFIGURATION, "seeds", *(SCORES[score].noun for score in SHOWN)]
    header += [f"{SCORES[score].noun}, threshold tuned" for score in SHOWN[:2]] + [SCORES["average_precision"].noun]
    count = "" if analysis.photos is None else f", over {analysis.photos:,} photos"
    notes = (f"In per cent{count}, of the seeds that all have; thresholds are tuned on training photos.",)
    return Section("Scores", header, rows, (CONFIGURATION, "seeds"), notes)


def last_epochs_section(analysis: Analysis) -> Section:
    """A row a configuration: the last epoch, and the mean of the last three, of the same photos."""
    table = last_epochs(analysis.configurations)
    rows = []
    for name in names_of(analysis):
        found = table[table["configuration"] == name]
        if len(found):
            first = found.iloc[0]
            numbers = [text for _, row in found.iterrows() for text in map(PER_CENT.number, (row["last"], row["mean"]))]
            rows.append([name, f"{first['first_epoch']}–{first['last_epoch']}", f"{first['photos']:,}", *numbers])
    scores = list(dict.fromkeys(table["score"]))
    header = [CONFIGURATION, "epochs", "photos"]
    header += [f"{SCORES[score].noun}, {which}" for score in scores for which in ("last epoch", "mean")]
    notes = (
        "One epoch's scores wander: beside the last, the mean of the last three, all on the sample that is scored "
        "after each epoch, so not the numbers above.",
    )
    return Section("The last epoch and the mean of the last three", header, rows, (CONFIGURATION,), notes)


def _seeds(analysis: Analysis) -> str:
    shared = analysis.operating.shared
    return "; ".join(f"seed {', '.join(map(str, seeds))} of {name}" for name, seeds in shared.items())


def _section(title: str, keys: list[str], rows: list[list[str]], what: str, notes: tuple[str, ...]) -> Section:
    header = [*keys, "shift", *(SCORES[score].noun for score in SHOWN)]
    return Section(title, [*header, *(f"{what} {SCORES[score].noun}" for score in SHOWN[:2])], rows, keys, notes)


def _scores(found: pd.DataFrame) -> list[str]:
    by_score = found.set_index("score")
    return [f"{found['shift'].iloc[0]:+.1f}", *(PER_CENT.number(by_score["mean"][score]) for score in SHOWN)]


def _differences(found: pd.DataFrame, what: str, analysis: Analysis, name: str) -> list[str]:
    by_score = found.set_index("score")
    return ["" if name == analysis.compared_with else difference_text(by_score.loc[score], what) for score in SHOWN[:2]]
