"""What a caller of a fetch is told, and how it stops it; the command's tests say what lies on the disk."""

import threading

import pytest

from experiments.fetching.dataset import Progress, fetch_dataset
from experiments.fetching.download import Cancelled, NoPlace
from seg.pets import dataset_folder, has_photos, photo_path
from tests.archive_server import ARCHIVES


def sizes(oxford) -> int:
    return sum((oxford.folder / name).stat().st_size for name in ARCHIVES)


def test_it_says_what_it_does_and_how_far_it_is(oxford, tiny_pets, tmp_path):
    told: list[Progress] = []
    fetch_dataset(tmp_path / "data", progress=told.append)
    downloaded = [each for each in told if each.doing == "downloading"]
    assert {each.total for each in downloaded} == {sizes(oxford)}
    assert [each.done for each in downloaded] == sorted(each.done for each in downloaded)
    assert downloaded[0].done == 0 and downloaded[-1].done == sizes(oxford)
    unpacked = [each.done for each in told if each.doing == "unpacking"]
    assert len(unpacked) == unpacked[-1] == len(list(dataset_folder(tiny_pets).rglob("*")))
    assert list(dict.fromkeys(each.doing for each in told)) == ["downloading", "checking", "unpacking"]


@pytest.mark.parametrize("doing", ["downloading", "checking", "unpacking"])
def test_a_cancelled_fetch_puts_nothing_in_place_and_goes_on_later(oxford, tmp_path, doing):
    root, cancelled, told = tmp_path / "data", threading.Event(), []

    def cancel(progress: Progress) -> None:
        if progress.doing == doing and (progress.done or doing == "checking"):
            cancelled.set()

    with pytest.raises(Cancelled):
        fetch_dataset(root, progress=cancel, cancelled=cancelled)
    assert not dataset_folder(root).exists()
    fetch_dataset(root, progress=told.append)
    assert dataset_folder(root).is_dir()
    if doing == "downloading":
        assert told[0].done > 0
    # no byte is asked for again
    ends = {name: (oxford.folder / name).stat().st_size for name in ARCHIVES}
    assert all(start < ends[name] for name, start in oxford.asked)
    assert len(oxford.asked) == len(ARCHIVES) + (doing == "downloading")


def test_what_lies_there_already_counts_as_done(oxford, tmp_path):
    root, told = tmp_path / "data", []
    cancelled = threading.Event()
    with pytest.raises(Cancelled):
        # the first archive is checked, and the second has not begun
        fetch_dataset(root, progress=lambda p: p.doing == "checking" and cancelled.set(), cancelled=cancelled)
    fetch_dataset(root, progress=told.append)
    assert told[0] == Progress("downloading", (oxford.folder / ARCHIVES[0]).stat().st_size, sizes(oxford))


def test_a_dataset_without_photos_is_in_the_way_and_nothing_is_asked_for(oxford, own_pets):
    photo_path(own_pets, "").parent.rename(own_pets / "elsewhere")
    lists = sorted(dataset_folder(own_pets).rglob("*"))
    with pytest.raises(NoPlace, match=f"{dataset_folder(own_pets)} is in the way"):
        fetch_dataset(own_pets)
    assert oxford.asked == []
    assert sorted(dataset_folder(own_pets).rglob("*")) == lists


def test_an_empty_folder_is_not_in_the_way(oxford, tmp_path):
    dataset_folder(tmp_path).mkdir()
    fetch_dataset(tmp_path)
    assert has_photos(tmp_path)


def test_where_the_photos_are_nothing_is_asked_for_and_nothing_is_left_behind(oxford, own_pets):
    fetch_dataset(own_pets)
    assert oxford.asked == []
    assert list(own_pets.iterdir()) == [dataset_folder(own_pets)]


def test_an_archive_that_is_whole_but_unchecked_is_not_asked_for_again(oxford, tmp_path):
    def stop(progress: Progress) -> None:
        if progress.doing == "checking":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch_dataset(tmp_path / "data", progress=stop)
    fetch_dataset(tmp_path / "data")
    assert oxford.asked == [(name, 0) for name in ARCHIVES]
