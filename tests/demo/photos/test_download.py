"""One download for everybody: it is started, seen, stopped and resumed without a browser."""

import time

from demo.photos.download import PhotoDownload, Stage
from seg.pets import dataset_folder, photo_path


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
    assert "is not to be had (404" in download.standing().error
    oxford.status = 0
    download.start()
    wait_for(download, Stage.HERE)


def test_the_folder_counts_whoever_has_filled_it(own_pets):
    download = PhotoDownload(own_pets)
    assert download.standing().stage is Stage.HERE
    # its lists and trimaps are no photos
    photo_path(own_pets, "").parent.rename(own_pets / "elsewhere")
    assert download.standing().stage is Stage.MISSING
