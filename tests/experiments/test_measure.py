"""What is measured is written where it is kept, and told; what cannot be measured is told in one line."""

import pandas as pd
import pytest

from experiments import measure
from experiments.measurements import MEASUREMENTS
from experiments.reporting.measured import say_measured
from seg.pets import trimap_path


def test_a_measurement_is_written_and_said(command, tiny_pets, tmp_path):
    out = tmp_path / "scale.csv"
    ended = command(measure, "border-scale", "--data", tiny_pets, "--out", out)
    assert (ended.status, ended.told) == (0, [])
    table = pd.read_csv(out)
    assert table.columns.tolist() == list(MEASUREMENTS["border-scale"].columns)
    assert say_measured("border-scale", table) in ended.out.splitlines()
    assert ended.out.splitlines()[-1] == f"{out} holds it"


def test_networks_measure_and_say_how(command, tiny_pets, tiny_runs, tmp_path):
    out = tmp_path / "scores.csv"
    options = ["--data", tiny_pets, "--full-res", tiny_pets, "--runs", tiny_runs, "--device", "cpu", "--out", out]
    assert command(measure, "full-size", *options).status == 0
    table = pd.read_csv(out)
    assert table.columns.tolist() == list(MEASUREMENTS["full-size"].columns)
    assert table["run"].tolist() == ["ce-s0", "focal-s0"]
    assert (table["pixel_accuracy_difference"] == 0).all()  # these are the same photos
    assert table["precision"].isin(["bf16", "fp32"]).all()


def test_by_default_it_is_kept_beside_the_others(command, tiny_pets, tmp_path, monkeypatch):
    monkeypatch.setattr(measure, "measured_path", lambda name: tmp_path / "new" / f"{name}.csv")
    assert command(measure, "outline-width", "--data", tiny_pets).status == 0
    assert (tmp_path / "new" / "outline-width.csv").is_file()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "the following arguments are required: NAME"),
        (["beauty"], "invalid choice: 'beauty'"),
        (["full-size"], "the following arguments are required: --full-res"),
        (["border-scale", "--out", "no/such/folder.csv"], "no/such/folder.csv cannot be written"),
        (["border-scale", "--runs", "runs"], "unrecognized arguments: --runs runs"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_options_end_in_one_line(command, options, said):
    ended = command(measure, *options)
    assert (ended.status, ended.out) == (2, "")
    assert said in ended.error


def test_photos_that_cannot_be_used_are_told_with_the_remedy(command, own_pets, tmp_path):
    out = ["--out", tmp_path / "out.csv"]
    ended = command(measure, "border-scale", "--data", tmp_path / "none", *out)
    assert (ended.status, ended.out) == (2, "")
    assert "pass --data DIR" in ended.error
    trimap_path(own_pets, "Bengal_35").write_bytes(b"no trimap")
    ended = command(measure, "border-scale", "--data", own_pets, *out)
    assert ended.status == 2
    assert ended.error.endswith(": repair or restore it")
    ended = command(measure, "planted-labels", "--data", own_pets, "--runs", tmp_path, *out)
    assert ended.status == 2
    assert "has no run with weights: pass --runs DIR" in ended.error
