"""One file from servers that answer in their own ways: what each answer means, and what has arrived is kept."""

import threading
from pathlib import Path

import pytest

from experiments.fetching import download
from experiments.fetching.download import Cut, NotThere, download_part, length_of, part_path
from tests.archive_server import ARCHIVES, ArchiveServer, serving

NAME = ARCHIVES[0]
WEDNESDAY = "Wed, 21 Oct 2015 07:28:00 GMT"


def whole(server: ArchiveServer) -> bytes:
    return (server.folder / NAME).read_bytes()


def downloaded(server: ArchiveServer, folder: Path) -> bytes:
    part = download_part(f"{server.url}/{NAME}", folder / NAME, lambda size: None, threading.Event())
    assert part == part_path(folder / NAME)
    return part.read_bytes()


def asked_length(server: ArchiveServer) -> int | None:
    return length_of(f"{server.url}/{NAME}", threading.Event())


@pytest.mark.parametrize("repeats", [True, False], ids=["repeated", "said-once"])
@pytest.mark.parametrize("changed", [None, WEDNESDAY])
@pytest.mark.parametrize("tag", [None, '"1"', 'W/"1"'])
def test_what_was_cut_goes_on_whichever_way_the_server_tells_its_version(oxford, tmp_path, tag, changed, repeats):
    oxford.tag, oxford.changed, oxford.repeats, oxford.cuts = tag, changed, repeats, 2
    assert downloaded(oxford, tmp_path) == whole(oxford)
    length = len(whole(oxford))
    half = length // 2
    # no byte came twice
    assert oxford.asked == [(NAME, 0), (NAME, half), (NAME, half + (length - half) // 2)]


@pytest.mark.parametrize("looks", [True, False])
def test_a_file_that_was_changed_on_another_day_begins_anew(oxford, tmp_path, monkeypatch, looks):
    oxford.tag, oxford.changed, oxford.if_range, oxford.cuts = None, WEDNESDAY, looks, -1
    with monkeypatch.context() as patch, pytest.raises(Cut):
        patch.setattr(download, "WAITS", (0,))
        downloaded(oxford, tmp_path)
    older = whole(oxford)
    (oxford.folder / NAME).write_bytes(older[::-1])
    oxford.changed, oxford.cuts = WEDNESDAY.replace("21", "28"), 0
    assert downloaded(oxford, tmp_path) == older[::-1]


def test_a_range_that_no_request_meets_is_refused_and_not_asked_for_again(oxford, tmp_path):
    oxford.status = 416
    with pytest.raises(NotThere, match="416"):
        downloaded(oxford, tmp_path)
    # nor where something has arrived that lies behind the end
    oxford.status, oxford.cuts = 0, -1
    with pytest.raises(Cut):
        downloaded(oxford, tmp_path)
    oxford.status = 416
    with pytest.raises(NotThere, match="416"):
        downloaded(oxford, tmp_path)


@pytest.mark.parametrize("status", [400, 401, 403, 405, 416, 500, 501, 503])
def test_a_server_that_refuses_to_say_the_length_may_give_the_file(oxford, tmp_path, status):
    assert asked_length(oxford) == len(whole(oxford))
    oxford.head = status
    assert asked_length(oxford) is None
    assert downloaded(oxford, tmp_path) == whole(oxford)


def test_a_web_page_in_the_files_place_is_told_and_what_has_arrived_is_kept(oxford, tmp_path):
    oxford.cuts = -1
    with pytest.raises(Cut):
        downloaded(oxford, tmp_path)
    kept = part_path(tmp_path / NAME).stat().st_size
    assert kept
    oxford.cuts, oxford.page = 0, True
    with pytest.raises(Cut, match="a web page in the file's place"):
        downloaded(oxford, tmp_path)
    assert asked_length(oxford) is None
    oxford.page = False
    oxford.asked.clear()
    assert downloaded(oxford, tmp_path) == whole(oxford)
    assert oxford.asked == [(NAME, kept)]


def test_a_file_that_has_moved_is_followed_and_goes_on_there(oxford, tmp_path):
    with serving(oxford.folder) as other:
        oxford.elsewhere, other.cuts = other.url, 1
        assert downloaded(oxford, tmp_path) == whole(oxford)
        assert other.asked == [(NAME, 0), (NAME, len(whole(oxford)) // 2)]
        assert asked_length(oxford) == len(whole(oxford))


@pytest.mark.parametrize("target", ["ITSELF", "http://[::1", "http://127.0.0.1:port", "file:///etc"])
def test_a_move_that_leads_nowhere_is_one_line(oxford, tmp_path, target):
    oxford.elsewhere = oxford.url if target == "ITSELF" else target
    with pytest.raises(NotThere) as caught:
        downloaded(oxford, tmp_path)
    assert str(caught.value).startswith(f"{oxford.url}/{NAME} is not to be had (")
    assert len(str(caught.value).splitlines()) == 1


def test_a_server_without_ranges_that_cuts_now_here_now_there_is_given_up(oxford, tmp_path):
    oxford.ranges, oxford.cuts, cancelled = False, -1, threading.Event()

    def arrived(size: int) -> None:
        oxford.after = 0.25 if len(oxford.asked) % 2 else 0.5
        if len(oxford.asked) > 20:
            cancelled.set()

    with pytest.raises(Cut):
        download_part(f"{oxford.url}/{NAME}", tmp_path / NAME, arrived, cancelled)


def test_a_file_that_a_proxy_has_looked_at_is_as_good(oxford, tmp_path):
    oxford.whole = 203
    assert downloaded(oxford, tmp_path) == whole(oxford)


@pytest.mark.parametrize("status", [404, 410])
def test_a_file_that_is_not_there_is_told_before_it_is_asked_for(oxford, status):
    oxford.head = status
    with pytest.raises(NotThere, match=str(status)):
        asked_length(oxford)
