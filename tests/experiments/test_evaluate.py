"""A checkpoint is scored again as its run scored it."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from experiments import evaluate, run
from experiments.store.scored.details import DETAILS
from seg.cache import load_split
from seg.checkpoint import load_checkpoint
from seg.metrics import confusion_per_photo, confusion_scores


@pytest.fixture
def trained(tiny_pets, tmp_path, narrow, command) -> Path:
    """The folder of a run at 128 x 128."""
    options = ["--loss", "weighted", "--epochs", 1, "--batch-size", 4, "--size", 128, "--precision", "fp32"]
    assert command(run, *options, "--data", tiny_pets, "--out", tmp_path, "--device", "cpu").status == 0
    return tmp_path / "weighted-s0"


def parse(text: str) -> dict[str, list[str]]:
    """Score names and the two columns of the printed table."""
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    return {name.strip(): [cell.strip() for cell in cells] for name, *cells in (li[1:-1].split("|") for li in lines)}


def per_cent(cell: str) -> float:
    return float("nan") if cell == "–" else float(cell.removesuffix("%")) / 100


def test_a_checkpoint_scores_as_its_run_recorded(command, trained, tiny_pets, tmp_path):
    ended = command(evaluate, trained, "--data", tiny_pets, "--device", "cpu", "--csv", tmp_path / "scores.csv")
    assert ended.status == 0
    assert "weighted, epoch 1, network at 128 x 128" in ended.out
    assert "8 photos of the test split at 128 x 128, fp32 on cpu" in ended.out
    table = parse(ended.out)
    final = pd.read_csv(trained / "epochs.csv").iloc[-1]
    written = pd.read_csv(tmp_path / "scores.csv")
    assert len(written) == 1
    for name in final.index[6:]:  # from pixel_accuracy on
        measured, recorded = map(per_cent, table[name])
        assert recorded == pytest.approx(final[name], abs=1e-4, nan_ok=True), name
        assert measured == pytest.approx(final[name], abs=0.01, nan_ok=True), name  # weights were rounded to 16 bits
        assert written[name][0] == pytest.approx(measured, abs=1e-4, nan_ok=True), name
    # what the run recorded as its loss is a weighted one
    assert table["cross_entropy"][1] == "–"
    entropies = pd.read_csv(trained / "images.csv")["cross_entropy"]
    assert written["cross_entropy"][0] == pytest.approx(entropies.mean(), abs=0.01)
    assert written.loc[0, ["loss", "epoch", "photos", "precision"]].tolist() == ["weighted", 1, 8, "fp32"]


def test_without_its_run_a_checkpoint_is_scored_on_photos_of_128(command, tiny_runs, tiny_pets, tmp_path):
    path = Path(shutil.copy(tiny_runs / "ce-s0" / "model.safetensors", tmp_path))
    ended = command(evaluate, path, "--data", tiny_pets, "--device", "cpu", "--csv", tmp_path / "scores.csv")
    assert ended.status == 0
    assert "ce, epoch 2, network at 32 x 32" in ended.out
    assert "at 128 x 128" in ended.out

    split = load_split(tiny_pets, "test", 128)
    photos = torch.from_numpy(split.photos.copy()).float() / 255
    small = torch.nn.functional.interpolate(photos, (32, 32), mode="bilinear", antialias=True)
    with torch.no_grad():
        probabilities = load_checkpoint(path)[0](small).softmax(dim=1)
    predicted = torch.nn.functional.interpolate(probabilities, (128, 128), mode="bilinear").argmax(dim=1)
    confusion = confusion_per_photo(predicted, torch.from_numpy(split.masks.copy())).sum(dim=0)
    written = pd.read_csv(tmp_path / "scores.csv").iloc[0]
    for name, value in confusion_scores(confusion).items():
        assert written[name] == pytest.approx(value, abs=1e-3, nan_ok=True), name


def test_a_ce_checkpoint_shows_its_recorded_loss(command, tiny_runs, tiny_pets):
    ended = command(evaluate, tiny_runs / "ce-s0", "--data", tiny_pets, "--limit", 1, "--device", "cpu")
    recorded = pd.read_csv(tiny_runs / "ce-s0" / "epochs.csv")["val_loss"].iloc[-1]
    assert parse(ended.out)["cross_entropy"][1] == f"{recorded:.4f}"


def test_a_sample_and_a_precision_can_be_chosen(command, trained, tiny_pets):
    options = ["--data", tiny_pets, "--device", "cpu"]
    ended = command(evaluate, trained, *options, "--limit", 3, "--precision", "bf16")
    assert ended.status == 0
    assert "3 photos of the test split at 128 x 128, bf16" in ended.out
    assert "3/3" in ended.err  # the progress bar


def test_details_are_those_a_finished_run_has(command, tiny_runs, tiny_pets, tmp_path):
    run = shutil.copytree(tiny_runs / "ce-s0", tmp_path / "ce-s0")
    whole = {name: pd.read_csv(run / name) for name in DETAILS}
    for name in DETAILS:
        (run / name).unlink()
    assert command(evaluate, run, "--data", tiny_pets, "--device", "cpu", "--details").status == 0
    for name in DETAILS:
        pd.testing.assert_frame_equal(pd.read_csv(run / name), whole[name], check_dtype=False, atol=0.05, rtol=0.05)


def test_a_held_out_run_is_scored_on_its_held_out_photos(command, tiny_pets, tmp_path, narrow):
    options = ["--loss", "ce", "--holdout", "--size", 16, "--epochs", 1, "--batch-size", 4, "--device", "cpu"]
    assert command(run, *options, "--data", tiny_pets, "--out", tmp_path).status == 0
    folder = tmp_path / "ce-holdout-s0"
    names = pd.read_csv(folder / "images.csv")["name"].tolist()
    assert names == ["Abyssinian_1", "Abyssinian_11"]
    ended = command(evaluate, folder, "--data", tiny_pets, "--device", "cpu", "--details")
    assert "2 photos held out of the training split at 16 x 16" in ended.out
    assert pd.read_csv(folder / "images.csv")["name"].tolist() == names


def test_flipping_averages_a_photo_with_its_mirror_image(command, tiny_runs, tiny_pets, tmp_path):
    path, csv = tiny_runs / "focal-s0", tmp_path / "scores.csv"
    ended = command(evaluate, path, "--data", tiny_pets, "--device", "cpu", "--flip", "--csv", csv)
    assert "each averaged with its mirror image" in ended.out
    split = load_split(tiny_pets, "test", 32)
    photos = torch.from_numpy(split.photos.copy()).float() / 255
    model = load_checkpoint(path / "model.safetensors")[0]
    with torch.no_grad():
        mean = (model(photos).softmax(dim=1) + model(photos.flip(3)).softmax(dim=1).flip(3)) / 2
    expected = (mean.argmax(dim=1) == torch.from_numpy(split.masks.copy())).float().mean().item()
    assert pd.read_csv(csv)["pixel_accuracy"][0] == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(("options", "said"), [(["--limit", 2], "--limit"), (["--flip"], "--flip")])
def test_details_are_of_all_photos_as_they_are(command, tiny_runs, tiny_pets, options, said):
    ended = command(evaluate, tiny_runs / "ce-s0", "--data", tiny_pets, "--details", *options)
    assert ended.status == 2
    assert said in ended.error


def test_details_belong_to_a_runs_own_checkpoint(command, tiny_runs, tiny_pets, tmp_path):
    alone = shutil.copy(tiny_runs / "ce-s0" / "model.safetensors", tmp_path)
    run = shutil.copytree(tiny_runs / "ce-s0", tmp_path / "ce-s0")
    other = shutil.copy(run / "model.safetensors", run / "other.safetensors")
    for path in (alone, other):
        ended = command(evaluate, path, "--data", tiny_pets, "--details")
        assert ended.status == 2
        assert "is not a run's model.safetensors" in ended.error


def test_a_kept_epoch_is_scored_as_its_run_was(command, tiny_pets, tmp_path, narrow):
    options = ["--loss", "ce", "--holdout", "--size", 16, "--epochs", 2, "--batch-size", 4, "--keep-epochs"]
    assert command(run, *options, "--device", "cpu", "--data", tiny_pets, "--out", tmp_path).status == 0
    path = tmp_path / "ce-holdout-s0" / "weights" / "epoch-001.safetensors"
    ended = command(evaluate, path, "--data", tiny_pets, "--device", "cpu", "--csv", tmp_path / "scores.csv")
    assert "ce, epoch 1, network at 16 x 16" in ended.out
    assert "2 photos held out of the training split at 16 x 16" in ended.out
    recorded = pd.read_csv(tmp_path / "ce-holdout-s0" / "epochs.csv").set_index("epoch").loc[1]
    assert pd.read_csv(tmp_path / "scores.csv")["pixel_accuracy"][0] == pytest.approx(
        recorded["pixel_accuracy"], abs=0.01
    )
    assert command(evaluate, path, "--data", tiny_pets, "--details").status == 2


def test_what_cannot_be_scored_is_told_in_one_line(command, tiny_runs, tiny_pets, tmp_path):
    good = tiny_runs / "ce-s0" / "model.safetensors"
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(good.read_bytes()[:1000])
    other = tmp_path / "other.safetensors"
    save_file({"weight": torch.zeros(3)}, other)
    shutil.copytree(tiny_runs / "ce-s0", tmp_path / "bare", ignore=shutil.ignore_patterns("*.safetensors"))
    data = ["--data", tiny_pets]
    for options, said in [
        ([tmp_path / "nowhere", *data], "nowhere is not a file"),
        ([tmp_path / "bare", *data], "model.safetensors is not a file"),
        ([damaged, *data], "not a whole safetensors file"),
        ([other, *data], "does not hold segnet's weights"),
        ([good, "--data", tmp_path], "experiments.fetch"),
        ([good, *data, "--device", "warp"], "warp"),
        ([good, *data, "--precision", "fp8"], "--precision"),
        ([good, *data, "--limit", 0], "--limit"),
        ([good, *data, "--csv", tmp_path / "nowhere" / "scores.csv"], "--csv"),
        ([], "CHECKPOINT"),
    ]:
        ended = command(evaluate, *options)
        assert (ended.status, ended.out) == (2, ""), options
        assert len(ended.err.splitlines()) == 1, ended.err
        assert said in ended.err
