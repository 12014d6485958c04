"""Every score there is: what it is called and means, how it is shown, and where.

A new score is a row here, and its formula in `seg.metrics.FORMULAS` where it follows from confusion counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType

from experiments.units import NATS, PER_CENT, Unit


class Place(Enum):
    """Where scores appear."""

    EPOCHS = auto()  # columns of epochs.csv
    IMAGES = auto()  # columns of images.csv, beside the confusion counts
    TABLES = auto()  # of runs and configurations, on the terminal, in the report and in the app
    HEADLINE = auto()  # where there is room for two: a sweep's lines, the report's curves
    SWEEP = auto()  # a sweep's last table
    CURVES = auto()  # the app's choice of a score by epoch, also in its address
    OUTLINE = auto()  # the table of outlines and tolerances, from single photos' scores
    PHOTOS = auto()  # rankings of single photos, also in the app
    SCRUBBER = auto()  # the app's predictions by epoch, in per cent
    API = auto()  # the app's list of runs, for programs


@dataclass(frozen=True)
class Score:
    """What is to be known of a score; its values are fractions in [0, 1] where the unit is PER_CENT.

    Attributes:
        name: in files, in options and in the API.
        title: as a label begins.
        meaning: one sentence or two, how to read it.
        counted: it follows from confusion counts, by `seg.metrics.FORMULAS`.
        intervals: the bootstrap gives it intervals, in per cent; it has to be counted.
        short: what it is called where its neighbours say the rest.
        digits: decimals in sentences and beside points of figures.
    """

    name: str
    title: str
    meaning: str
    places: frozenset[Place] = frozenset()
    unit: Unit = PER_CENT
    higher_is_better: bool = True
    counted: bool = False
    intervals: bool = False
    short: str = ""
    digits: int = 1

    @property
    def noun(self) -> str:
        """The title inside a sentence."""
        return self.title[:1].lower() + self.title[1:]

    def text(self, value: float | None, *, tight: bool = False) -> str:
        """`38.2 %`, as sentences and figures have it, or tight `38.2%`."""
        return self.unit.text(value, self.digits, tight=tight)


def tolerant_f1(pixels: int) -> str:
    """The name of border F1 where a border pixel counts as right so many pixels off."""
    return f"border_f1_{pixels}px"


# Border recall rewards over-painting: where it is shown, precision, F1 and IoU stand beside it.
_BY_EPOCH = frozenset({Place.EPOCHS, Place.CURVES})
_OF_BORDER = _BY_EPOCH | {Place.TABLES, Place.PHOTOS, Place.SCRUBBER, Place.API}
_IN_SWEEPS = _OF_BORDER | {Place.SWEEP}
_OF_PHOTOS = frozenset({Place.IMAGES, Place.PHOTOS})

_ROWS = (
    Score(
        "pixel_accuracy",
        "Pixel accuracy",
        "Share of all pixels given their true class.",
        places=_OF_BORDER | {Place.SWEEP, Place.HEADLINE},
        counted=True,
        intervals=True,
    ),
    Score(
        "border_recall",
        "Border recall",
        "Share of true border pixels found. Painting everything as border scores 100 %, so read it with precision.",
        places=_IN_SWEEPS,
        counted=True,
        intervals=True,
        short="recall",
    ),
    Score(
        "border_precision",
        "Border precision",
        "Share of pixels painted as border that truly are border.",
        places=_IN_SWEEPS,
        counted=True,
        intervals=True,
        short="precision",
    ),
    Score(
        "border_f1",
        "Border F1",
        "Harmonic mean of border recall and precision: high only when both are.",
        places=_IN_SWEEPS | {Place.HEADLINE},
        counted=True,
        intervals=True,
    ),
    Score(
        "border_iou",
        "Border IoU",
        "Border pixels both true and found, over those either true or found.",
        places=_OF_BORDER,
        counted=True,
        intervals=True,
        short="IoU",
    ),
    Score(
        tolerant_f1(1),
        "Border F1 within 1 px",
        "Border F1 where a border pixel counts as right that is 1 pixel off.",
        places=frozenset({Place.OUTLINE}),
        short="F1 within 1 px",
    ),
    Score(
        tolerant_f1(2),
        "Border F1 within 2 px",
        "Border F1 where a border pixel counts as right that is 2 pixels off.",
        places=frozenset({Place.OUTLINE}),
        short="F1 within 2 px",
    ),
    Score(
        "boundary_iou",
        "Boundary IoU, pet",
        "Overlap of the pet's outline, the border's inner edge, 4 pixels thick, with the true one (Cheng et al. 2021).",
        places=_BY_EPOCH | _OF_PHOTOS | {Place.TABLES, Place.OUTLINE},
    ),
    Score(
        "boundary_iou_with_border",
        "Boundary IoU, pet with border",
        "The same of pet and border together, so of the border's outer edge.",
        places=_OF_PHOTOS | {Place.OUTLINE},
    ),
    Score(
        "label_quality",
        "Label quality",
        "Soft minimum over pixels of the probability given to the trimap's class: near 0, distrust it.",
        places=_OF_PHOTOS,
    ),
    Score(
        "mean_iou",
        "Mean IoU",
        "Intersection over union, averaged over pet, background and border.",
        places=_BY_EPOCH,
        counted=True,
    ),
    Score(
        "pet_iou",
        "Pet IoU",
        "Pet pixels both true and found, over those either true or found.",
        places=_BY_EPOCH,
        counted=True,
    ),
    Score(
        "background_iou",
        "Background IoU",
        "Background pixels both true and found, over those either true or found.",
        places=_BY_EPOCH,
        counted=True,
    ),
    Score(
        "article_iou",
        "Article's IoU",
        "The article's Jaccard index over pet and border pixels together.",
        places=_BY_EPOCH,
        counted=True,
    ),
    Score(
        "custom_iou",
        "Article's soft IoU",
        "IoU over probabilities instead of decisions, averaged over photos.",
        places=_BY_EPOCH | _OF_PHOTOS,
    ),
    Score(
        "val_loss",
        "Validation loss",
        "Each run's own loss on unseen photos: it compares epochs of one run, not runs of different losses.",
        places=_BY_EPOCH,
        unit=NATS,
        higher_is_better=False,
        digits=4,
    ),
    Score(
        "cross_entropy",
        "Cross-entropy",
        "Mean of minus the logarithm of the probability given to the true class.",
        places=_OF_PHOTOS,
        unit=NATS,
        higher_is_better=False,
        digits=2,
    ),
    Score(
        "calibration_error",
        "Calibration error",
        "Mean distance between confidence and accuracy, of all pixels.",
        higher_is_better=False,
        short="ECE",
    ),
    Score(
        "border_probability_error",
        "Class-wise calibration error of border",
        "Mean distance between the probability of border and how often pixels given it are border.",
        higher_is_better=False,
        short="class-wise ECE, border",
    ),
    Score(
        "average_precision",
        "Average precision",
        "Border precision averaged over recall, along all thresholds: no threshold is chosen.",
    ),
)

SCORES: Mapping[str, Score] = MappingProxyType({score.name: score for score in _ROWS})
CHOSEN_FIRST = SCORES["border_f1"]

# What comes first in a place whose order is not that of the rows. The first two are file formats: append only.
_FIRST = {
    Place.EPOCHS: (
        "val_loss",
        "pixel_accuracy",
        "article_iou",
        "custom_iou",
        "mean_iou",
        "pet_iou",
        "background_iou",
        "border_iou",
        "border_recall",
        "border_precision",
        "border_f1",
        "boundary_iou",
    ),
    Place.IMAGES: ("cross_entropy", "custom_iou", "boundary_iou", "boundary_iou_with_border", "label_quality"),
    Place.PHOTOS: (
        "pixel_accuracy",
        "border_recall",
        "border_precision",
        "border_f1",
        "border_iou",
        "cross_entropy",
        "custom_iou",
        "boundary_iou",
    ),
    Place.SCRUBBER: ("border_f1", "border_recall", "border_precision", "border_iou"),
}


def appearing(place: Place) -> tuple[Score, ...]:
    """The scores of a place, in the order they have there; one that nobody put in order follows."""
    first = _FIRST.get(place, ())
    there = [score for score in SCORES.values() if place in score.places]
    return tuple(sorted(there, key=lambda score: first.index(score.name) if score.name in first else len(first)))


def with_intervals() -> tuple[Score, ...]:
    """The scores that the bootstrap gives intervals, in the order of the table."""
    return tuple(score for score in SCORES.values() if score.intervals)


def calibration_score(pixels: str) -> Score:
    """The score that follows from `calibration.csv`: of `all` pixels by confidence, or by `border_probability`."""
    return SCORES["calibration_error" if pixels == "all" else f"{pixels}_error"]


def tempered(score: Score) -> str:
    """The name of a calibration error after the temperature that was fitted on training photos."""
    return f"{score.name}_tempered"


def accuracy_within(band: int, edge: str) -> str:
    """The name of pixel accuracy at most so many pixels from the outline of `pet`, or of `pet_and_border`."""
    return f"accuracy_within_{band}_of_{edge}"
