"""One download for everybody: it is started, seen, stopped and resumed without a browser."""

import shutil
import threading
import time
from collections.abc import Callable

from demo.photos.download import PhotoDownload, Stage
from seg.pets import dataset_folder, photo_path
from tests.archive_server import ARCHIVES, ArchiveServer


def wait_for(download: PhotoDownload, *stages: Stage) -> None:
    for _ in range(600):
        if download.standing().stage in stages:
            return
        time.sleep(0.05)
    raise AssertionError(f"it is {download.standing()}")


def wait_for_bytes(download: PhotoDownload) -> None:
    for _ in range(600):
        known = download.standing().downloaded
        if known and known.done:
            return
        time.sleep(0.05)
    raise AssertionError("nothing has arrived")


def test_it_is_started_once_and_ends_with_the_photos_here(oxford, tmp_path):
    download = PhotoDownload(tmp_path / "data")
    assert download.standing().stage is Stage.MISSING
    oxford.seconds = 0.05
    download.start()
    download.start()
    assert download.standing().stage is Stage.WORKING
    wait_for_bytes(download)
    download.start()
    oxford.seconds = 0
    wait_for(download, Stage.HERE)
    assert dataset_folder(tmp_path / "data").is_dir()
    assert [start for _, start in oxford.asked] == [0, 0]
    download.start()
    assert download.standing().stage is Stage.HERE


def test_stopped_it_keeps_what_has_arrived_and_goes_on_from_there(oxford, tmp_path):
    download = PhotoDownload(tmp_path / "data")
    oxford.seconds = 0.1
    download.start()
    wait_for_bytes(download)
    download.stop()
    wait_for(download, Stage.STOPPED)
    kept = download.standing().downloaded
    oxford.seconds = 0
    oxford.asked.clear()
    download.start()
    wait_for(download, Stage.HERE)
    assert kept and oxford.asked[0] == ("images.tar.gz", kept.done)


def test_an_error_is_kept_until_the_next_try(oxford, tmp_path):
    download = PhotoDownload(tmp_path / "data")
    oxford.status = 404
    download.start()
    wait_for(download, Stage.FAILED)
    assert "is not to be had (404" in str(download.standing().error)
    oxford.status = 0
    download.start()
    wait_for(download, Stage.HERE)


class Pauses(list):
    """In the place of waiting: how long it would have been, and what happens meanwhile."""

    def __init__(self, *happenings: Callable[[], object]) -> None:
        self._happenings = list(happenings)

    def __call__(self, seconds: float) -> None:
        self.append(seconds)
        if self._happenings:
            self._happenings.pop(0)()


def test_without_a_button_it_is_tried_again_at_growing_intervals_until_the_photos_are_here(oxford, tmp_path):
    seen = []

    def look() -> None:
        seen.append(download.standing())
        download.start()  # it will begin anyway

    def mend() -> None:
        look()
        oxford.status = 0

    pauses = Pauses(*[look] * 8, mend)
    download = PhotoDownload(tmp_path / "data", pauses)
    oxford.status = 404
    download.start()
    wait_for(download, Stage.HERE)
    assert {standing.stage for standing in seen} == {Stage.WAITING}
    assert all("404" in str(standing.error) for standing in seen)
    assert len(pauses) == 9
    assert pauses == sorted(pauses) and pauses[0] <= 60 and pauses[0] < pauses[-1] <= 600
    assert [start for _, start in oxford.asked] == [0, 0]


def test_photos_that_came_another_way_during_a_pause_count(oxford, tiny_pets, tmp_path):
    stages, looked = [], threading.Event()

    def come() -> None:
        shutil.copytree(tiny_pets, tmp_path / "data", dirs_exist_ok=True)
        stages.append(download.standing().stage)
        looked.set()

    download = PhotoDownload(tmp_path / "data", Pauses(come))
    oxford.status = 404
    download.start()
    assert looked.wait(60)
    wait_for(download, Stage.HERE)
    assert stages == [Stage.HERE]
    assert oxford.asked == []


def damage(server: ArchiveServer) -> None:
    path = server.folder / ARCHIVES[0]
    path.write_bytes(path.read_bytes()[:-100])


def test_what_arrives_damaged_twice_is_not_sent_for_again(oxford, tmp_path):
    pauses = Pauses()
    download = PhotoDownload(tmp_path / "data", pauses)
    damage(oxford)
    download.start()
    wait_for(download, Stage.FAILED)
    assert "arrived damaged" in str(download.standing().error)
    assert len(pauses) == 1 and len(oxford.asked) == 2


def test_of_what_was_deleted_nothing_counts_as_downloaded(oxford, tmp_path):
    download = PhotoDownload(tmp_path / "data")
    good = (oxford.folder / ARCHIVES[0]).read_bytes()
    damage(oxford)
    download.start()
    wait_for(download, Stage.FAILED)
    assert download.standing().downloaded is None
    (oxford.folder / ARCHIVES[0]).write_bytes(good)
    download.start()
    wait_for(download, Stage.HERE)
    # nor of photos that have gone
    shutil.rmtree(dataset_folder(tmp_path / "data"))
    oxford.status = 404
    download.start()
    wait_for(download, Stage.FAILED)
    assert download.standing().downloaded is None


def test_what_the_app_itself_does_wrong_is_no_reason_to_try_again(monkeypatch, tmp_path):
    def fault(*_, **__) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("demo.photos.download.fetch_dataset", fault)
    monkeypatch.setattr("threading.excepthook", lambda _: None)
    pauses = Pauses()
    download = PhotoDownload(tmp_path / "data", pauses)
    download.start()
    wait_for(download, Stage.FAILED)
    assert download.standing().error is None and pauses == []


def test_the_folder_counts_whoever_has_filled_it(own_pets):
    download = PhotoDownload(own_pets)
    assert download.standing().stage is Stage.HERE
    # its lists and trimaps are no photos
    photo_path(own_pets, "").parent.rename(own_pets / "elsewhere")
    assert download.standing().stage is Stage.MISSING
