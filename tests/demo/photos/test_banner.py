"""What is said and offered, in each stage and to each reader."""

from pathlib import Path

import pytest

from demo.photos.banner import Offer, banner_value, offer_for
from demo.photos.component import photos_view
from demo.photos.download import PhotoDownload, Stage, Standing
from experiments.fetching.dataset import Progress
from experiments.fetching.download import Cut, Damaged, NoPlace, NotThere
from seg import InputError

HALF = Progress("downloading", 342_000_000, 811_000_000)


@pytest.mark.parametrize(
    ("host", "on_spaces", "forbidden", "offer"),
    [
        ("127.0.0.1", False, False, Offer.BUTTON),
        ("localhost", False, False, Offer.BUTTON),
        ("::1", False, False, Offer.BUTTON),
        ("0.0.0.0", False, False, Offer.NOTHING),
        ("192.168.0.7", False, False, Offer.NOTHING),
        ("0.0.0.0", True, False, Offer.BY_ITSELF),
        ("127.0.0.1", False, True, Offer.NOTHING),
        ("0.0.0.0", True, True, Offer.NOTHING),
    ],
)
def test_only_who_sits_before_the_machine_has_a_button(host, on_spaces, forbidden, offer):
    assert offer_for(host, on_spaces=on_spaces, forbidden=forbidden) is offer


@pytest.mark.parametrize(
    ("standing", "said", "button"),
    [
        (Standing(Stage.MISSING), "0.8 GB, free under CC BY-SA 4.0", "Get the photos"),
        (Standing(Stage.WORKING), "Asking", "Cancel"),
        (Standing(Stage.WORKING, HALF, HALF), "342 of 811 MB, 42%.", "Cancel"),
        (Standing(Stage.WORKING, HALF, Progress("checking", 0, 2)), "Checking", "Cancel"),
        (Standing(Stage.WORKING, HALF, Progress("unpacking", 1234, 0)), "Unpacking, 1,234 files", "Cancel"),
        (Standing(Stage.WORKING, None, Progress("downloading", 5_000_000, 0)), "0 MB", "Cancel"),
        (Standing(Stage.STOPPING, HALF), "342 of 811 MB are here", None),
        (Standing(Stage.STOPPED, HALF), "342 of 811 MB are here, and are kept.", "Go on"),
        (Standing(Stage.FAILED, HALF, error=Cut("the connection was lost")), "The connection was lost.", "Try again"),
        (Standing(Stage.FAILED), "The app itself failed: its terminal says how.", "Try again"),
        (Standing(Stage.WAITING, HALF, error=Cut("it was lost")), "It was lost, and the app tries again by", None),
    ],
)
def test_every_stage_has_its_sentence_and_its_button(standing, said, button, tmp_path):
    value = banner_value(standing, Offer.BUTTON, tmp_path)
    assert said in value["said"]
    assert value["button"] == button
    assert "python" not in value["said"] + value["title"]
    for offer in (Offer.BY_ITSELF, Offer.NOTHING):
        assert banner_value(standing, offer, tmp_path)["button"] is None


def test_a_folder_that_cannot_be_filled_is_told_and_not_offered(tmp_path):
    (tmp_path / "file").write_text("")
    value = banner_value(Standing(Stage.MISSING), Offer.BUTTON, tmp_path / "file" / "data")
    assert str(tmp_path / "file") in value["said"] and value["button"] is None
    assert banner_value(Standing(Stage.MISSING), Offer.BUTTON, tmp_path / "new" / "data")["button"]


@pytest.mark.parametrize("stage", [Stage.FAILED, Stage.WAITING])
@pytest.mark.parametrize(
    ("error", "told"),
    [
        (Cut("the connection to oxford was lost"), "The connection to oxford was lost"),
        (NotThere("http://oxford/a is not to be had (404)"), "http://oxford/a is not to be had (404)"),
        (Damaged("a.tar.gz cannot be unpacked (FOLDER/b is missing) and was deleted"), "What arrived was damaged"),
        (NoPlace("FOLDER cannot be written (Permission denied)"), "The app's machine cannot keep them"),
        (InputError("FOLDER is being filled by another process"), "Another process is at work on them"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_where_the_apps_folders_are_is_told_before_its_machine_alone(error, told, stage):
    folder = Path("my data")
    error = type(error)(str(error).replace("FOLDER", str(folder)))
    standing = Standing(stage, error=error)
    for offer in (Offer.BY_ITSELF, Offer.NOTHING):
        said = banner_value(standing, offer, folder)["said"]
        assert said.startswith(told) and str(folder).lower() not in said.lower()
        assert said.count(".") == 1 + told.count(".")
        assert ("tries again" in said) is (stage is Stage.WAITING)
    said = banner_value(standing, Offer.BUTTON, folder)["said"]
    # as it is, with its first letter large where that is of a word
    assert said.startswith(str(error).replace("the connection", "The connection"))


@pytest.mark.parametrize("offer", [Offer.BY_ITSELF, Offer.NOTHING])
def test_nobody_elsewhere_is_told_of_a_folder_that_cannot_be_filled(offer, tmp_path):
    (tmp_path / "file").write_text("")
    value = banner_value(Standing(Stage.MISSING), offer, tmp_path / "file" / "data")
    assert value["said"] == "Masks and scores are shown without them."


def test_where_the_photos_are_the_banner_has_no_place(tiny_pets, tmp_path):
    def first_seen(root: Path) -> str:
        return photos_view(PhotoDownload(root), Offer.BUTTON).html_template

    assert " hidden>" in first_seen(tiny_pets)
    assert " hidden>" not in first_seen(tmp_path) and "Get the photos" in first_seen(tmp_path)
