"""What the files are called that tell of a run's single photos, and how it loses them. Nothing here imports torch."""

import contextlib
from pathlib import Path

from experiments.store.scored.controls import CONTROL_KINDS, CONTROLS, control_folder

MARGINS = "margins.npz"
# As a script beside the project writes them, without the photos' names
RAW_MARGINS = "margins-raw.npz"
DETAILS = ("images.csv", "bands.csv", "calibration.csv", MARGINS)
OF_CONTROLS = ("images.csv", MARGINS)


def delete_details(folder: Path) -> None:
    """Delete all of it: the weights are about to change. What somebody else has put among it stays."""
    controls = [control_folder(folder, control) for control in CONTROL_KINDS]
    written = [folder / name for name in (*DETAILS, RAW_MARGINS)]
    for path in [*written, *(inside / name for inside in controls for name in OF_CONTROLS)]:
        path.unlink(missing_ok=True)
    for inside in (*controls, folder / CONTROLS):
        with contextlib.suppress(OSError):  # it is not there, or not empty
            inside.rmdir()
