"""Anyone's masks are scored as a run's are: checked by slow loops, and by the very run that predicted them."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from experiments import compare
from experiments.comparison.analysis import analyse
from experiments.store.runs import read_run
from experiments.store.scored.masks import are_masks, score_masks
from experiments.store.scored.photo_scores import read_images
from seg import InputError
from seg.batches import DeviceSplit
from seg.cache import Split, load_split
from seg.checkpoint import load_checkpoint
from seg.evaluation import predict_logits
from seg.pets import BadPair, indexed_image

PRECISION = "fp32"


@pytest.fixture
def truth(tiny_pets) -> Split:
    return load_split(tiny_pets, "test", 32)


@pytest.fixture
def predicted(tiny_runs, truth, tmp_path):
    """The masks that `ce-s0` gives to the photos of the test split, as anyone would save them."""
    model, _ = load_checkpoint(tiny_runs / "ce-s0" / "model.safetensors")
    photos = DeviceSplit.upload(truth, "cpu").photos
    classes = predict_logits(model, photos, 32, PRECISION).argmax(dim=1).numpy().astype(np.uint8)
    (tmp_path / "theirs").mkdir()
    for name, mask in zip(truth.names, classes, strict=True):
        Image.fromarray(mask + 1).save(tmp_path / "theirs" / f"{name}.png")
    return tmp_path / "theirs"


def test_masks_of_a_run_get_its_scores(predicted, truth, tiny_runs, tmp_path):
    run, missing = score_masks(predicted, truth, {"epochs": 2, "holdout": False}, tmp_path / "out" / "theirs")
    assert missing == 0 and run.loss == "masks"
    ours, theirs = read_images(read_run(tiny_runs / "ce-s0")), read_images(run)
    known = ("_as_", "boundary_iou", "border_found", "border_placed", "border_f1")
    same = [name for name in ours.columns if any(part in name for part in known)]
    assert len(same) == 9 + 2 + 4 + 3
    # half precision of the weights turns a pixel here and there
    pd.testing.assert_frame_equal(theirs[same], ours[same], check_dtype=False, atol=12, rtol=0.05)
    assert theirs["cross_entropy"].isna().all()
    ours, theirs = (pd.read_csv(folder / "bands.csv") for folder in (tiny_runs / "ce-s0", run.folder))
    assert theirs["pixels"].equals(ours["pixels"])


def test_counts_are_those_of_a_slow_loop(predicted, truth, tmp_path):
    run, _ = score_masks(predicted, truth, {"epochs": 2, "holdout": False}, tmp_path / "out" / "theirs")
    images = read_images(run)
    names = ("pet", "background", "border")
    for place, photo in enumerate(truth.names):
        mask = np.asarray(Image.open(predicted / f"{photo}.png")) - 1
        for true, predicted_as in np.ndindex(3, 3):
            count = sum(
                int(truth.masks[place][y, x] == true and mask[y, x] == predicted_as) for y, x in np.ndindex(32, 32)
            )
            assert images.loc[photo, f"{names[true]}_as_{names[predicted_as]}"] == count


def test_masks_of_any_size_and_of_the_apps_palette_are_the_same(predicted, truth, tmp_path):
    for path in predicted.iterdir():
        mask = Image.fromarray(np.asarray(Image.open(path)) - 1).resize((96, 96), Image.Resampling.NEAREST)
        indexed_image(np.asarray(mask)).save(path)
    large, _ = score_masks(predicted, truth, {"epochs": 2, "holdout": False}, tmp_path / "large" / "theirs")
    assert np.array_equal(
        read_images(large)["border_as_border"].to_numpy(),
        [
            int(((np.asarray(Image.open(predicted / f"{n}.png"))[1::3, 1::3] == 2) & (m == 2)).sum())
            for n, m in zip(truth.names, truth.masks, strict=True)
        ],
    )


def test_photos_without_a_mask_are_counted_and_left_out(predicted, truth, tmp_path):
    (predicted / f"{truth.names[0]}.png").unlink()
    Image.new("L", (5, 5)).save(predicted / "of-another-photo.png")
    run, missing = score_masks(predicted, truth, {"epochs": 2, "holdout": False}, tmp_path / "out" / "theirs")
    assert missing == 1
    assert read_images(run).index.tolist() == truth.names[1:]


def test_masks_that_cannot_be_used_are_told(predicted, truth, tmp_path):
    for name in truth.names[:2]:
        Image.fromarray(np.full((32, 32), 77, np.uint8)).save(predicted / f"{name}.png")
    with pytest.raises(BadPair, match=rf"{truth.names[0]}.png has the values 77: .* \(and 1 more\)"):
        score_masks(predicted, truth, {"epochs": 2}, tmp_path / "out" / "theirs")
    (tmp_path / "strange").mkdir()
    Image.new("L", (5, 5)).save(tmp_path / "strange" / "nobody.png")
    with pytest.raises(InputError, match="strange has no mask of the 8 photos"):
        score_masks(tmp_path / "strange", truth, {"epochs": 2}, tmp_path / "other" / "strange")


def test_only_a_folder_of_pictures_is_one_of_masks(predicted, tiny_runs, tmp_path):
    assert are_masks(predicted)
    assert not are_masks(tiny_runs) and not are_masks(tiny_runs / "ce-s0") and not are_masks(tmp_path / "nowhere")


# ---- compared


def test_masks_stand_beside_the_runs_that_are_named(command, predicted, tiny_runs, tiny_pets):
    where = ["--runs", tiny_runs, "--data", tiny_pets]
    ended = command(compare, "ce-s0", predicted, *where)
    assert ended.status == 0, ended.error
    runs = {line.split()[0]: line.split() for line in reversed(ended.out.splitlines()) if line.strip()}
    assert runs["ce-s0"][:5] == ["ce-s0", "ce", "0", "2/2", "finished"]
    assert runs["theirs"][:5] == ["theirs", "masks", "–", "–", "masks"]
    assert "focal-s0" not in runs
    # nothing that a loss or a seed could be said of
    assert "one seed of `ce`" in ended.out and "of `theirs`" not in ended.out


def test_masks_have_intervals_and_a_difference(command, predicted, tiny_runs, tiny_pets, tmp_path):
    file = tmp_path / "table.csv"
    ended = command(compare, "ce-s0", predicted, "--runs", tiny_runs, "--data", tiny_pets, "--csv", file)
    assert ended.status == 0, ended.error
    table = pd.read_csv(file).set_index(["configuration", "score"])
    row, first = table.loc["theirs", "border_f1"], table.loc["ce", "border_f1"]
    assert row["low"] <= row["mean"] <= row["high"]
    assert row["difference"] == pytest.approx(row["mean"] - first["mean"])
    assert abs(row["difference"]) < 0.05


def test_masks_alone_stand_beside_all_runs_that_are_compared(command, predicted, write_run, draw_confusions, tiny_runs):
    ended = command(compare, predicted, "--runs", tiny_runs, "--data", "nowhere")
    assert ended.status == 2 and "nowhere" in ended.error and "fetch" in ended.error


def test_masks_without_a_run_beside_them_are_refused(command, predicted, tmp_path):
    (tmp_path / "empty").mkdir()
    ended = command(compare, predicted, "--runs", tmp_path / "empty")
    assert ended.status == 2
    assert "no runs in" in ended.error


def test_seeds_are_not_paired_with_masks(predicted, truth, tiny_runs, tmp_path):
    run, _ = score_masks(predicted, truth, {"epochs": 2, "holdout": False}, tmp_path / "out" / "theirs")
    analysis = analyse([read_run(tiny_runs / "ce-s0"), run])
    assert analysis.score("theirs", "border_f1")["difference_seeds"] == 0


@pytest.mark.parametrize("name", ["ce-s0", "ce", "focal-s0"])
def test_masks_called_as_a_run_is_are_not_taken_for_it(command, predicted, tiny_runs, tiny_pets, tmp_path, name):
    """Nor for its loss: their name says what they are."""
    folder = tmp_path / "others" / name
    folder.mkdir(parents=True)
    for path in predicted.iterdir():  # nothing but pet
        Image.new("L", (8, 8), 1).save(folder / path.name)
    plain = command(compare, "ce-s0", "focal-s0", "--runs", tiny_runs, "--csv", tmp_path / "plain.csv")
    ended = command(
        *(compare, "ce-s0", "focal-s0", folder, "--runs", tiny_runs, "--data", tiny_pets),
        *("--csv", tmp_path / "table.csv"),
    )
    assert plain.status == 0 and ended.status == 0, ended.err
    keys = ["configuration", "score"]
    before, after = (pd.read_csv(tmp_path / f"{each}.csv").set_index(keys) for each in ("plain", "table"))
    assert set(after.index.levels[0]) == {"ce", "focal", f"{name} (masks)"}
    for configuration in ("ce", "focal"):
        values = after.loc[configuration, ["mean", "difference"]]
        pd.testing.assert_frame_equal(values, before.loc[configuration, ["mean", "difference"]])
    assert after.loc[f"{name} (masks)", "border_f1"]["mean"] == 0


def test_two_folders_of_one_name_are_told_apart(command, predicted, tiny_runs, tiny_pets, tmp_path):
    for parent in ("one", "other"):
        (tmp_path / parent).mkdir()
        predicted.rename(tmp_path / parent / "net") if parent == "other" else None
    (tmp_path / "one" / "net").mkdir()
    for path in (tmp_path / "other" / "net").iterdir():
        Image.new("L", (8, 8), 1).save(tmp_path / "one" / "net" / path.name)
    folders = [tmp_path / parent / "net" for parent in ("one", "other")]
    where = ["--runs", tiny_runs, "--data", tiny_pets]
    ended = command(compare, "ce-s0", *folders, *where, "--csv", tmp_path / "table.csv")
    assert ended.status == 0, ended.err
    table = pd.read_csv(tmp_path / "table.csv").set_index(["configuration", "score"])
    assert set(table.index.levels[0]) == {"ce", "net", "net (masks)"}
    assert table.loc["net", "border_f1"]["mean"] == 0 < table.loc["net (masks)", "border_f1"]["mean"]


def test_photos_are_ranked_by_how_masks_and_a_run_disagree(command, predicted, tiny_runs, tiny_pets):
    ended = command(compare, "--disagree", "focal-s0", predicted, "--runs", tiny_runs, "--data", tiny_pets)
    assert ended.status == 0, ended.err
    assert "Photos on which focal-s0 and theirs disagree by border F1" in ended.out


def test_two_masks_of_one_photo_are_not_chosen_from(predicted, truth, tmp_path):
    name = truth.names[0]
    Image.new("L", (5, 5)).save(predicted / f"{name}.tiff")
    with pytest.raises(BadPair, match=rf"{name}.png and {name}.tiff: which of them is {name}'s"):
        score_masks(predicted, truth, {"epochs": 2}, tmp_path / "out" / "theirs")
