"""Runs are read back as they were written; what is damaged is told by name."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from safetensors.torch import load_file
from torchmetrics.classification import MulticlassJaccardIndex

from experiments.reporting.tables import runs_table
from experiments.store.epochs import EPOCH_COLUMNS
from experiments.store.probe import VALIDATION_NAMES, mosaic_path, read_layout
from experiments.store.runs import BadRun, find_runs, read_run
from experiments.store.scored.photo_scores import CONFUSION_COLUMNS
from seg.cache import load_split
from seg.checkpoint import load_checkpoint
from seg.hub import download

WIDTH = len(EPOCH_COLUMNS)
DESCRIPTION = {"options": {"loss": "ce", "seed": 0, "epochs": 3}, "status": "running"}


def write_run(folder: Path, description: object = DESCRIPTION, epochs: str | None = None) -> Path:
    folder.mkdir(parents=True)
    text = description if isinstance(description, str) else json.dumps(description)
    (folder / "run.json").write_text(text)
    if epochs is not None:
        (folder / "epochs.csv").write_text(epochs)
    return folder


def images(run_folder: Path) -> pd.DataFrame:
    return pd.read_csv(run_folder / "images.csv")


# ---- what a finished run leaves


def test_a_finished_run_holds_every_file_of_the_contract(tiny_runs):
    folder = tiny_runs / "focal-s0"
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()) == [
        "bands.csv",
        "calibration.csv",
        "epochs.csv",
        "images.csv",
        "margins.npz",
        "model.safetensors",
        *(f"predictions/epoch-{epoch:03d}.png" for epoch in range(4)),
        "predictions/probe.json",
        "run.json",
    ]


def test_run_json_says_how_the_run_was_made(tiny_runs):
    text = (tiny_runs / "focal-s0" / "run.json").read_text()
    info = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    options = info["options"]
    assert (options["loss"], options["epochs"], options["seed"]) == ("focal", 3, 0)
    assert (options["size"], options["batch_size"], options["gamma"], options["lr"]) == (32, 1, 2.0, 0.01)
    assert (info["format"], info["status"]) == (1, "finished")
    assert info["started"] <= info["ended"]
    weights = load_file(tiny_runs / "focal-s0" / "model.safetensors")
    kept = ("running_mean", "running_var", "num_batches_tracked")  # what BatchNorm keeps and nobody trains
    assert info["parameters"] == sum(value.numel() for name, value in weights.items() if not name.endswith(kept))
    assert (info["training_photos"], info["validation_photos"], info["validation_sample_photos"]) == (12, 8, 8)
    assert info["skipped_pairs"] == {"trainval": 0, "test": 0}
    assert sum(info["class_pixels"]["trainval"].values()) == 12 * 32 * 32
    environment = info["environment"]
    assert environment["device"] == "cpu"
    assert environment["device_name"]
    assert environment["precision"] in ("fp32", "bf16")
    assert environment["packages"]["torch"] == torch.__version__.split("+")[0]


def test_class_pixels_are_those_of_the_masks(tiny_runs, tiny_pets):
    info = json.loads((tiny_runs / "ce-s0" / "run.json").read_text())
    for split in ("trainval", "test"):
        masks = np.asarray(load_split(tiny_pets, split, 32).masks)
        pet, background, border = (int((masks == number).sum()) for number in range(3))
        assert info["class_pixels"][split] == {"pet": pet, "background": background, "border": border}


def test_epochs_csv_has_the_contracts_columns_and_a_row_an_epoch(tiny_runs):
    lines = (tiny_runs / "focal-s0" / "epochs.csv").read_text().splitlines()
    assert lines[0] == (
        "epoch,seconds,images_per_second,learning_rate,train_loss,val_loss,pixel_accuracy,article_iou,custom_iou,"
        "mean_iou,pet_iou,background_iou,border_iou,border_recall,border_precision,border_f1,boundary_iou"
    )
    rows = pd.read_csv(tiny_runs / "focal-s0" / "epochs.csv")
    assert rows["epoch"].tolist() == [0, 1, 2, 3]
    assert rows["train_loss"].isna().tolist() == [True, False, False, False]
    fractions = rows.loc[:, "pixel_accuracy":].stack().dropna()
    assert fractions.between(0, 1).all()
    assert rows["learning_rate"].tolist() == [0.01] * 4


def test_the_counts_of_each_photo_add_up_to_its_pixels(tiny_runs, tiny_pets):
    table = images(tiny_runs / "focal-s0")
    assert table.columns.tolist() == [
        *("name", *CONFUSION_COLUMNS, "cross_entropy", "custom_iou", "boundary_iou", "boundary_iou_with_border"),
        *("label_quality", "border_found_1px", "border_placed_1px", "border_found_2px", "border_placed_2px"),
        *("border_f1_0px", "border_f1_1px", "border_f1_2px", "precision", "commit"),
    ]
    assert set(table["precision"]) == {"fp32"}
    assert CONFUSION_COLUMNS[:4] == ("pet_as_pet", "pet_as_background", "pet_as_border", "background_as_pet")
    split = load_split(tiny_pets, "test", 32)
    assert table["name"].tolist() == split.names
    assert (table[list(CONFUSION_COLUMNS)].sum(axis=1) == 32 * 32).all()
    for number, true in enumerate(("pet", "background", "border")):
        counted = table[[name for name in CONFUSION_COLUMNS if name.startswith(true)]].sum(axis=1)
        assert counted.tolist() == [(mask == number).sum() for mask in split.masks]


@pytest.mark.parametrize("name", ["ce-s0", "focal-s0"])
def test_images_csv_reproduces_the_final_scores(tiny_runs, name):
    table, run = images(tiny_runs / name), read_run(tiny_runs / name)
    total = table[list(CONFUSION_COLUMNS)].sum().to_numpy().reshape(3, 3)
    hits, true, predicted = total.diagonal(), total.sum(axis=1), total.sum(axis=0)
    with np.errstate(invalid="ignore"):
        iou = hits / (true + predicted - hits)
        precision, recall = hits[2] / predicted[2], hits[2] / true[2]
    jaccard = MulticlassJaccardIndex(3, average="micro", ignore_index=1)
    truth, guess = np.indices((3, 3)).reshape(2, 9).repeat(total.flatten(), axis=1)
    expected = {
        "pixel_accuracy": hits.sum() / total.sum(),
        "article_iou": float(jaccard(torch.from_numpy(guess), torch.from_numpy(truth))),
        "custom_iou": table["custom_iou"].mean(),
        "mean_iou": np.nanmean(iou),
        "pet_iou": iou[0],
        "background_iou": iou[1],
        "border_iou": iou[2],
        "border_recall": recall,
        "border_precision": precision,
        "border_f1": 2 * hits[2] / (true[2] + predicted[2]),
        "boundary_iou": table["boundary_iou"].mean(),
    }
    if name == "ce-s0":
        expected["val_loss"] = table["cross_entropy"].mean()
    recorded = run.epochs.iloc[-1]
    for score, value in expected.items():
        assert recorded[score] == pytest.approx(value, abs=1e-6, nan_ok=True), score


def test_bands_widen_and_count_what_they_hold(tiny_runs):
    bands = pd.read_csv(tiny_runs / "focal-s0" / "bands.csv")
    edges = [(edge, side) for edge in ("pet", "pet_and_border") for side in ("inside", "outside")]
    assert list(bands[["edge", "side"]].drop_duplicates().itertuples(index=False, name=None)) == edges
    assert bands["to"].tolist() == [1, 2, 4, 8, 16] * 4
    assert (bands.groupby(["edge", "side"])["pixels"].sum() > 0).all()
    assert (bands["correct"] <= bands["pixels"]).all()
    shares = (bands["correct"] / bands["pixels"]).tolist()
    assert bands["accuracy"].tolist() == pytest.approx(shares, abs=1e-6, nan_ok=True)


def test_calibration_counts_every_pixel_once(tiny_runs):
    run = tiny_runs / "focal-s0"
    bins, table = pd.read_csv(run / "calibration.csv"), images(run)
    assert bins["pixels"].tolist() == (["all"] * 15 + ["border_probability"] * 15) * 2
    assert bins["temperature"].nunique() == 2
    bins = bins[bins["temperature"] == 1]
    counts = bins.groupby("pixels")["count"].sum()
    assert set(counts) == {8 * 32 * 32}
    happened = (bins["accuracy"] * bins["count"]).groupby(bins["pixels"]).sum()
    assert happened["border_probability"] == pytest.approx(table.filter(regex="^border_as_").to_numpy().sum(), rel=1e-5)
    filled = bins[bins["count"] > 0]
    assert filled["mean_confidence"].between(filled["from"] - 1e-6, filled["to"] + 1e-6).all()
    assert bins.loc[bins["count"] == 0, "accuracy"].isna().all()
    weighted = (filled["accuracy"] * filled["count"]).groupby(filled["pixels"]).sum() / counts
    last = read_run(run)
    assert weighted["all"] == pytest.approx(last.final("pixel_accuracy"), abs=1e-5)


def test_the_last_mosaic_shows_the_predictions_that_were_counted(tiny_runs, tiny_pets):
    run, split = read_run(tiny_runs / "focal-s0"), load_split(tiny_pets, "test", 32)
    layout = read_layout(run.folder)
    assert (layout["tile"], layout["columns"]) == (32, 7)
    assert [tile["name"] for tile in layout["tiles"]][:2] == ["Bengal_35", "beagle_47"]
    with Image.open(mosaic_path(run.folder, 3)) as image:
        assert image.mode == "P"
        grid = np.asarray(image)
    assert grid.shape == (32, 7 * 32)
    table = images(run.folder).set_index("name")
    for index, name in enumerate(name for name in VALIDATION_NAMES if name in split.names):
        tile, mask = grid[:, 32 * index : 32 * (index + 1)], split.masks[split.names.index(name)]
        cells = np.bincount(3 * mask.flatten() + tile.flatten(), minlength=9)
        differing = np.abs(cells - table.loc[name, list(CONFUSION_COLUMNS)].to_numpy(int)).sum() / 2
        assert differing <= 0.02 * 32 * 32  # another batch may round the other way


def test_the_checkpoint_carries_its_story(tiny_runs):
    folder = tiny_runs / "focal-s0"
    _, metadata = load_checkpoint(folder / "model.safetensors")
    assert (metadata["loss"], metadata["epoch"], metadata["input_size"]) == ("focal", 3, 32)
    run = read_run(folder)
    for score, value in metadata["scores"].items():
        assert run.final(score) == (None if value is None else pytest.approx(value, rel=1e-6)), score
    assert metadata["scores"] == run.info["scores"]


# ---- reading runs


def test_a_run_without_scores_yet_is_read(tmp_path):
    run = read_run(write_run(tmp_path / "fresh"))
    assert (run.name, run.loss, run.seed, run.status) == ("fresh", "ce", 0, "running")
    assert (run.epochs_trained, run.epochs_planned) == (0, 3)
    assert run.final("pixel_accuracy") is None
    assert (run.checkpoint, run.photos_scored, run.device_name) == (None, None, None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "3",
        "null",
        "{}",
        '{"options": {}, "status": "running"}',
        '{"options": [], "status": "running"}',
        '{"options": {"loss": "ce", "seed": 0, "epochs": 3}}',
        '{"options": {"loss": "ce", "seed": 0, "epochs": 3}, "status": 1}',
        '{"options": {"loss": 1, "seed": 0, "epochs": 3}, "status": "running"}',
        '{"options": {"loss": "ce", "seed": "0", "epochs": 3}, "status": "running"}',
        '{"options": {"loss": "ce", "seed": 0, "epochs": 3}, "status": "running", "resumed": 2}',
        "[" * 100_000,
        '{"options": {"loss": "ce", "seed": 0, "epochs": null}, "status": "running"}',
    ],
)
def test_a_run_json_that_describes_no_run_is_told_by_name(tmp_path, text):
    folder = write_run(tmp_path / "odd", text)
    with pytest.raises(BadRun, match="run.json does not describe a run"):
        read_run(folder)


def test_a_folder_without_run_json_is_no_run(tmp_path):
    with pytest.raises(BadRun, match=f"{tmp_path} is not a run"):
        read_run(tmp_path)
    with pytest.raises(BadRun, match="nowhere is not a run"):
        read_run(tmp_path / "nowhere")


def test_a_damaged_table_is_told_with_the_remedy(tmp_path):
    folder = write_run(tmp_path / "odd", epochs="epoch,a,a\n")
    (_, [told]) = find_runs([tmp_path])
    assert told == (
        f"{folder / 'epochs.csv'}, line 1: names the column 'a' twice: "
        "mend the file, move the run's folder away, or train it anew"
    )


def test_a_table_that_cannot_be_read_is_told(tmp_path):
    folder = write_run(tmp_path / "odd")
    (folder / "epochs.csv").mkdir()
    with pytest.raises(BadRun, match=r"epochs\.csv cannot be read \(Is a directory\)"):
        read_run(folder)


# ---- formats


@pytest.mark.parametrize("version", [None, 1])
def test_a_run_of_this_format_or_before_there_were_any_is_read(tmp_path, version):
    said = {} if version is None else {"format": version}
    assert read_run(write_run(tmp_path / "run", DESCRIPTION | said)).status == "running"


@pytest.mark.parametrize("description", [DESCRIPTION | {"format": 2}, {"format": 2, "recipe": "of another shape"}])
def test_a_newer_format_is_refused_with_the_remedy(tmp_path, description):
    folder = write_run(tmp_path / "new", description)
    (_, [told]) = find_runs([tmp_path])
    assert told == f"{folder / 'run.json'} has format 2, this version reads up to 1: update Borderline"


@pytest.mark.parametrize("version", ["2", 0, -1, 1.5, True, None])
def test_a_format_that_is_no_number_is_told(tmp_path, version):
    with pytest.raises(BadRun, match="run.json does not describe a run"):
        read_run(write_run(tmp_path / "odd", DESCRIPTION | {"format": version}))


def test_what_run_json_says_beyond_what_is_known_is_kept(tmp_path):
    assert read_run(write_run(tmp_path / "run", DESCRIPTION | {"mood": "bright"})).info["mood"] == "bright"


@pytest.mark.parametrize("size", [[], None, "128", [64, "128"], 12.5])
def test_a_size_that_is_none_is_no_description_of_a_run(tiny_runs, tmp_path, size):
    folder = shutil.copytree(tiny_runs / "ce-s0", tmp_path / "ce-s0")
    info = json.loads((folder / "run.json").read_text())
    info["options"]["size"] = size
    (folder / "run.json").write_text(json.dumps(info))
    with pytest.raises(BadRun, match="does not describe a run"):
        read_run(folder)


# ---- whatever the files hold


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NUMBER = st.sampled_from(["", "0", "1", "0.5", "nan", "inf", "-1", "1e30", "1e400"])
CELL = NUMBER | st.sampled_from(["x", '"', "\x00", "é"])
ANY_INFO = st.fixed_dictionaries(
    {
        "options": st.fixed_dictionaries({"loss": st.just("ce"), "seed": JSON, "epochs": JSON}),
        "status": st.just("running") | JSON,
    },
    optional={"environment": JSON, "validation_photos": JSON, "validation_sample_photos": JSON},
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    info=st.just(DESCRIPTION) | ANY_INFO | JSON,
    header=st.just(list(EPOCH_COLUMNS)) | st.lists(CELL, max_size=3),
    rows=st.lists(st.lists(NUMBER, min_size=WIDTH, max_size=WIDTH) | st.lists(CELL, max_size=WIDTH + 2), max_size=3),
)
def test_whatever_the_files_hold_a_run_is_read_or_refused_in_one_line(tmp_path, info, header, rows):
    folder = tmp_path / "any"
    shutil.rmtree(folder, ignore_errors=True)
    write_run(folder, json.dumps(info))
    (folder / "epochs.csv").write_text("".join(",".join(row) + "\n" for row in [header, *rows]))
    try:
        run = read_run(folder)
    except BadRun as error:
        assert "run.json" in str(error) or "epochs.csv" in str(error)
    else:
        assert len(runs_table([run], None)) == 1


# ---- finding runs


def test_runs_are_found_by_loss_and_the_broken_told(tmp_path):
    for name, loss in [("a", "focal"), ("b", "ce"), ("c", "weighted"), ("d", "ce"), ("e", "dice")]:
        write_run(tmp_path / name, DESCRIPTION | {"options": DESCRIPTION["options"] | {"loss": loss}})
    write_run(tmp_path / "f", "{")
    (tmp_path / "photos").mkdir()
    (tmp_path / "notes.txt").write_text("no run")
    runs, broken = find_runs([tmp_path, tmp_path / "nowhere"])
    assert [run.name for run in runs] == ["b", "d", "c", "a", "e"]
    assert len(broken) == 1
    assert str(tmp_path / "f" / "run.json") in broken[0]


def test_runs_of_one_name_are_all_kept_apart(tmp_path):
    folders = [tmp_path / parent for parent in ("shipped", "runs", "other/runs")]
    for index, folder in enumerate(folders):
        write_run(folder / "ce-s0", DESCRIPTION | {"options": DESCRIPTION["options"] | {"seed": index}})
    runs, _ = find_runs([*folders, folders[0]])
    assert {run.name: run.seed for run in runs} == {
        "ce-s0": 0,
        "ce-s0 (runs)": 1,
        "ce-s0 (other/runs)": 2,
    }


def test_a_folder_that_is_a_run_is_found_as_one(tmp_path):
    write_run(tmp_path / "shipped" / "ce-s0")
    write_run(tmp_path / "runs" / "ce-s0")
    runs, _ = find_runs([tmp_path / "shipped" / "ce-s0", tmp_path / "shipped", tmp_path / "runs" / "ce-s0"])
    assert {run.name: run.folder.parent.name for run in runs} == {"ce-s0": "shipped", "ce-s0 (runs)": "runs"}


def test_runs_on_the_hub_have_the_names_of_folders_and_repositories(hub, tmp_path):
    hub.add("another/focal", hub.repositories["models/somebody/focal"]["main"])
    whole, other = download("hf://somebody/focal"), download("hf://another/focal")
    write_run(tmp_path / "runs" / "ce-s0")
    runs, _ = find_runs([tmp_path / "runs", whole, other, download("hf://somebody/runs")])
    assert {run.name for run in runs} == {
        "focal",
        "focal (another/focal)",
        "focal-s0",
        "ce-s0",
        "ce-s0 (somebody/runs)",
    }
    assert read_run(whole).name == "focal"


def test_a_finished_run_whose_log_has_a_hole_is_told(tmp_path):
    folder = write_run(tmp_path / "run", DESCRIPTION | {"status": "finished"})
    (folder / "epochs.csv").write_text("epoch,border_f1\n0,0.1\n1,0.2\n3,0.3\n")
    with pytest.raises(BadRun, match=r"epochs\.csv has no row of epoch 2, and the run is finished: put its lines back"):
        read_run(folder)
    (folder / "run.json").write_text(json.dumps(DESCRIPTION | {"status": "interrupted"}))
    assert read_run(folder).epochs_trained == 3  # one that goes on is told when it does
