"""Many visitors at once, and one after another: nobody meets an error, and memory does not grow."""

import io
import threading
import time
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.demo.sharing.pages import Page

RUNS = ["ce-s0", "focal-s0"]
MEGABYTE = 2**20


def resident(pid: int) -> float:
    """A process's memory, in MB."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        pytest.skip("needs /proc")
    [line] = [line for line in status.read_text().splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) * 1024 / MEGABYTE


def picture(number: int, size: tuple[int, int], kind: str = "JPEG") -> bytes:
    rough = np.random.default_rng(number).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(rough).resize(size).save(file, kind)
    return file.getvalue()


@pytest.fixture
def app(launch, free_port, tiny_runs, tiny_pets) -> tuple[str, int]:
    """Its address, and its process."""
    port = free_port()
    process = launch(port, "--runs", tiny_runs, "--data", tiny_pets)
    return f"http://127.0.0.1:{port}", process.pid


def show(page: Page, path: str) -> None:
    """A photo in Try, up to its last mask."""
    answers = page.select("try", runs=RUNS, photoFile={"path": path, "title": "photo.jpg"}, photo="own:1")
    assert [each["success"] for each in answers if each["msg"] == "process_completed"] == [True], answers[-1]
    assert "process_generating" in {each["msg"] for each in answers}


class Peak:
    """The most memory that a process has while one is inside, in MB beyond what it had before."""

    def __init__(self, pid: int) -> None:
        self._pid, self._inside = pid, True
        self._before, self.most = resident(pid), 0.0
        self._thread = threading.Thread(target=self._look)

    def _look(self) -> None:
        while self._inside:
            self.most = max(self.most, resident(self._pid) - self._before)
            time.sleep(0.01)

    def __enter__(self) -> "Peak":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._inside = False
        self._thread.join()


def blank(mode: str, kind: str = "PNG", size: int = 7000, **options: object) -> bytes:
    """49 megapixels in a few kilobytes."""
    file = io.BytesIO()
    Image.new(mode, (size, size)).save(file, kind, **options)
    return file.getvalue()


def test_49_megapixels_in_a_few_kilobytes_take_less_than_400_mb_at_every_door(app, record_property):
    url, pid = app
    doors = {}
    with Page(url).opened() as page:
        show(page, page.upload(picture(0, (40, 30))))  # networks are loaded
        path = page.upload(blank("1"))
        with Peak(pid) as doors["Try"]:
            show(page, path)
        with Peak(pid) as doors["a cut-out, its border moved"]:
            page.join(page.event("segment-result", "click"), said={"what": "cutout", "checkpoint": "ce-s0", "shift": 1})
            assert [each["success"] for each in page.answers() if each["msg"] == "process_completed"] == [True]
        with Peak(pid) as doors["an upload, transparent"]:
            assert (
                page.call("segment-photo", "brought", {"path": page.upload(blank("RGBA")), "title": "a"}).json() == {}
            )
        with Peak(pid) as doors["Watch"]:
            asked = {"path": page.upload(blank("RGB"), "rgb.png"), "run": "ce-s0"}
            assert "picture" in page.call("watch-view", "own_photo", asked).json()
        with Peak(pid) as doors["/segment, turned"]:
            exif = Image.Exif()
            exif[0x0112] = 6
            file = {"path": page.upload(blank("RGB", "JPEG", exif=exif)), "meta": {"_type": "gradio.FileData"}}
            answer = page.http.post("/gradio_api/call/segment", json={"data": [file, "ce-s0"]}).json()["event_id"]
            assert "event: complete" in page.http.get(f"/gradio_api/call/segment/{answer}").text
        frames = [page.upload(blank("RGB"), "frame.png")] * 400
        with Peak(pid) as doors["an animation that names one picture 400 times"]:
            asked = {"frames": frames, "kind": "gif", "name": "a", "milliseconds": 100}
            assert "1 to 61 epochs" in page.call("watch-view", "write_animation", asked).json()["error"]
        frames = [page.upload(blank("RGB", size=3500), "frame.png") for _ in range(8)]
        with Peak(pid) as doors["an animation of few large pictures"]:
            asked = {"frames": frames, "kind": "gif", "name": "a", "milliseconds": 100}
            assert "url" in page.call("watch-view", "write_animation", asked).json()
    for door, peak in doors.items():
        record_property(door, round(peak.most))
    assert all(peak.most < 400 for peak in doors.values()), {door: round(peak.most) for door, peak in doors.items()}


def test_many_large_photos_at_once_take_less_than_a_gigabyte(app):
    url, pid = app
    said: list[str] = []
    with Page(url).opened() as page:
        show(page, page.upload(picture(0, (40, 30))))
        content = blank("RGB")

        def ask(number: int) -> None:
            path = page.upload(content + bytes([number]), f"{number}.png")
            if number % 2:
                with Page(url).opened() as other:
                    show(other, path)
            else:
                answer = page.call("segment-photo", "brought", {"path": path, "title": "a"}).json()
                said.append(answer.get("error", ""))

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
        with Peak(pid) as peak:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    assert peak.most < 1000, peak.most
    assert len(said) == 6
    assert set(said) <= {"", "Too many large photos are being worked on: try again in a minute."}


@pytest.mark.long
def test_visitors_one_after_another_leave_nothing(app, record_property):
    url, pid = app
    after = []
    for number in range(40):
        with Page(url).opened() as page:
            show(page, page.upload(picture(number, (4000, 3000)), f"{number}.jpg"))
        after.append(resident(pid))
    record_property("MB after each tenth tab", [round(memory) for memory in after[9::10]])
    assert after[-1] - after[9] < 50


@pytest.mark.long
def test_64_visitors_for_a_minute_meet_no_error_and_memory_stays(app, record_property):
    url, pid = app
    end, waits, wrong = time.monotonic() + 60, [], []

    def visit(number: int) -> None:
        try:
            with Page(url).opened() as page:
                path = page.upload(picture(number, (1200, 900)), f"{number}.jpg")
                asks = [
                    lambda: show(page, path),
                    lambda: page.select("which-loss", runs=RUNS),
                    lambda: page.select("watch", runs=RUNS),
                    lambda: page.select("failures", runs=RUNS),
                    lambda: page.call("failures", "thumbs", {"photos": ["pug_1", "pug_2"]}).raise_for_status(),
                ]
                while time.monotonic() < end:
                    begun = time.monotonic()
                    answers = asks[(number + len(waits)) % len(asks)]()
                    waits.append(time.monotonic() - begun)
                    if isinstance(answers, list):
                        wrong.extend(each for each in answers if each.get("success") is False)
                    time.sleep(0.5)
        except Exception as error:  # of any kind: it is what is looked for
            wrong.append(repr(error))

    def slow() -> None:
        """Somebody whose answers trickle in."""
        with Page(url).opened() as page:
            page.join(page.event("follow-try", "select"), {"runs": RUNS, "photo": "cheetah2"})
            with httpx.stream("GET", f"{url}/gradio_api/queue/data?session_hash={page.session}", timeout=120) as stream:
                for _ in stream.iter_raw(64):
                    if time.monotonic() > end:
                        return
                    time.sleep(0.2)

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(64)] + [threading.Thread(target=slow)]
    for thread in threads:
        thread.start()
    time.sleep(30)
    half = resident(pid)
    for thread in threads:
        thread.join()
    record_property("requests", len(waits))
    record_property("95th percentile, seconds", round(float(np.percentile(waits, 95)), 1))
    record_property("MB after half, and at the end", [round(half), round(resident(pid))])
    print(f"{len(waits)} requests, p95 {np.percentile(waits, 95):.1f} s, {half:.0f} MB, then {resident(pid):.0f} MB")
    assert wrong == []
    assert resident(pid) - half < 100
