"""Datasets to test with: a tiny drawn one, and the real one where this machine has it."""
# ruff: noqa: E402

import os

# As `one_thread` does for torch; NumPy's BLAS looks once, when it is loaded
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, settings
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from experiments import synthetic
from seg.inference import Segmenter
from seg.pets import DATASET_FOLDER, SPLITS, dataset_folder, list_path, photo_path, trimap_path
from tests.archive_server import ArchiveServer, pack, serving
from tests.hub_server import HubServer, fetching_from, serving_hub

# what was started by `nohup`, or in the background of a script, ignores these, and so would all that is started here
for _name, _handler in {"SIGINT": signal.default_int_handler, "SIGHUP": signal.SIG_DFL}.items():
    if hasattr(signal, _name) and signal.getsignal(getattr(signal, _name)) == signal.SIG_IGN:
        signal.signal(getattr(signal, _name), _handler)
# no verdict on a busy machine's speed
settings.register_profile("quick", max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("quick")

PROJECT = Path(__file__).parents[1]
BESIDE_THE_PROJECT = PROJECT.parent / "shared"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run also the tests marked `long`, as .ci/run does")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--long"):
        return
    skip = pytest.mark.skip(reason="long: run with --long")
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(skip)


TRAINVAL_NAMES = tuple(f"Abyssinian_{number}" for number in range(1, 13))
# two of them are in every run's probe
TEST_NAMES = ("Bengal_35", "Bengal_36", "Sphynx_1", "beagle_47", "beagle_48", "pug_1", "pug_2", "pug_3")


@pytest.fixture(scope="session", autouse=True)
def private_cache(tmp_path_factory) -> Path:
    """Decoded splits are cached in a temporary folder, never in the person's own."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BORDERLINE_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Threads that wait for each other make tiny networks ten times slower on a busy machine."""
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")  # for what tests start
        yield


@pytest.fixture(scope="session")
def draw_pets() -> Callable[..., Path]:
    """`draw_pets(root, trainval=names, test=names)` draws a dataset in torchvision's layout and returns root."""
    return _draw_pets


@pytest.fixture(scope="session")
def tiny_pets(tmp_path_factory) -> Path:
    """Root of a drawn dataset of 12 + 8 photos, shared by all tests: read it only."""
    return _draw_pets(tmp_path_factory.mktemp("tiny-pets"))


@pytest.fixture
def own_pets(tmp_path) -> Path:
    """Root of a drawn dataset of 4 + 3 photos that a test may damage."""
    return _draw_pets(tmp_path / "own-pets", trainval=TRAINVAL_NAMES[:4], test=TEST_NAMES[:3])


@pytest.fixture
def own_photos(tmp_path) -> Path:
    """Twelve drawn photos with masks of two values, in the layout of a person's own, that a test may damage."""
    root = tmp_path / "own-photos"
    assert synthetic.main([str(root), "--photos", "12", "--side", "96"]) == 0
    return root


@pytest.fixture
def oxford(tiny_pets, tmp_path, monkeypatch) -> Iterator[ArchiveServer]:
    """A server of the drawn dataset's two archives, at the dataset's own address; nobody waits after a loss."""
    from torchvision.datasets import OxfordIIITPet

    served = tmp_path / "served"
    served.mkdir()
    pack(tiny_pets, served)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr("experiments.fetching.download.WAITS", (0, 0, 0))
    with serving(served) as server:
        monkeypatch.setattr(OxfordIIITPet, "_RESOURCES", server.resources)
        yield server


@pytest.fixture(scope="module")
def hub(tiny_runs, tmp_path_factory) -> Iterator[HubServer]:
    """A stand-in for the Hugging Face Hub with `somebody/runs`, and `somebody/focal`, which is itself a run."""
    with serving_hub() as server, fetching_from(server.url, tmp_path_factory.mktemp("hub-cache")):
        server.add("somebody/runs", tiny_runs)
        server.add("somebody/focal", tiny_runs / "focal-s0", older=tiny_runs / "ce-s0")
        yield server


@pytest.fixture(scope="session")
def real_pets() -> Path:
    """Root of the whole Oxford-IIIT Pet dataset: $PETS_DATA, or ../shared/data."""
    root = Path(os.environ.get("PETS_DATA", BESIDE_THE_PROJECT / "data"))
    return _present(root, f"set PETS_DATA to the folder that holds {DATASET_FOLDER}/")


@pytest.fixture(scope="session")
def full_res_pets() -> Path:
    """Root of 60 photos of the test split at their original size: ../shared/full-res."""
    return _present(BESIDE_THE_PROJECT / "full-res", "it holds photos of the test split at their original size")


def _present(root: Path, remedy: str) -> Path:
    if not dataset_folder(root).is_dir():
        pytest.skip(f"{root} holds no dataset: {remedy}")
    return root


def _draw_pets(root: Path, trainval: tuple[str, ...] = TRAINVAL_NAMES, test: tuple[str, ...] = TEST_NAMES) -> Path:
    """Photos of differing, non-square sizes: a reddish ellipse with a border on a noisy green ground."""
    photo_path(root, "").parent.mkdir(parents=True)
    trimap_path(root, "").parent.mkdir(parents=True)
    for split, names in zip(SPLITS, (trainval, test), strict=True):
        for index, name in enumerate(names):
            photo, trimap = _draw_pair(np.random.default_rng([index, len(split)]))
            photo.save(photo_path(root, name), quality=95)
            trimap.save(trimap_path(root, name))
        lines = [f"{name} {1 + index % 37} {1 + name[0].islower()} 1\n" for index, name in enumerate(names)]
        list_path(root, split).write_text("".join(lines))
    return root


def _draw_pair(rng: np.random.Generator) -> tuple[Image.Image, Image.Image]:
    width, height = rng.integers(40, 90, 2)
    height += width == height
    y, x = np.mgrid[:height, :width]
    centre_x, centre_y = rng.uniform(0.4, 0.6, 2) * (width, height)
    radius_x, radius_y = rng.uniform(0.25, 0.35, 2) * (width, height)
    distance = np.hypot((x - centre_x) / radius_x, (y - centre_y) / radius_y)
    trimap = np.select([distance < 0.9, distance < 1.2], [1, 3], default=2).astype(np.uint8)

    colours = np.array([[200, 90, 60], [60, 140, 60], [235, 225, 200]])  # pet, background, border
    noise = rng.normal(0, 15, (height, width, 3))
    photo = (colours[trimap - 1] + noise).clip(0, 255).astype(np.uint8)
    return Image.fromarray(photo), Image.fromarray(trimap)


# (blocks, channels) of each stage of a SegNet that trains in no time
NARROW = ((1, 16), (1, 16), (2, 32), (1, 32))


@pytest.fixture
def narrow(monkeypatch) -> None:
    """A SegNet of few channels, which trains in no time."""
    monkeypatch.setattr("seg.networks.segnet.STAGES", NARROW)


@pytest.fixture(scope="module")
def narrow_for_all() -> Iterator[None]:
    """`narrow` for every test of a module, and for its fixtures."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("seg.networks.segnet.STAGES", NARROW)
        yield


# What a Python process runs before anything else where it finds it: see `narrow_processes`
NARROW_PROCESS = f"""
import os, signal, time
import seg.networks.segnet
from seg import training

seg.networks.segnet.STAGES = {NARROW}
made, batches = training.training_batch, 0

def training_batch(*arguments):
    global batches
    batches += 1
    time.sleep(float(os.environ.get("SECONDS_A_BATCH", "0")))
    mine = os.environ.get("KILLED_RANK") in (None, os.environ.get("RANK"))
    if mine and batches == int(os.environ.get("KILLED_IN_BATCH", "0")):
        os.kill(os.getpid(), signal.SIGKILL)
    return made(*arguments)

training.training_batch = training_batch
"""


@pytest.fixture(scope="session")
def narrow_processes(tmp_path_factory) -> dict[str, str]:
    """Environment variables of a process that is to have the SegNet of few channels.

    With `SECONDS_A_BATCH` beside them it trains as slowly as a large one, and with `KILLED_IN_BATCH` it is killed in
    that batch, counted from 1, or with `KILLED_RANK` that rank alone.
    """
    folder = tmp_path_factory.mktemp("narrow-processes")
    (folder / "sitecustomize.py").write_text(NARROW_PROCESS)
    return {"PYTHONPATH": os.pathsep.join([str(folder), str(PROJECT)])}


@pytest.fixture(scope="session")
def tiny_runs(tmp_path_factory, tiny_pets) -> Path:
    """Two finished runs of narrow networks on the drawn dataset: `ce-s0` of two epochs, `focal-s0` of three.

    What they predict can be told apart: every class on every photo of the test split, and not the same of both.
    """
    from experiments import run

    folder = tmp_path_factory.mktemp("tiny-runs")
    # so many steps, and so large ones, that they learn to draw a pet
    steps = ["--batch-size", "1", "--lr", "0.01", "--size", "32", "--precision", "fp32", "--device", "cpu"]
    common = [*steps, "--data", str(tiny_pets), "--out", str(folder)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("seg.networks.segnet.STAGES", NARROW)
        assert run.main(["--loss", "ce", "--epochs", "2", *common]) == 0
        assert run.main(["--loss", "focal", "--epochs", "3", *common]) == 0
    _assert_worth_asserting_on(folder, [photo_path(tiny_pets, name) for name in TEST_NAMES])
    return folder


def _assert_worth_asserting_on(runs: Path, photos: list[Path]) -> None:
    """That a mask of these runs passes for no constant one, nor for the other run's."""
    ce, focal = (Segmenter.load(runs / name / "model.safetensors") for name in ("ce-s0", "focal-s0"))
    for path in photos:
        with Image.open(path) as photo:
            masks = {name: each.predict(photo).mask for name, each in (("ce-s0", ce), ("focal-s0", focal))}
        for name, mask in masks.items():
            shares = np.bincount(mask.ravel(), minlength=3) / mask.size
            assert shares.min() > 0.05, f"{name} predicts hardly any of a class on {path.stem}: {shares.round(3)}"
        differ = (masks["ce-s0"] != masks["focal-s0"]).mean()
        assert differ > 0.05, f"ce-s0 and focal-s0 predict nearly the same on {path.stem}: {differ:.1%} differ"


CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

# a page of a test must reach no other machine, and Chromium itself tries at every start
OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # a webcam that shows a moving test picture, and no question whether it may
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(OPTIONS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """`free_port()` is a port of this machine that nobody uses now."""

    def find() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    return find


@pytest.fixture(scope="module")
def launch() -> Iterator[Callable[..., subprocess.Popen]]:
    """`launch(port, "--runs", folder, ...)` starts the real app, waits until it answers, and returns its process.

    It ends with the module: an app that nobody asks anything takes 5 % of a core and a gigabyte all the same.
    """
    processes = []

    def start(port: int, *options: object) -> subprocess.Popen:
        command = [sys.executable, "app.py", "--port", str(port), *map(str, options)]
        process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        processes.append(process)
        for _ in range(240):
            if process.poll() is not None:
                pytest.fail(f"app.py ended with {process.returncode}: {process.stdout.read()}")
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=5):
                    return process
            except OSError:
                time.sleep(0.5)
        pytest.fail("app.py did not answer within two minutes")

    yield start
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait(timeout=30)


@pytest.fixture(scope="module")
def serve(launch, free_port) -> Callable[..., str]:
    """`serve("--runs", folder, ...)` starts the real app on a free port and returns its URL."""

    def start(*options: object) -> str:
        port = free_port()
        launch(port, *options)
        return f"http://127.0.0.1:{port}"

    return start
