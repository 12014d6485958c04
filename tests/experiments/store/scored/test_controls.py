"""Each control is asked for by options of its own, and has a folder of its own."""

from pathlib import Path

from experiments.store.scored.controls import CONTROL_KINDS, control_folder


def test_controls_are_all_that_the_options_can_ask_for():
    asked = {name: (control.flip, control.renorm) for name, control in CONTROL_KINDS.items()}
    assert asked == {"mirrored": (True, False), "renormed": (False, True), "mirrored-renormed": (True, True)}


def test_each_says_which_options_ask_for_it():
    said = {name: control.options for name, control in CONTROL_KINDS.items()}
    assert said == {
        "mirrored": ["--flip"],
        "renormed": ["--renorm"],
        "mirrored-renormed": ["--flip", "--renorm"],
    }


def test_each_lies_in_the_runs_folder():
    assert control_folder(Path("runs/ce-s0"), "mirrored") == Path("runs/ce-s0/controls/mirrored")
