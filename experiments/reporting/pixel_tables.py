"""Tables of pixels by where they are and how sure the network is of them: near the edges, tolerances, calibration."""

from experiments.comparison.analysis import Analysis
from experiments.reporting.tables import CONFIGURATION, Section, names_of, number_text
from experiments.scores import Place, accuracy_within, appearing, calibration_score, tempered
from experiments.units import PER_CENT, Unit
from seg.metrics import BANDS, CALIBRATED, SIDES, SILHOUETTES

# What the outline of each of `seg.metrics.SILHOUETTES` is to the border
EDGES = {"pet": "inner", "pet_and_border": "outer"}
TEMPERATURE = Unit(scale=1, symbol="", digits=2)


def pixel_sections(analysis: Analysis) -> list[Section]:
    """The tables that there is something for."""
    sections = [outline_section(analysis), bands_section(analysis)]
    if len(analysis.outline):
        sections.append(sides_section(analysis))
    return [*sections, calibration_section(analysis)]


def bands_section(analysis: Analysis) -> Section:
    """A row an edge of the true border and configuration: pixel accuracy within bands of growing width around it."""
    rows = []
    for edge, title in EDGES.items():
        for name in names_of(analysis):
            means = [analysis.score(name, accuracy_within(band, edge))["mean"] for band in BANDS]
            rows.append([title, name, *(number_text(PER_CENT, mean) for mean in means)])
    notes = (
        "Pixel accuracy in per cent at most so many pixels from an edge of the true border (Kohli et al. 2009): the "
        "border is a band, whose inner edge is the pet's outline and whose outer edge that of pet and border.",
    )
    header = ["edge", CONFIGURATION, *(f"{band} px" for band in BANDS)]
    return Section("Accuracy near the border's edges", header, rows, ("edge", CONFIGURATION), notes)


def sides_section(analysis: Analysis) -> Section:
    """A row an edge, side and configuration: pixel accuracy by distance, where the losses differ."""
    table = analysis.outline
    header = ["edge", "side", CONFIGURATION]
    rings = list(dict.fromkeys(table[["from", "to"]].itertuples(index=False, name=None)))
    accuracy = table.set_index(["edge", "side", "configuration", "from", "to"])["accuracy"]
    rows = [
        [EDGES[edge], side, name, *(number_text(PER_CENT, accuracy[edge, side, name, *ring]) for ring in rings)]
        for edge in SILHOUETTES
        for side in SIDES
        for name in dict.fromkeys(table["configuration"])
    ]
    notes = ("Pixel accuracy in per cent by distance in pixels from the edge, of all seeds' pixels together.",)
    header += [f"{low:g}–{high:g} px" for low, high in rings]
    return Section("By side of the edge", header, rows, ("edge", "side", CONFIGURATION), notes)


def outline_section(analysis: Analysis) -> Section:
    """A row a configuration: border F1 with a tolerance, and boundary IoU of both outlines."""
    shown = appearing(Place.OUTLINE)
    rows = []
    for name in names_of(analysis):
        found = [(score.unit, analysis.score(name, score.name)) for score in shown]
        rows.append([name, *(number_text(unit, row["mean"], row["std"]) for unit, row in found)])
    notes = ("In per cent. Within so many pixels: a border pixel counts as right that is so far off.",)
    return Section("Tolerances and outlines", [CONFIGURATION, *(s.noun for s in shown)], rows, (CONFIGURATION,), notes)


def calibration_section(analysis: Analysis) -> Section:
    """A row a configuration: expected calibration error, then the accuracy in each bin of confidence."""
    table = analysis.reliability[analysis.reliability["pixels"] == "all"]
    filled = table[table["count"] > 0].sort_values("bin")
    bins = filled[["from", "to"]].drop_duplicates()
    accuracy = filled.set_index(["configuration", "from"])["accuracy"]
    errors, rows = [calibration_score(pixels) for pixels in CALIBRATED], []
    for name in names_of(analysis):
        means = [(TEMPERATURE, analysis.score(name, "temperature")["mean"])]
        for score in errors:
            means += [(score.unit, analysis.score(name, kind)["mean"]) for kind in (score.name, tempered(score))]
        means += [(PER_CENT, accuracy.get((name, low))) for low in bins["from"]]
        rows.append([name, *(number_text(unit, mean) for unit, mean in means)])
    header = [
        CONFIGURATION,
        "temperature",
        *(text for score in errors for text in (score.short, f"{score.short}, at it")),
        *(f"{100 * low:.0f}–{100 * high:.0f}" for low, high in bins.to_numpy()),
    ]
    notes = (
        "Expected calibration error of all pixels by confidence (ECE), and class-wise: by their probability of border, "
        "against how often they are border; both as the network is, and at the temperature that was fitted on training "
        "photos. Then the accuracy of all pixels by the confidence they were predicted with. All errors in per cent; "
        "accuracy above confidence is too little confidence.",
    )
    return Section("Calibration", header, rows, (CONFIGURATION,), notes)
