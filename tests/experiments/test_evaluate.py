"""A checkpoint is scored again as its run scored it."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from experiments import evaluate, run
from experiments.store.scored.controls import CONTROL_KINDS
from experiments.store.scored.names import DETAILS
from seg.cache import load_split
from seg.checkpoint import load_checkpoint
from seg.metrics import confusion_per_photo, confusion_scores
from seg.thresholds.margins import margin_histograms


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


def margins(folder: Path) -> dict[str, np.ndarray]:
    with np.load(folder / "margins.npz", allow_pickle=False) as arrays:
        return dict(arrays)


def test_details_are_those_a_finished_run_has(command, tiny_runs, tiny_pets, tmp_path):
    run = shutil.copytree(tiny_runs / "ce-s0", tmp_path / "ce-s0")
    whole = {name: pd.read_csv(run / name) for name in DETAILS if name != "margins.npz"}
    histograms = margins(run)
    for name in DETAILS:
        (run / name).unlink()
    assert command(evaluate, run, "--data", tiny_pets, "--device", "cpu", "--details").status == 0
    for name, table in whole.items():
        if name == "calibration.csv":  # rounded weights put some pixels into the next bin, so compare what is no count
            columns = ["pixels", "bin", "from", "to", "temperature", "precision", "commit"]
        else:
            columns = list(table)
        found = pd.read_csv(run / name)
        assert list(found) == list(table)
        pd.testing.assert_frame_equal(found[columns], table[columns], check_dtype=False, atol=0.05, rtol=0.05)
    again = margins(run)
    assert again.keys() == histograms.keys()
    for name in ("about", "edges", "scored_names", "tuning_names"):
        assert np.array_equal(again[name], histograms[name]), name
    assert again["tuning_names"].tolist() == ["Abyssinian_1", "Abyssinian_11"]
    for name in ("scored", "tuning"):
        assert again[name].sum() == histograms[name].sum()
        moved = np.abs(again[name].astype(int) - histograms[name]).sum()
        assert moved < 0.05 * histograms[name].sum(), name


def test_run_json_says_what_a_later_images_csv_says(command, tiny_runs, tiny_pets, tmp_path):
    run = shutil.copytree(tiny_runs / "focal-s0", tmp_path / "focal-s0")
    before = json.loads((run / "run.json").read_text())
    assert "scored" not in before
    changed = before | {"scores": dict.fromkeys(before["scores"], 0.5)}
    (run / "run.json").write_text(json.dumps(changed))
    options = ["--data", tiny_pets, "--device", "cpu", "--precision", "bf16", "--details"]
    assert command(evaluate, run, *options).status == 0
    said, images = json.loads((run / "run.json").read_text()), pd.read_csv(run / "images.csv", dtype={"commit": str})
    counts = images.filter(like="_as_").sum().to_numpy(copy=True).reshape(3, 3)
    for name, value in confusion_scores(torch.from_numpy(counts)).items():
        assert said["scores"][name] == pytest.approx(value), name
    for name in ("custom_iou", "boundary_iou"):
        assert said["scores"][name] == pytest.approx(images[name].mean(), abs=1e-6)
    assert said["scores"]["val_loss"] == 0.5  # of the loss that it was trained with, which a later pass does not have
    assert set(images["precision"]) == {said["scored"]["precision"]} == {"bf16"}
    assert set(images["commit"].fillna("")) == {said["scored"]["commit"]}
    assert json.loads(str(margins(run)["about"]))["precision"] == "bf16"
    same = [{name: each[name] for name in each if name not in ("scores", "scored")} for each in (said, before)]
    assert same[0] == same[1]


CONTROLS = {
    "mirrored": ["--flip"],
    "renormed": ["--renorm"],
    "mirrored-renormed": ["--flip", "--renorm"],
}


def by_hand(model: nn.Module, photos: torch.Tensor, options: list[str]) -> torch.Tensor:
    """Probabilities (B, 3, H, W)."""
    with torch.no_grad():
        probabilities = model(photos).softmax(dim=1)
        if "--flip" in options:
            probabilities = (probabilities + model(photos.flip(3)).softmax(dim=1).flip(3)) / 2
    return probabilities


def renormed(model: nn.Module, photos: torch.Tensor) -> nn.Module:
    """With the statistics of these photos, all in one batch: a moving average that keeps nothing of what was."""
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 1.0
    with torch.no_grad():
        model.train()(photos)
    return model.eval()


@pytest.mark.parametrize("control", CONTROLS)
def test_a_control_is_what_is_done_by_hand_and_is_kept_beside_the_run(command, tiny_runs, tiny_pets, tmp_path, control):
    options = CONTROLS[control]
    run = shutil.copytree(tiny_runs / "focal-s0", tmp_path / "focal-s0")
    before = {path.name: path.read_bytes() for path in run.iterdir() if path.is_file()}
    ended = command(evaluate, run, "--data", tiny_pets, "--device", "cpu", "--details", *options)
    assert ended.status == 0
    assert f"fp32 on cpu, {CONTROL_KINDS[control].in_full}\n" in ended.out
    assert {path.name: path.read_bytes() for path in run.iterdir() if path.is_file()} == before
    assert [path.name for path in (run / "controls").iterdir()] == [control]
    inside = run / "controls" / control
    assert {path.name for path in inside.iterdir()} == {"images.csv", "margins.npz"}

    model = load_checkpoint(run / "model.safetensors")[0]
    scored, training = (load_split(tiny_pets, split, 32) for split in ("test", "trainval"))
    photos, sample = (torch.from_numpy(split.photos.copy()) / 255 for split in (scored, training))
    if "--renorm" in options:
        model = renormed(model, sample)
    truth = torch.from_numpy(scored.masks.copy()).long()
    probabilities = by_hand(model, photos, options)
    confusions = confusion_per_photo(probabilities.argmax(dim=1), truth)
    images = pd.read_csv(inside / "images.csv")
    assert images["name"].tolist() == scored.names
    counts = torch.from_numpy(images.filter(like="_as_").to_numpy()).view(-1, 3, 3)
    # two ways that round differently may disagree on a tied pixel
    assert (counts - confusions).abs().sum() <= 16
    entropies = torch.nn.functional.nll_loss(probabilities.log(), truth, reduction="none").mean(dim=(1, 2))
    assert images["cross_entropy"].tolist() == pytest.approx(entropies.tolist(), rel=1e-3)
    own = torch.from_numpy(pd.read_csv(run / "images.csv").filter(like="_as_").to_numpy()).view(-1, 3, 3)
    assert (counts - own).abs().sum() > 100
    found, chosen = margins(inside), slice(None, None, 10)
    tuned = margin_histograms(
        by_hand(model, sample[chosen], options).log(), torch.from_numpy(training.masks[chosen].copy()).long()
    )
    assert found["tuning_names"].tolist() == training.names[chosen]
    assert np.abs(found["tuning"].astype(int) - tuned.numpy()).sum() <= 40
    assert (found["scored"][:, 0, 61:].sum(axis=1) == images["border_as_border"]).all()


def test_photos_that_are_left_out_are_neither_scored_nor_tuned_on(command, tiny_runs, tiny_pets, tmp_path):
    run = shutil.copytree(tiny_runs / "ce-s0", tmp_path / "ce-s0")
    names = pd.read_csv(run / "images.csv")["name"].tolist()
    left_out = f"{names[2]},Abyssinian_1"
    options = ["--data", tiny_pets, "--device", "cpu", "--details", "--exclude", left_out]
    assert command(evaluate, run, *options).status == 0
    assert pd.read_csv(run / "images.csv")["name"].tolist() == [name for name in names if name != names[2]]
    found = margins(run)
    assert found["scored_names"].tolist() == [name for name in names if name != names[2]]
    assert "Abyssinian_1" not in found["tuning_names"]
    assert len(found["tuning"]) == 2  # every tenth of the eleven left
    assert json.loads((run / "run.json").read_text())["scored"]["exclude"] == sorted(left_out.split(","))


def test_without_details_nothing_is_written(command, tiny_runs, tiny_pets, tmp_path):
    run = shutil.copytree(tiny_runs / "ce-s0", tmp_path / "ce-s0")
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    csv = tmp_path / "scores.csv"
    options = ["--data", tiny_pets, "--device", "cpu", "--renorm", "--csv", csv]
    assert command(evaluate, run, *options).status == 0
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before
    row = pd.read_csv(csv).iloc[0]
    assert (row["flip"], row["renorm"]) == (False, True)


# ---- margins of another pass


def write_raw(run: Path) -> np.ndarray:
    """Histograms of the photos that `images.csv` counts, drawn."""
    images, rng = pd.read_csv(run / "images.csv"), np.random.default_rng(0)
    border = images[[f"border_as_{name}" for name in ("pet", "background", "border")]].sum(axis=1).to_numpy()
    others = images.filter(regex="^(pet|background)_as_").sum(axis=1).to_numpy()
    counts = np.zeros((len(images), 3, 122), dtype=np.uint16)
    counts[:, 0] = rng.multinomial(border, np.full(122, 1 / 122))
    counts[:, 1:] = rng.multinomial(others, np.full(244, 1 / 244)).reshape(-1, 2, 122)
    edges = np.concatenate([[-np.inf], np.arange(-60, 61, dtype=np.float32) / np.float32(10), [np.inf]])
    np.savez_compressed(run / "margins-raw.npz", test=counts, train=counts[:3], edges=edges.astype(np.float32))
    return counts


def test_raw_margins_are_converted_without_weights_and_photos(command, tiny_runs, tmp_path):
    run = shutil.copytree(tiny_runs / "ce-s0", tmp_path / "ce-s0", ignore=shutil.ignore_patterns("*.safetensors"))
    (run / "margins.npz").unlink()
    counts = write_raw(run)
    ended = command(evaluate, run, "--raw-margins", "--data", tmp_path / "nowhere")
    assert (ended.status, ended.told) == (0, [])
    assert ended.out == f"{run / 'margins.npz'}: of another pass than images.csv, which it says\n"
    found = margins(run)
    assert (found["scored"] == counts).all()
    assert (found["tuning"] == counts[:3]).all()
    assert "another pass" in json.loads(str(found["about"]))["source"]


def test_raw_margins_that_are_not_there_are_told_in_one_line(command, tiny_runs, tmp_path):
    run = shutil.copytree(tiny_runs / "ce-s0", tmp_path / "ce-s0")
    for folder, said in [(run, "has no margins-raw.npz to convert"), (tmp_path, "is not a run")]:
        ended = command(evaluate, folder, "--raw-margins")
        assert (ended.status, ended.out) == (2, "")
        assert said in ended.error
    write_raw(run)
    (run / "images.csv").unlink()
    ended = command(evaluate, run, "--raw-margins")
    assert ended.status == 2
    assert "has no images.csv" in ended.error


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
    assert (
        "8 photos of the test split at 32 x 32, fp32 on cpu, averaged with the mirrored photo's prediction" in ended.out
    )
    split = load_split(tiny_pets, "test", 32)
    photos = torch.from_numpy(split.photos.copy()).float() / 255
    model = load_checkpoint(path / "model.safetensors")[0]
    with torch.no_grad():
        mean = (model(photos).softmax(dim=1) + model(photos.flip(3)).softmax(dim=1).flip(3)) / 2
    expected = (mean.argmax(dim=1) == torch.from_numpy(split.masks.copy())).float().mean().item()
    assert pd.read_csv(csv)["pixel_accuracy"][0] == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("options", [[], ["--flip"], ["--renorm"]], ids=str)
def test_details_are_of_all_photos(command, tiny_runs, tiny_pets, options):
    ended = command(evaluate, tiny_runs / "ce-s0", "--data", tiny_pets, "--details", "--limit", 2, *options)
    assert ended.status == 2
    assert "--details are of all photos: leave out --limit" in ended.error


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
        ([tmp_path / "nowhere", *data], "nowhere is neither a run nor a path"),
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


def test_a_run_on_the_hub_is_scored_as_it_is_here_and_left_as_it_is(command, tiny_runs, tiny_pets, hub):
    here, there = (
        command(evaluate, given, "--data", tiny_pets, "--device", "cpu")
        for given in (tiny_runs / "focal-s0", "hf://somebody/focal")
    )
    assert here.status == there.status == 0
    assert "of the test split at 32 x 32" in there.out  # what its run.json says
    assert parse(there.out) == parse(here.out)
    for option in ("--details", "--raw-margins"):
        refused = command(evaluate, "hf://somebody/focal", option, "--data", tiny_pets)
        assert refused.status == 2
        assert "hf://somebody/focal is not to be changed" in refused.error


def test_details_of_other_photos_do_not_take_the_place_of_a_runs_own(command, trained, own_photos):
    before = {path.name: path.read_bytes() for path in trained.iterdir() if path.is_file()}
    ended = command(evaluate, trained, "--details", "--data", own_photos)
    assert ended.status == 2
    assert ended.error.endswith(f"is of the dataset's photos, {own_photos} holds one's own: pass its own --data")
    assert {path.name: path.read_bytes() for path in trained.iterdir() if path.is_file()} == before
