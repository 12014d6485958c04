"""Two losses are compared where nothing but the loss differs, by what was used and not by what was typed."""

import json
from collections.abc import Callable

import pytest

from experiments.cli.options import resolve
from experiments.comparison.analysis import analyse
from experiments.comparison.answer.comparable import comparable
from experiments.comparison.configurations import configurations
from experiments.comparison.footing import NoSharedFooting
from experiments.store.recorded_options import recorded
from experiments.store.runs import Run, read_run
from seg.options import FIELDS

# another value of every option that a focal run may have beside cross-entropy's defaults
OTHERS = {
    "recipe": "best",
    "epochs": 3,
    "lr": 3e-4,
    "lr_step": 3,
    "lr_decay": 0.5,
    "batch_size": 32,
    "size": 64,
    "progressive": True,
    "jitter": 0.1,
    "jitter_of": "all",
    "exclude": ("Bengal_1",),
    "network": "segnet-linear",
    "final_relu": False,
    "schedule": "cosine",
    "warmup": 1.0,
    "weight_decay": 0.01,
    "crop": 0.5,
    "soft_iou": 0.5,
    "ema": 0.9,
    "holdout": True,
    "limit": 7,
    "border_width": 0.02,
    "skip_bad": True,
    "precision": "bf16",
}
OWN = {"gamma": 5.0, "class_weights": "inverse"}
WITHOUT_EFFECT = {"seed": 3, "val_limit": 9, "keep_epochs": True}


@pytest.fixture
def write(write_run, draw_confusions) -> Callable[..., Run]:
    """`write(name, used="bf16", **options)`: a run whose record says that this precision was used."""
    confusions = draw_confusions(1, 4)[0]

    def write_used(name: str, used: str = "fp32", **options: object) -> Run:
        run = write_run(name, confusions, **{"precision": "fp32"} | options)
        info = run.info | {"environment": {"precision": used}}
        (run.folder / "run.json").write_text(json.dumps(info))
        return read_run(run.folder)

    return write_used


def rivals(*runs: Run) -> list[str]:
    return [configuration.name for configuration in comparable(analyse(list(runs)))]


def test_every_option_is_looked_at():
    assert {"loss", "label_smoothing"} | OTHERS.keys() | OWN.keys() | WITHOUT_EFFECT.keys() == FIELDS.keys()


@pytest.mark.parametrize("option", OTHERS)
def test_any_other_option_that_differs_is_noticed(write, option):
    changed = {"loss": "focal", option: OTHERS[option]}
    if option == "recipe":  # its name differs, all that it says is undone
        changed |= {name: FIELDS[name].default for name in ("lr", "schedule", "warmup", "weight_decay", "crop")}
        changed |= {name: FIELDS[name].default for name in ("soft_iou", "final_relu", "ema", "jitter_of")}
    runs = write("ce-s0"), write("focal-s0", **changed)
    if option in ("size", "holdout"):  # then nothing of the two is compared
        with pytest.raises(NoSharedFooting):
            analyse(list(runs))
    else:
        # longer training has made no difference before the epoch that both have
        assert rivals(*runs) == (["focal"] if option == "epochs" else [])
    both = {option: changed[option]} if option != "recipe" else {**changed, "loss": "ce"}
    assert rivals(write("ce-like", **both), write("focal-like", **changed)) == ["focal-like"]


@pytest.mark.parametrize("option", [*OWN, *WITHOUT_EFFECT])
def test_the_losses_own_options_and_what_changes_nothing_learnt_may_differ(write, option):
    value = (OWN | WITHOUT_EFFECT)[option]
    name = "focal-s3" if option == "seed" else "focal-s0"
    assert rivals(write("ce-s0"), write(name, loss="focal", **{option: value})) == ["focal"]


def test_smoothed_labels_are_no_part_of_the_class_weights(write):
    runs = write("ce-s0"), write("weighted-s0", loss="weighted", label_smoothing=0.1)
    assert rivals(*runs) == []
    assert rivals(write("ce-smooth", label_smoothing=0.1), runs[1]) == ["weighted"]


def test_an_option_of_another_version_that_differs_is_noticed(write):
    first, second = write("ce-s0"), write("focal-s0", loss="focal")
    info = second.info | {"options": second.info["options"] | {"mixup": 0.2}}
    (second.folder / "run.json").write_text(json.dumps(info))
    assert rivals(first, read_run(second.folder)) == []


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (("auto", "bf16"), ("bf16", "bf16"), True),
        (("auto", "bf16"), ("auto", "bf16"), True),
        (("auto", "bf16"), ("auto", "fp32"), False),
        (("bf16", "bf16"), ("auto", "fp32"), False),
    ],
)
def test_the_precision_that_counts_is_the_one_used(write, one, other, alike):
    first = write("ce-s0", one[1])
    second = write("focal-s0", other[1], loss="focal")
    for run, (typed, _) in ((first, one), (second, other)):
        # as older runs have it: what was typed
        info = run.info | {"options": run.info["options"] | {"precision": typed}}
        (run.folder / "run.json").write_text(json.dumps(info))
    assert rivals(read_run(first.folder), read_run(second.folder)) == (["focal"] if alike else [])


def test_runs_of_unlike_precision_are_no_seeds_of_one_thing_and_say_so(write):
    runs = [write("ce-s0", "bf16", precision="bf16"), write("ce-s1", seed=1), write("ce-s2", seed=2)]
    assert {c.name: c.seeds for c in configurations(runs)} == {"ce": [0], "ce (fp32)": [1, 2]}


def test_a_record_holds_every_option():
    assert recorded(resolve({"loss": "ce"})).keys() == FIELDS.keys()
