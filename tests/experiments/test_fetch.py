"""The dataset arrives whole or not at all. A server on this machine stands in for Oxford's."""

import hashlib
import shutil
import socket
import tarfile
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from torchvision.datasets import OxfordIIITPet, utils

from experiments import fetch
from seg.cache import load_split
from seg.pets import DatasetMissing, dataset_folder, photo_path, trimap_path

ARCHIVES = ("images.tar.gz", "annotations.tar.gz")


@pytest.fixture
def oxford(tiny_pets, tmp_path, monkeypatch) -> SimpleNamespace:
    """A server of the drawn dataset's two archives; `asked` lists what was downloaded from it."""
    served, asked = tmp_path / "served", []
    served.mkdir()
    for archive in ARCHIVES:
        folder = archive.removesuffix(".tar.gz")
        with tarfile.open(served / archive, "w:gz") as tar:
            tar.add(dataset_folder(tiny_pets) / folder, folder)

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *arguments) -> None:
            super().__init__(*arguments, directory=served)

        def log_request(self, code="-", size="-") -> None:
            asked.append(Path(self.path).name)

        def log_message(self, *_) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_) -> None:
            """A client that hangs up early is no error."""

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    sums = {name: hashlib.md5((served / name).read_bytes()).hexdigest() for name in ARCHIVES}
    url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(OxfordIIITPet, "_RESOURCES", tuple((f"{url}/{name}", sums[name]) for name in ARCHIVES))
    yield SimpleNamespace(served=served, asked=asked)
    server.shutdown()
    server.server_close()


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
    assert "100%" in ended.err  # torchvision's bar
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
    root, path = tmp_path / "data", oxford.served / damaged
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    ended = command(fetch, "--data", root)
    assert ended.status == 2
    assert "corrupted" in ended.error
    assert_no_dataset(root)

    path.write_bytes(whole)
    assert command(fetch, "--data", root).status == 0
    assert files(root) == files(tiny_pets)


def test_an_interrupted_unpacking_leaves_no_dataset_and_the_archives_are_kept(
    command, oxford, tiny_pets, tmp_path, monkeypatch
):
    root = tmp_path / "data"

    def cut_short(archive: str, folder: str, remove_finished: bool = False) -> None:
        with tarfile.open(archive) as tar:
            for member in tar.getmembers()[:-3]:
                tar.extract(member, folder, filter="data")
        if "annotations" in archive:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(utils, "extract_archive", cut_short)
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
