"""The command that trains a run again says what its `run.json` says."""

import argparse
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.cli.command_line import RESULTS
from experiments.cli.options import add_options, resolve
from experiments.store.recorded_options import recorded, used_options
from experiments.store.runs import find_runs
from experiments.store.training_command import training_command


def typed(command: str) -> dict:
    """The options of a command, as the command line reads them."""
    words = shlex.split(command)
    assert words[:3] == ["python", "-m", "experiments.run"]
    parser = argparse.ArgumentParser()
    add_options(parser)
    return vars(parser.parse_args(words[3:]))


@given(
    st.fixed_dictionaries(
        {"loss": st.sampled_from(["ce", "weighted", "focal"])},
        optional={
            "recipe": st.sampled_from(["article", "best"]),
            "epochs": st.integers(2, 400),
            "seed": st.integers(0, 2**63 - 1),
            "lr": st.floats(1e-6, 1),
            "size": st.sampled_from([32, 64, 128]),
            "progressive": st.just(True),
            "final_relu": st.booleans(),
            "exclude": st.sampled_from([("Bengal_1",), ("Bengal_1", "pug_2")]),
            "val_limit": st.integers(1, 400),
            "precision": st.sampled_from(["auto", "fp32", "bf16"]),
            "jitter_of": st.sampled_from(["contrast", "all"]),
        },
    )
)
def test_what_is_typed_makes_the_same_run(given_options):
    options = resolve(given_options)
    info = {"options": recorded(options), "environment": {"precision": "bf16"}}
    assert resolve(typed(training_command(info))) == options


def test_a_plain_run_is_a_short_command():
    assert training_command({"options": recorded(resolve({"loss": "focal"}))}) == (
        "python -m experiments.run --loss focal"
    )
    weighted = resolve({"loss": "weighted", "class_weights": (1.0, 0.5, 2.0), "seed": 3})
    assert training_command({"options": recorded(weighted)}) == (
        "python -m experiments.run --loss weighted --seed 3 --class-weights 1.0,0.5,2.0"
    )


def test_every_shipped_run_can_be_trained_again():
    for run in find_runs([RESULTS])[0]:
        again = recorded(resolve(typed(training_command(run.info))))
        said = used_options(run.info) | {"precision": run.info["options"]["precision"]}
        assert again["size"] == run.info["options"]["size"]
        assert {name: again[name] for name in ("loss", "seed", "epochs", "jitter_of", "lr")} == {
            name: said[name] for name in ("loss", "seed", "epochs", "jitter_of", "lr")
        }


@pytest.mark.parametrize("change", [{"loss": "hinge"}, {"network": "unet"}, {"wings": 2}])
def test_of_a_newer_version_s_run_there_is_none(change):
    info = {"options": recorded(resolve({"loss": "ce"})) | change}
    assert training_command(info) is None
