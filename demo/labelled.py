"""The photos with labels beside the app: the dataset's, or a person's own."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from experiments.store.probe import VALIDATION_NAMES, own_probe
from seg import InputError
from seg.labelled.masks import BORDER_WIDTH
from seg.labelled.own import photos_folder
from seg.labelled.pairs import Pair, are_here, are_own, listed_photos, pairs_of
from seg.pets import TEST, photo_path


@dataclass(frozen=True)
class Labelled:
    """A folder of them, which may be empty yet, or gone the next moment.

    Attributes:
        root: holds `oxford-iiit-pet/`, or one's own `photos/` and `masks/`; need not exist.
        border_width: says how wide borders of one's own photos are derived now, as a share of the side: as the runs
            that are shown have learnt them.
    """

    root: Path
    border_width: Callable[[], float] = lambda: BORDER_WIDTH

    @property
    def are_here(self) -> bool:
        return are_here(self.root)

    @property
    def are_own(self) -> bool:
        return are_own(self.root)

    def pair(self, name: str) -> Pair | None:
        """The photo of that name, and its label, which need not be there; None where there is no such photo."""
        return self.pairs([name])[0]

    def pairs(self, names: list[str]) -> list[Pair | None]:
        """The same of several."""
        try:
            pairs = pairs_of(self.root, names, self.border_width())
        except InputError:  # a folder that cannot be read has no photo
            return [None] * len(names)
        # a name is no path: what is asked for may be any word
        inside = photo_path(self.root, "_").parent if not self.are_own else photos_folder(self.root)
        return [
            pair if pair.photo.parent == inside and pair.photo.stem == pair.name and _is_there(pair.photo) else None
            for pair in pairs
        ]

    def probe(self) -> list[Pair]:
        """Of the photos that runs keep their predictions of, those that are here."""
        try:
            names = own_probe(listed_photos(self.root, TEST)) if self.are_own else list(VALIDATION_NAMES)
        except InputError:  # nothing can be listed: `experiments.check` says what is wrong
            return []
        return [pair for pair in self.pairs(names) if pair is not None]


def _is_there(photo: Path) -> bool:
    try:
        return photo.is_file()
    except (OSError, ValueError):  # no name that a file could have
        return False
