"""Each loss looks as it always did, and a new one like nothing else."""

import json
import shutil

from hypothesis import given
from hypothesis import strategies as st

from demo.catalogue import Catalogue
from demo.figures.styles import styles
from demo.figures.view import GREY
from demo.labelled import Labelled
from demo.watch.probe_photos import ProbePhotos
from demo.watch.value import watch_value
from experiments.comparison.configurations import configurations
from experiments.store.runs import read_run
from seg.losses import LOSSES, loss_colour
from seg.pets import CLASS_COLOURS

# the losses' looks as they are meant to be: swapping two of them would mislead whoever has learnt them
LOOKS = {
    "ce": ("#0072B2", "circle"),
    "weighted": ("#D55E00", "square"),
    "focal": ("#009E73", "diamond"),
    "dice": ("#882255", "star"),
}
# the classes, the losses, the grey of the article's line
TAKEN = {
    *("#9B7BFF", "#000000", "#FFD60A"),
    *(colour for colour, _ in LOOKS.values()),
    "#888888",
}


def copy_with_loss(seeds, folder, loss: str):
    """A run that says it was trained with that loss."""
    other = shutil.copytree(seeds[2].folder, folder / f"{loss}-s0")
    info = json.loads((other / "run.json").read_text())
    info["options"]["loss"] = loss
    (other / "run.json").write_text(json.dumps(info))
    return read_run(other)


def test_each_loss_has_the_colour_and_the_marker_it_always_had(seeds, tmp_path):
    assert LOSSES.keys() == LOOKS.keys()
    styled = styles(configurations([copy_with_loss(seeds, tmp_path / "each", loss) for loss in LOOKS]))
    for loss, look in LOOKS.items():
        assert (styled[f"{loss}-s0"].colour, styled[f"{loss}-s0"].symbol) == look


def test_a_loss_that_nobody_foresaw_looks_like_nothing_else(seeds, tmp_path):
    run = copy_with_loss(seeds, tmp_path / "more", "lovasz")
    style = styles(configurations([*seeds, run]))["lovasz-s0"]
    assert style.symbol not in {marker for _, marker in LOOKS.values()}
    tab = watch_value(Catalogue((run.folder.parent,)), ProbePhotos(Labelled(tmp_path), served=tmp_path), ["lovasz-s0"])
    assert tab["runs"][0]["colour"] == style.colour
    assert style.colour.upper() not in TAKEN


def test_the_taken_colours_are_those_in_use():
    assert {colour.upper() for colour in (*CLASS_COLOURS, GREY)} <= TAKEN


@given(st.text(min_size=1).filter(lambda name: name not in LOOKS))
def test_no_unforeseen_loss_has_a_colour_that_means_something(name):
    assert loss_colour(name).upper() not in TAKEN


def test_two_configurations_of_one_loss_differ_in_dash_and_marker(seeds, tmp_path):
    other = shutil.copytree(seeds[2].folder, tmp_path / "more" / "focal-gamma-s0")
    info = json.loads((other / "run.json").read_text())
    info["options"]["gamma"] = 5.0
    (other / "run.json").write_text(json.dumps(info))
    styled = styles(configurations([seeds[2], read_run(other)]))
    first, second = styled["focal-s0"], styled["focal-gamma-s0"]
    assert first.colour == second.colour
    assert first.dash != second.dash
    assert first.symbol != second.symbol
