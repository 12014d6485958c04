"""The dataset arrives whole or not at all. A server on this machine stands in for Oxford's."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from http.client import HTTPResponse
from pathlib import Path

import pytest
from torchvision.datasets import OxfordIIITPet

from experiments import fetch
from experiments.fetching import download
from seg.cache import load_split
from seg.pets import DatasetMissing, dataset_folder, photo_path, trimap_path
from tests.archive_server import ARCHIVES, ArchiveServer

PROJECT = Path(__file__).parents[2]


def files(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def assert_no_dataset(root: Path) -> None:
    assert not dataset_folder(root).exists()
    with pytest.raises(DatasetMissing):
        load_split(root, "trainval", 16)


def test_the_dataset_is_put_in_place_whole(command, oxford, tiny_pets, tmp_path):
    root = tmp_path / "new" / "data"
    ended = command(fetch, "--data", root)
    assert ended.status == 0
    assert f"{root / 'oxford-iiit-pet'} is ready" in ended.out
    assert "downloading: 100%" in ended.err and "unpacking" in ended.err
    assert files(root) == files(tiny_pets)
    assert [path.name for path in root.iterdir()] == ["oxford-iiit-pet"]


def test_a_whole_dataset_is_not_downloaded_again(command, oxford, tiny_pets):
    before = files(tiny_pets)
    ended = command(fetch, "--data", tiny_pets)
    assert (ended.status, ended.told) == (0, [])
    assert "is whole" in ended.out
    assert oxford.asked == []
    assert files(tiny_pets) == before


def test_missing_files_are_counted_and_nothing_is_touched(command, oxford, own_pets):
    photo_path(own_pets, "Abyssinian_2").unlink()
    photo_path(own_pets, "Abyssinian_4").unlink()
    trimap_path(own_pets, "Bengal_36").unlink()
    before = files(own_pets)
    ended = command(fetch, "--data", own_pets)
    assert (ended.status, ended.out) == (2, "")
    assert "lacks 2 of 7 photos and 1 of 7 trimaps" in ended.error
    assert "Abyssinian_2.jpg" in ended.error
    assert oxford.asked == []
    assert files(own_pets) == before


@pytest.mark.parametrize("gone", ["annotations/test.txt", "annotations", "images"])
def test_a_dataset_without_lists_or_folders_is_told(command, oxford, own_pets, gone):
    path = dataset_folder(own_pets) / gone
    path.unlink() if path.is_file() else shutil.rmtree(path)
    ended = command(fetch, "--data", own_pets)
    assert (ended.status, ended.out) == (2, "")
    assert ("lacks 7 of 7 photos" if gone == "images" else "annotations") in ended.error
    assert "fetch again" in ended.error


def test_without_a_network_it_says_what_to_do_instead(command, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "WAITS", (0, 0, 0))
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{closed.getsockname()[1]}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        ended = command(fetch, "--data", tmp_path)
    assert ended.status == 2
    assert len(ended.err.splitlines()) == 1
    for archive in ARCHIVES:
        assert f"https://www.robots.ox.ac.uk/~vgg/data/pets/data/{archive}" in ended.error
    assert f"unpack both in {tmp_path / 'oxford-iiit-pet'}" in ended.error
    assert_no_dataset(tmp_path)


@pytest.mark.parametrize("damaged", ARCHIVES)
def test_a_damaged_download_is_refused_and_downloaded_anew(command, oxford, tiny_pets, tmp_path, damaged):
    root, path = tmp_path / "data", oxford.folder / damaged
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    ended = command(fetch, "--data", root)
    assert ended.status == 2
    assert f"{damaged} arrived damaged" in ended.error and "run this again" in ended.error
    assert [path for path in root.rglob("*") if path.name.startswith(damaged)] == []
    assert_no_dataset(root)

    path.write_bytes(whole)
    assert command(fetch, "--data", root).status == 0
    assert files(root) == files(tiny_pets)


def test_an_interrupted_unpacking_leaves_no_dataset_and_the_archives_are_kept(
    command, oxford, tiny_pets, tmp_path, monkeypatch
):
    root = tmp_path / "data"
    extract, extracted = tarfile.TarFile.extract, []

    def cut_short(*arguments, **settings) -> None:
        extracted.append(arguments)
        if len(extracted) == 30:
            raise KeyboardInterrupt
        extract(*arguments, **settings)

    with monkeypatch.context() as patch:
        patch.setattr(tarfile.TarFile, "extract", cut_short)
        ended = command(fetch, "--data", root)
    assert ended.status == 130
    assert_no_dataset(root)

    oxford.asked.clear()
    assert command(fetch, "--data", root).status == 0
    assert oxford.asked == []
    assert files(root) == files(tiny_pets)


def test_a_folder_that_cannot_be_written_is_told(command, oxford, tmp_path):
    (tmp_path / "file").write_text("")
    ended = command(fetch, "--data", tmp_path / "file")
    assert ended.status == 2
    assert str(tmp_path / "file") in ended.error


@pytest.mark.parametrize("cuts", [1, 4])
def test_what_was_cut_goes_on_where_it_stopped(command, oxford, tiny_pets, tmp_path, cuts):
    oxford.cuts = cuts
    assert command(fetch, "--data", tmp_path / "data").status == 0
    assert files(tmp_path / "data") == files(tiny_pets)
    starts = [start for name, start in oxford.asked if name == "images.tar.gz"]
    assert len(starts) == cuts + 1
    assert starts == sorted(set(starts))
    # no byte came twice
    assert oxford.sent == {name: (oxford.folder / name).stat().st_size for name in ARCHIVES}


def test_a_connection_that_is_always_cut_ends_in_a_line_and_another_day_goes_on(command, oxford, tiny_pets, tmp_path):
    root = tmp_path / "data"
    oxford.cuts = -1  # half of what is left, again and again, and at last nothing
    ended = command(fetch, "--data", root)
    assert ended.status == 2
    assert "run this again to go on where it stopped" in ended.error
    assert_no_dataset(root)
    starts = [start for _, start in oxford.asked]
    last = (oxford.folder / "images.tar.gz").stat().st_size - 1
    assert starts[-len(download.WAITS) :] == [last] * len(download.WAITS)
    oxford.asked.clear()
    oxford.cuts = 0
    assert command(fetch, "--data", root).status == 0
    assert oxford.asked[0] == ("images.tar.gz", last)
    assert files(root) == files(tiny_pets)


@pytest.mark.parametrize("tag", ['"1"', None])
def test_a_server_without_ranges_sends_all_again(command, oxford, tiny_pets, tmp_path, tag):
    oxford.ranges, oxford.tag, oxford.cuts = False, tag, 2
    assert command(fetch, "--data", tmp_path / "data").status == 0
    assert [start for _, start in oxford.asked] == [0] * 4
    assert files(tmp_path / "data") == files(tiny_pets)


@pytest.mark.parametrize(("tag", "looks"), [('"1"', True), ('"1"', False), (None, False)])
def test_a_file_that_has_changed_begins_anew(command, oxford, tiny_pets, tmp_path, monkeypatch, tag, looks):
    """By its tag, which the server may look at itself; by its length where there is none."""
    root, images = tmp_path / "data", oxford.folder / "images.tar.gz"
    oxford.tag, oxford.if_range = tag, looks
    whole = images.read_bytes()
    images.write_bytes(b"an older version" + whole[16 if tag else 0 :])
    with monkeypatch.context() as patch:
        patch.setattr(download, "_piece", losing())
        assert command(fetch, "--data", root).status == 2
    (part,) = root.rglob("*.part")
    assert part.read_bytes()[:16] == b"an older version"

    images.write_bytes(whole)
    oxford.tag = tag and '"2"'
    assert command(fetch, "--data", root).status == 0
    assert files(root) == files(tiny_pets)


def losing() -> Callable[..., bytes]:
    """In the place of `_piece`: a few bytes arrive, and then nothing."""
    piece, pieces = download._piece, []

    def lose(response: HTTPResponse, url: str) -> bytes:
        if pieces:
            raise download.Cut("lost")
        pieces.append(piece(response, url)[:100])
        return pieces[0]

    return lose


def test_another_address_has_the_same_archives(command, oxford, tiny_pets, tmp_path, monkeypatch):
    sums = [md5 for _, md5 in oxford.resources]
    nowhere = [f"http://127.0.0.1:9/{name}" for name in ARCHIVES]
    monkeypatch.setattr(OxfordIIITPet, "_RESOURCES", tuple(zip(nowhere, sums, strict=True)))
    assert command(fetch, "--data", tmp_path / "data", "--from", f"{oxford.url}/").status == 0
    assert files(tmp_path / "data") == files(tiny_pets)

    (oxford.folder / "images.tar.gz").write_bytes((oxford.folder / "annotations.tar.gz").read_bytes())
    ended = command(fetch, "--data", tmp_path / "other", "--from", oxford.url)
    assert ended.status == 2 and "arrived damaged" in ended.error


def test_an_address_without_the_archives_is_told(command, oxford, tmp_path):
    (oxford.folder / "annotations.tar.gz").unlink()
    ended = command(fetch, "--data", tmp_path / "data")
    assert ended.status == 2
    assert f"{oxford.url}/annotations.tar.gz is not to be had (404" in ended.error
    assert "--from" in ended.error
    assert oxford.asked == []  # told before 0.8 GB have come
    ended = command(fetch, "--data", tmp_path / "data", "--from", "/some/folder")
    assert ended.status == 2 and "begins with http" in ended.error


@pytest.mark.parametrize("address", ["http://", "http:///folder", "http://[::1", "http://host:port"])
def test_what_is_no_address_is_told_at_once(command, tmp_path, monkeypatch, address):
    monkeypatch.setattr(download, "_open", None)  # nobody is asked
    ended = command(fetch, "--data", tmp_path, "--from", address)
    assert ended.status == 2
    assert len(ended.err.splitlines()) == 1 and f"{address} is no address" in ended.error
    assert list(tmp_path.iterdir()) == []


def test_an_address_of_other_letters_is_a_line(command, oxford, tmp_path):
    ended = command(fetch, "--data", tmp_path, "--from", f"{oxford.url}/über")
    assert ended.status == 2
    assert len(ended.err.splitlines()) == 1 and f"{oxford.url}/über/images.tar.gz is not to be had" in ended.error


def test_a_busy_server_is_asked_again(command, oxford, tmp_path):
    oxford.status = 503
    ended = command(fetch, "--data", tmp_path / "data")
    assert ended.status == 2
    assert "cannot answer now (503" in ended.error


def test_a_full_disk_is_told(command, oxford, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(tarfile.TarFile, "extract", full)
    ended = command(fetch, "--data", tmp_path / "data")
    assert ended.status == 2
    assert "is full" in ended.error and "--data" in ended.error
    assert_no_dataset(tmp_path / "data")


@pytest.mark.parametrize("name", ["../../../escaped", "link"])
def test_an_archive_that_would_write_elsewhere_is_refused(command, oxford, tmp_path, monkeypatch, name):
    hostile = tarfile.TarInfo(name)
    if name == "link":
        hostile.type, hostile.linkname = tarfile.SYMTYPE, str(tmp_path)
    with tarfile.open(oxford.folder / "images.tar.gz", "w:gz") as tar:
        tar.addfile(hostile)
    monkeypatch.setattr(OxfordIIITPet, "_RESOURCES", oxford.resources)
    ended = command(fetch, "--data", tmp_path / "a" / "data")
    assert ended.status == 2
    assert "cannot be unpacked" in ended.error
    assert not list(tmp_path.rglob("escaped"))
    assert list((tmp_path / "a").rglob("*.gz")) == []
    assert_no_dataset(tmp_path / "a" / "data")


def test_a_second_fetch_into_the_same_folder_waits_for_its_turn(command, oxford, tiny_pets, tmp_path):
    root = tmp_path / "data"
    first = fetching(oxford, root)
    try:
        wait_for_bytes(root)
        ended = command(fetch, "--data", root)
        assert ended.status == 2
        assert "is being filled by another process" in ended.error
        oxford.seconds = 0
        assert first.wait(timeout=60) == 0
    finally:
        first.kill()
    assert files(root) == files(tiny_pets)
    assert command(fetch, "--data", root).status == 0


def test_a_process_that_is_killed_has_not_downloaded_for_nothing(command, oxford, tiny_pets, tmp_path):
    root = tmp_path / "data"
    first = fetching(oxford, root)
    arrived = wait_for_bytes(root)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert_no_dataset(root)

    oxford.seconds = 0
    oxford.asked.clear()
    assert command(fetch, "--data", root).status == 0
    assert oxford.asked[0][0] == "images.tar.gz" and oxford.asked[0][1] >= arrived
    assert files(root) == files(tiny_pets)


def fetching(server: ArchiveServer, root: Path) -> subprocess.Popen:
    """`python -m experiments.fetch` in a process of its own, of a server that is slow."""
    server.seconds = 0.3
    code = (
        f"from torchvision.datasets import OxfordIIITPet; OxfordIIITPet._RESOURCES = {server.resources!r};"
        f"from experiments import fetch; fetch.main(['--data', {str(root)!r}])"
    )
    return subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT, stderr=subprocess.DEVNULL)


def wait_for_bytes(root: Path) -> int:
    """How many bytes have arrived of the first archive, once some have."""
    for _ in range(600):
        for part in root.rglob("images.tar.gz.part"):
            if size := part.stat().st_size:
                return size
        time.sleep(0.1)
    raise AssertionError("nothing has arrived within a minute")
