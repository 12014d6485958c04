"""`python app.py --mcp` serves the API to agents; without the package it needs, it says which."""

import ast
import asyncio
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

PROJECT = Path(__file__).parents[2]


def test_agents_find_the_three_tools_described_and_can_call_them(serve, tiny_runs):
    url = serve("--mcp", "--runs", tiny_runs)

    async def ask() -> tuple[dict, object]:
        streams = streamable_http_client(f"{url}/gradio_api/mcp/")
        async with streams as (read, write, _), ClientSession(read, write) as session:
            await session.initialize()
            tools = {tool.name: tool for tool in (await session.list_tools()).tools}
            return tools, await session.call_tool("compare", {"runs": "focal-s0"})

    # in a thread of its own: the browser's tests leave a loop running in this one
    with ThreadPoolExecutor() as thread:
        tools, answer = thread.submit(lambda: asyncio.run(ask())).result()
    assert tools.keys() == {"segment", "runs", "compare"}
    assert all(tool.description for tool in tools.values())
    assert tools["segment"].inputSchema["properties"].keys() == {"photo", "checkpoint"}
    assert not answer.isError
    content = ast.literal_eval(answer.content[0].text)  # Gradio hands agents what Python prints
    assert {row["configuration"] for row in content["scores"]} == {"focal"}


def test_without_its_package_the_option_says_what_to_install():
    code = (
        "import importlib.util, sys, app; importlib.util.find_spec = lambda name: None; sys.argv = ['app', '--mcp']; "
    )
    command = [sys.executable, "-c", code + "app.main()"]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert ended.returncode == 2
    assert ended.stderr == "python app.py: --mcp needs one more package: pip install -r requirements-mcp.txt\n"
