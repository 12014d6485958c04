"""The tools as agents see them: names, what they do, what they take, and what is said where they cannot."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeVar

import anyio
from gradio.route_utils import get_root_url
from mcp.server.fastmcp import Context, FastMCP, Image
from mcp.server.fastmcp.exceptions import ToolError
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import ContentBlock, ToolAnnotations
from pydantic import Field, ValidationError
from starlette.routing import Route

from demo.agents import tools
from demo.agents.photo import MOST_BYTES, WAYS, received
from demo.catalogue import Catalogue
from demo.serving.pictures import file_url
from demo.serving.words import sentence
from experiments.scores import CHOSEN_FIRST
from seg import InputError

# Where Gradio's own server of tools would answer: clients know the address
ADDRESS = "/gradio_api/mcp"

INSTRUCTIONS = (
    "Borderline compares SegNets that learnt to segment photos of cats and dogs into pet, background and the border "
    "between them, each with another loss. A run is one trained network; `list_runs` names them. Scores are fractions."
)
RunNames = Annotated[
    list[str],
    Field(description='names of runs, such as ["ce-s0", "focal-s0"]; without them those most of which are alike'),
]
PhotoScore = Annotated[
    str, Field(description="the score that photos are ranked by", json_schema_extra={"enum": [*tools.RANKED_BY]})
]
Top = Annotated[int, Field(ge=1, le=tools.MOST_PHOTOS, description="how many photos")]

READS = ToolAnnotations(readOnlyHint=True)
Answer = TypeVar("Answer")


class AgentsServer(FastMCP):
    """Tells agents in one sentence why it cannot; what nobody expected is also printed, with where it happened."""

    async def call_tool(self, name: str, arguments: dict[str, Any]) -> Sequence[ContentBlock] | dict[str, Any]:
        try:
            return await super().call_tool(name, arguments)
        except ToolError as error:
            cause = error.__cause__
            if cause is None:  # no such tool
                raise
            if isinstance(cause, ValidationError):
                raise InputError(_wrong_arguments(cause)) from None
            if isinstance(cause, Exception):
                raise InputError(sentence(cause)) from None
            raise


def _wrong_arguments(error: ValidationError) -> str:
    """What is wrong with the arguments of a tool, in one line."""
    return "; ".join(f"{'.'.join(map(str, wrong['loc']))}: {wrong['msg']}" for wrong in error.errors())


def agents_server(catalogue: Catalogue) -> AgentsServer:
    """The tools over these runs. None changes anything, and one works at a time."""
    server = AgentsServer(
        "Borderline",
        instructions=INSTRUCTIONS,
        log_level="WARNING",
        stateless_http=True,
        json_response=True,
        max_request_body_size=MOST_BYTES,
        # as the rest of the app, which says the same to whoever asks, under whichever name it is reached
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    one_at_a_time = anyio.Lock()

    def tool(function: Callable) -> None:
        described = " ".join((function.__doc__ or "").split())
        server.add_tool(function, description=described, annotations=READS, structured_output=False)

    async def work(function: Callable[..., Answer], *arguments: object) -> Answer:
        return await anyio.to_thread.run_sync(partial(function, catalogue, *arguments))

    async def said(function: Callable[..., dict], *arguments: object) -> str:
        async with one_at_a_time:
            return json.dumps(await work(function, *arguments))

    _add_segment_photo(tool, work, one_at_a_time)

    @tool
    async def list_runs() -> str:
        """All runs: loss, seed, epochs, last scores, and whether their checkpoint can segment a photo."""
        return await said(tools.listed_runs)

    # a default that is a list is the schema's, and nothing changes it
    @tool
    async def compare_runs(runs: RunNames = []) -> str:  # noqa: B006
        """Which loss finds the border best: the answer in words, scores with 95 % intervals, differences from
        unweighted cross-entropy, also with each threshold tuned, for a moved threshold may do what a loss does."""
        return await said(tools.compared, runs)

    @tool
    async def hardest(runs: RunNames = [], by: PhotoScore = CHOSEN_FIRST.name, top: Top = 20) -> str:  # noqa: B006
        """The test photos that the runs find hardest, the worst first, with each run's score."""
        return await said(tools.hardest_photos, runs, by, top)

    @tool
    async def suspects(runs: RunNames = [], top: Top = 20) -> str:  # noqa: B006
        """The test photos whose label is probably wrong, the most probable first, and why."""
        return await said(tools.suspect_photos, runs, top)

    @tool
    async def epochs(
        run: Annotated[str, Field(description="a run's name, such as ce-s0")],
        scores: Annotated[
            list[str], Field(description="columns of its epochs.csv; without them the losses and the main scores")
        ] = [],  # noqa: B006
    ) -> str:
        """A run's scores by epoch, a list each; epoch 0 is the untrained network."""
        return await said(tools.epochs_of, run, scores)

    return server


def _add_segment_photo(tool: Callable, work: Callable, one_at_a_time: anyio.Lock) -> None:
    async def segment_photo(
        photo: Annotated[str, Field(description=WAYS)],
        context: Context,
        run: Annotated[str, Field(description="whose checkpoint; without it the first that the app shows")] = "",
    ) -> list:
        """Segment a photo: the photo with pet in violet and border in yellow over it, then the checkpoint, the size
        [width, height], each class's share of the pixels, the milliseconds, and where the mask is: an indexed PNG of
        the photo's own size, 0 pet, 1 background, 2 border. The photo is a data: URL, an address or an uploaded file.
        """
        async with one_at_a_time:  # also while it arrives: several of them would fill a small machine's memory
            content, name = await received(photo)
            overlay, mask, report = await work(tools.segmented, content, name, run)
        request: Any = context.request_context.request
        root = get_root_url(request, request.url.path, None)
        report = tools.rounded(report) | {"mask": f"{root}/{file_url(Path(mask))}"}
        return [Image(data=overlay, format="jpeg"), json.dumps(report)]

    tool(segment_photo)


def agents_settings(catalogue: Catalogue) -> dict:
    """What the app that Gradio makes must be told to serve the tools: `routes`, and a `lifespan` to serve them in."""
    server = agents_server(catalogue)
    (route,) = server.streamable_http_app().routes
    return {
        "routes": [Route(address, route.endpoint) for address in (ADDRESS, f"{ADDRESS}/")],  # type: ignore[attr-defined]
        "lifespan": lambda _: server.session_manager.run(),
    }
