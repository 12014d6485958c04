"""Configurations are called by their loss in words, and by what tells them apart; runs by no folder's name."""

import json
import shutil
from pathlib import Path

from demo.figures.names import in_markdown, names_in_words, names_of_runs, without_run_names
from experiments.comparison.configurations import configurations
from experiments.store.runs import read_run


def copied(run, folder: Path, **options):
    """The run under another name, with other options."""
    shutil.copytree(run.folder, folder)
    info = json.loads((folder / "run.json").read_text())
    info["options"] |= options
    (folder / "run.json").write_text(json.dumps(info))
    return read_run(folder)


def test_a_loss_alone_needs_no_more_than_its_words(found):
    assert names_in_words(found) == ["cross-entropy", "focal loss"]


def test_configurations_of_one_loss_are_told_apart_by_what_they_differ_in(seeds, tmp_path):
    other = copied(seeds[2], tmp_path / "x" / "focal-g-s0", gamma=5.0)
    assert names_in_words(configurations([seeds[0], seeds[2], other])) == [
        "cross-entropy",
        "focal loss (gamma 2.0)",
        "focal loss (gamma 5.0)",
    ]


def test_runs_that_differ_in_nothing_are_told_apart_by_their_folder(seeds, tmp_path):
    again = copied(seeds[2], tmp_path / "x" / "mine")
    assert names_in_words(configurations([seeds[2], again])) == ["focal loss (focal-s0)", "focal loss (mine)"]


def test_a_loss_that_another_version_knows_is_called_by_its_name(seeds, tmp_path):
    assert names_in_words(configurations([copied(seeds[2], tmp_path / "x" / "l-s0", loss="lovasz")])) == ["lovasz"]


def test_sentences_lose_the_names_of_runs_and_keep_what_is_to_be_typed(found):
    names = names_of_runs(found)
    told = "`ce` rises over `focal-s0` (ce-s1 and my-ce-s1): `python -m experiments.evaluate RUN`."
    assert without_run_names(told, names) == (
        "cross-entropy rises over focal loss, seed 0 (cross-entropy, seed 1 and my-ce-s1): "
        "`python -m experiments.evaluate RUN`."
    )
    # of losses that are not chosen, too
    assert without_run_names("one seed of `weighted`", names) == "one seed of class weights"


def test_a_name_is_no_markup_where_markdown_is_read():
    assert in_markdown("[x](y) ![z](u) <b> `c` *d* _e_ $f$ a|b \\") == (
        "\\[x\\](y) !\\[z\\](u) \\<b> \\`c\\` \\*d\\* \\_e\\_ \\$f\\$ a\\|b \\\\"
    )
    assert in_markdown("focal loss, seed 0 is left out (64 x 64).") == "focal loss, seed 0 is left out (64 x 64)."
