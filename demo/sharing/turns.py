"""Whose turn it is: Gradio's queue, bounded, and shared out between visitors.

One visitor's hundredth job waits behind another's first: jobs are ordered by start-time fair queueing (Goyal, Vin and
Cheng 1996), where each takes as long as any other.
"""

import time
from typing import Any

import gradio as gr
from gradio.queueing import Event, Queue
from gradio.server_messages import EstimationMessage, EventMessage, ProcessCompletedMessage

from demo.sharing.visitors import Visitors

# Jobs that wait, of all visitors together
MOST_WAITING = 512
FULL = "Too many requests are waiting here: try again in a minute."


class Turns(Queue):
    """A queue whose jobs are in the order in which they are served."""

    def __init__(self, like: Queue, visitors: Visitors) -> None:
        """
        Args:
            like: the queue that Gradio has made, which this takes the place of; nothing waits in it.
            visitors: who is connected.
        """
        super().__init__(
            live_updates=like.live_updates,
            concurrency_count=like.max_thread_count,
            update_intervals=like.update_intervals,
            max_size=None,
            blocks=like.blocks,
            default_concurrency_limit=like.default_concurrency_limit,
        )
        self.visitors = visitors
        self._now: dict[str, int] = {}  # by queue, the round of the job that was begun last
        self._asked: dict[str, float] = {}  # by session, when it last did

    async def push(self, body: Any, request: Any, username: str | None) -> Any:
        """As Gradio's; where it is full, the last job of who has most in it gives way, or this one is refused."""
        if len(self) >= MOST_WAITING and not self._made_room_for(self._visitor(body.session_hash, request)):
            return False, FULL, "queue_full"
        answer = await super().push(body, request, username)
        event = self.event_ids_to_events.get(str(answer[1])) if answer[0] else None
        if event is not None:
            self._asked[event.session_hash] = time.monotonic()
            self._let_in(event)
        return answer

    def _visitor(self, session: str | None, request: Any) -> str:
        """Who is to be told from others: a page; or all the programs at one address, which may name any session."""
        if session and self.visitors.has_page(session):
            return session
        return request.client.host if request.client else ""

    def _let_in(self, event: Any) -> None:
        """Move a job from the end of its queue to its turn, and note on it `visitor`, whose it is, and its `round`."""
        waiting: list[Any] = self.event_queue_per_concurrency_id[event.concurrency_id].queue
        if event not in waiting:  # it was answered at once
            return
        event.visitor = self._visitor(event.session_hash, event.request)
        rounds = [other.round for other in waiting if other is not event and other.visitor == event.visitor]
        event.round = 1 + max([self._now.get(event.concurrency_id, 0), *rounds])
        waiting.sort(key=lambda each: each.round)  # of one round in the order in which they came
        self.broadcast_estimations(event.concurrency_id)

    def _made_room_for(self, visitor: str) -> bool:
        """Whether another visitor's last job was sent away, of the one that has most and more than this one."""
        waiting: list[Any] = [event for queue in self.event_queue_per_concurrency_id.values() for event in queue.queue]
        counts: dict[str, int] = {}
        for event in waiting:
            counts[event.visitor] = counts.get(event.visitor, 0) + 1
        most = max(counts, key=counts.__getitem__)
        if counts[most] <= 1 + counts.get(visitor, 0):
            return False
        self._send_away([event for event in waiting if event.visitor == most][-1])
        return True

    def _send_away(self, event: Event) -> None:
        self.event_queue_per_concurrency_id[event.concurrency_id].queue.remove(event)
        self.event_ids_to_events.pop(event._id, None)
        self.send_message(event, ProcessCompletedMessage(output={"error": FULL}, success=False))

    def get_events(self) -> tuple[list[Event], bool, str] | None:
        """The next job of a queue that may begin one; jobs of clients that have left are dropped, not begun."""
        for queue in self.event_queue_per_concurrency_id.values():
            while queue.queue and self._has_left(queue.queue[0]):
                self.event_ids_to_events.pop(queue.queue.pop(0)._id, None)
        found = super().get_events()
        if found is not None:
            first: Any = found[0][0]
            self._now[found[2]] = first.round
        return found

    def _has_left(self, event: Event) -> bool:
        connected = self.visitors.is_connected(event._id)  # a client may wait for one job, not for a session
        return not connected and self.visitors.has_left(event.session_hash, event.enqueue_time)

    def send_message(self, event: Event, event_message: EventMessage) -> None:
        """As Gradio's, but nobody's place is kept for somebody who does not look."""
        listens = self.visitors.listens(event.session_hash) or self.visitors.listens(event._id)
        if listens or not isinstance(event_message, EstimationMessage):
            super().send_message(event, event_message)

    def compute_analytics_summary(self, records: list) -> dict:
        """Nothing: Gradio's page of it is not served, and after each job it would sort the last ten thousand."""
        return self.cached_event_analytics_summary

    def last_asked(self, session: str) -> float:
        """When the session last had a job put in, as `time.monotonic` has it; 0 where it never did."""
        return self._asked.get(session, 0)

    def forget(self, session: str) -> None:
        """Keep nothing of a session."""
        self._asked.pop(session, None)
        self.pending_messages_per_session.pop(session, None)
        self.pending_event_ids_session.pop(session, None)

    def place(self, session: str) -> int | None:
        """How many jobs are before the session's first that waits; 0 where one is at work, None where there is none."""
        if any(event.session_hash == session for job in self.active_jobs for event in job or ()):
            return 0
        places = [
            place + queue.current_concurrency
            for queue in self.event_queue_per_concurrency_id.values()
            for place, event in enumerate(queue.queue)
            if event.session_hash == session
        ]
        return min(places, default=None)


def take_turns(blocks: Any) -> None:
    """Put `Turns` in the place of the queue of Gradio's blocks, before they are served."""
    blocks._queue = Turns(blocks._queue, Visitors())


async def standing(asked: dict, request: gr.Request) -> dict:
    """What the page calls as `server.standing({})`: how its jobs stand.

    Returns:
        `before`: how many jobs are before its first that waits, 0 where one is at work, None where there is none;
        `lost`: whether answers wait for it that it does not fetch.
    """
    served: Any = request  # the request itself, which has been read already
    session = (await served.json())["session_hash"]
    queue = served.scope["app"].get_blocks()._queue
    before, messages = queue.place(session), queue.pending_messages_per_session.get(session)
    pending = before is not None or bool(messages and messages.qsize())
    return {"before": before, "lost": pending and not queue.visitors.listens(session)}
