"""Runs that were chosen in an open page and are not there any more are named, with what to do."""

import json
import shutil

import pytest

from demo.catalogue import Catalogue, first_choices, lost_sentence


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (None, ""),
        (["ce-s0"], ""),
        (["ce-s0", "dice-s0"], "dice-s0 has no scores any more: reload the page to choose others, or train it again."),
        (["a", "ce-s0", "b"], "a, b have no scores any more: reload the page to choose others, or train them again."),
    ],
)
def test_lost_runs_are_named_with_the_remedy(tiny_runs, names, said):
    assert lost_sentence(names, Catalogue((tiny_runs,)).scored(), "scores") == said


def test_a_run_of_each_loss_is_chosen_when_the_page_opens(tiny_runs, tmp_path):
    names = (
        ("a", "ce", 0),
        ("b", "ce", 1),
        ("c", "focal", 0),
        ("d", "focal", 1),
        ("e", "weighted", 0),
        ("f", "dice", 0),
    )
    for name, loss, seed in names:
        folder = shutil.copytree(tiny_runs / "ce-s0", tmp_path / name)
        info = json.loads((folder / "run.json").read_text())
        info["options"] |= {"loss": loss, "seed": seed}
        (folder / "run.json").write_text(json.dumps(info))
    runs = Catalogue((tmp_path,)).runs()
    chosen = [run for run in runs if run.name in first_choices(runs)]
    assert len({run.loss for run in chosen}) == len(chosen) == 3
    assert all(run.seed == 0 for run in chosen)
