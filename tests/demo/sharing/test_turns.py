"""The queue over real requests: who is served when, who is refused, and whose jobs are not computed."""

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import gradio as gr
import httpx
import pytest
from starlette.middleware import Middleware

from demo.sharing import outside, turns, visitors
from demo.sharing.outside import Outside
from demo.sharing.turns import standing, take_turns
from demo.sharing.visitors import Connections, forgetting


class Served:
    """An app with one slow job, which notes whose it was; it goes on where it is told to."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.go = threading.Semaphore(0)
        with gr.Blocks() as self.blocks:
            who, box = gr.Textbox(), gr.State([])
            asked = gr.HTML(server_functions=[standing], elem_id="asked")

            def work(name: str, kept: list) -> str:
                assert self.go.acquire(timeout=60)
                self.done.append(name)
                kept.append(name)
                return name

            gr.Button().click(work, [who, box], who, api_name="work")
        self.component = asked._id
        take_turns(self.blocks)
        self.forgot_all = 0
        settings = {
            "middleware": [Middleware(Connections), Middleware(Outside)],
            "lifespan": lambda app: forgetting(app, self.count),
        }
        _, self.url, _ = self.blocks.launch(
            prevent_thread_lock=True, quiet=True, app_kwargs=settings, server_name="127.0.0.1", ssr_mode=False
        )
        self.url = self.url.rstrip("/") + "/gradio_api"
        self.http = httpx.Client(timeout=60)

    def count(self) -> None:
        self.forgot_all += 1

    @property
    def queue(self):
        return self.blocks._queue

    @property
    def sessions(self) -> dict:
        return self.blocks.app.state_holder.session_data

    def join(self, name: str, session: str | None = None) -> httpx.Response:
        """A job for the answers of which nobody waits."""
        body = {"data": [name, None], "fn_index": 0, "session_hash": session or secrets.token_hex(4)}
        return self.http.post(f"{self.url}/queue/join", json=body)

    def call(self, name: str) -> str:
        return self.http.post(f"{self.url}/call/work", json={"data": [name, None]}).json()["event_id"]

    @contextmanager
    def page(self) -> Iterator[str]:
        """A session with a page open."""
        session = secrets.token_hex(4)
        with httpx.stream("GET", f"{self.url}/heartbeat/{session}", timeout=60) as heartbeat:
            lines = heartbeat.iter_lines()  # it is closed with the last that holds it
            assert next(lines) == "data: ALIVE"
            yield session
            del lines

    def standing(self, session: str) -> dict:
        body = {"data": {}, "component_id": self.component, "session_hash": session, "fn_name": "standing"}
        return self.http.post(f"{self.url}/component_server", json=body).json()

    def let(self, jobs: int) -> None:
        """So many more jobs are done."""
        before = len(self.done)
        self.go.release(jobs)
        assert eventually(lambda: len(self.done) == before + jobs)


def eventually(true: Callable[[], bool]) -> bool:
    end = time.monotonic() + 20
    while not true() and time.monotonic() < end:
        time.sleep(0.01)
    return true()


@pytest.fixture
def served() -> Iterator[Served]:
    app = Served()
    yield app
    app.go.release(10_000)
    app.blocks.close()


def test_a_newcomers_page_is_served_before_300_jobs_that_came_before_it(served):
    for number in range(150):
        assert served.join(f"session {number}").status_code == 200
    for number in range(150):
        served.call(f"call {number}")
    with served.page() as session:
        served.join("page", session)
        served.let(4)
    assert "page" in served.done


def test_two_who_have_many_jobs_are_served_in_turn(served):
    served.join("first")  # at work: what comes is put into order behind it
    assert eventually(lambda: served.queue.get_active_worker_count() == 1)
    with served.page() as one, served.page() as other:
        for name, session in (("one", one), ("other", other)):
            for _ in range(5):
                served.join(name, session)
        served.let(11)
    assert served.done[1:] == ["one", "other"] * 5


def test_a_full_queue_takes_from_who_has_most_and_else_refuses_in_a_sentence(served, monkeypatch):
    monkeypatch.setattr(turns, "MOST_WAITING", 10)
    served.join("at work")
    assert eventually(lambda: served.queue.get_active_worker_count() == 1)
    for number in range(10):
        assert served.join(f"many {number}").status_code == 200
    refused = served.join("many 10")
    assert (refused.status_code, refused.json()["detail"]) == (503, turns.FULL)
    with served.page() as session:
        assert served.join("page", session).status_code == 200
        assert len(served.queue) == 10
        served.let(11)
    assert "page" in served.done
    assert "many 9" not in served.done


def test_jobs_of_clients_that_have_left_are_not_computed(served, monkeypatch):
    monkeypatch.setattr(visitors, "SECONDS_KEPT", 0.5)
    served.join("at work")
    assert eventually(lambda: served.queue.get_active_worker_count() == 1)
    with served.page() as session:
        served.join("closed", session)
    waits = served.call("waits")
    for _ in range(3):
        served.join("left")
    with httpx.stream("GET", f"{served.url}/call/work/{waits}", timeout=60) as answer:
        time.sleep(1)
        served.go.release(6)
        assert 'data: ["waits"]' in list(answer.iter_lines())
    assert served.done == ["at work", "waits"]


def test_a_page_is_told_its_place_and_what_it_has_missed(served):
    served.join("at work")
    assert eventually(lambda: served.queue.get_active_worker_count() == 1)
    with served.page() as session:
        assert served.standing(session) == {"before": None, "lost": False}
        served.join("page", session)
        assert served.standing(session) == {"before": 1, "lost": True}  # it waits, and nobody looks
        with httpx.stream("GET", f"{served.url}/queue/data", params={"session_hash": session}, timeout=60) as answers:
            assert eventually(lambda: not served.standing(session)["lost"])
            served.let(2)
            assert any("process_completed" in line for line in answers.iter_lines())
        assert eventually(lambda: served.standing(session) == {"before": None, "lost": False})


def test_nothing_is_kept_of_a_page_that_has_been_closed(served, monkeypatch):
    monkeypatch.setattr(visitors, "SECONDS_KEPT", 0.3)
    monkeypatch.setattr(visitors, "SECONDS_BETWEEN_LOOKS", 0.1)
    served.go.release(50)
    time.sleep(5.5)  # the look that had begun before
    with served.page() as stays:
        served.join("stays", stays)
        for _ in range(20):
            with served.page() as session:
                served.join("page", session)
        assert eventually(lambda: len(served.done) >= 1 and list(served.sessions) == [stays])
        time.sleep(1)
        assert list(served.sessions) == [stays]
        assert served.forgot_all == 0
    assert eventually(lambda: not served.sessions)
    assert eventually(lambda: served.forgot_all > 0)
    for kept in (served.queue.pending_messages_per_session, served.queue.pending_event_ids_session):
        assert not kept


def test_a_program_may_take_its_time_before_it_fetches_its_answer(served, monkeypatch):
    monkeypatch.setattr(visitors, "SECONDS_KEPT", 0.3)
    monkeypatch.setattr(visitors, "SECONDS_BETWEEN_LOOKS", 0.1)
    served.go.release(50)
    time.sleep(5.5)  # the look that had begun before
    event = served.call("late")
    served.join("page", "never-seen")
    assert eventually(lambda: {"late", "page"} <= set(served.done))
    assert eventually(lambda: "never-seen" not in served.queue.pending_messages_per_session)
    time.sleep(1)
    assert "event: complete" in served.http.get(f"{served.url}/call/work/{event}").text
    assert eventually(lambda: not served.queue.pending_messages_per_session)


def test_of_all_sessions_together_a_bound_is_kept(served, monkeypatch):
    served.blocks.app.state_holder.capacity = 5
    for number in range(12):
        served.join(str(number), f"session-{number}")
    assert len(served.sessions) <= 6


def test_direct_calls_beside_the_queue_are_bounded_and_refused_in_a_sentence(served, monkeypatch):
    monkeypatch.setitem(outside.BOUNDS, "/gradio_api/run/", (2, 3))
    answers: list[httpx.Response] = []

    def call(name: str) -> None:
        answers.append(served.http.post(f"{served.url}/run/work", json={"data": [name, None]}))

    threads = [threading.Thread(target=call, args=(str(number),)) for number in range(9)]
    for thread in threads:
        thread.start()
    assert eventually(lambda: len(answers) == 4)
    assert [(answer.status_code, answer.json()["detail"]) for answer in answers] == [(503, turns.FULL)] * 4
    with served.page() as session:  # those who wait for their turn do not wait for these
        served.join("page", session)
        served.go.release(6)
        assert eventually(lambda: "page" in served.done)
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers[4:]] == [200] * 5
