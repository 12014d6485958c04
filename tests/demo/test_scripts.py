"""The page's modules are served as such, under an address that changes with their content and with nothing else."""

import subprocess
import sys
from pathlib import Path

import gradio as gr
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from demo import scripts
from demo.scripts import module_url, on_load, script_routes, version

DEMO = Path(scripts.__file__).parent
FILES = {path.relative_to(DEMO).as_posix(): path.read_bytes() for path in DEMO.rglob("*.js")}


@pytest.fixture(scope="module", params=["/", "/some/prefix"])
def served(request) -> tuple[TestClient, str]:
    """A client of an app of another author, and where in it Gradio's page lies."""
    with gr.Blocks() as blocks:
        gr.HTML(js_on_load=on_load("watch/js/watch.js"))
    app = gr.mount_gradio_app(FastAPI(), blocks, request.param, app_kwargs={"routes": script_routes()})
    return TestClient(app), request.param.rstrip("/") + "/"


@pytest.mark.parametrize("name", FILES)
def test_every_module_is_served_as_javascript_to_be_kept(served, name):
    client, page = served
    answer = client.get(page + module_url(name))
    assert answer.status_code == 200
    assert answer.content == FILES[name]
    assert answer.headers["content-type"].split(";")[0] == "text/javascript"
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize("name", ["scripts.py", "watch/watch.html", "../app.py", "watch/js/nothing.js", ""])
def test_nothing_else_is_served(served, name):
    client, page = served
    folder = module_url("js/state.js").removesuffix("js/state.js")
    assert client.get(page + folder + name.replace(".", "%2E")).status_code == 404


def test_another_versions_address_is_answered_by_no_module(served):
    client, page = served
    answer = client.get(f"{page}scripts/0123456789ab/watch/js/watch.js")
    assert answer.status_code == 404
    assert "immutable" not in answer.headers.get("cache-control", "")


def test_a_module_that_is_not_there_cannot_be_named():
    for use in (module_url, on_load):
        with pytest.raises(KeyError, match=r"watch/js/watchh\.js is no module"):
            use("watch/js/watchh.js")


def test_relative_imports_stay_in_one_version():
    folders = {module_url(name).removesuffix(name) for name in FILES}
    assert len(folders) == 1


CODE = st.dictionaries(st.text("ab/.", min_size=1, max_size=4), st.binary(max_size=4), max_size=3)


@given(CODE, CODE)
def test_the_version_tells_any_two_contents_apart(one, other):
    assert (version(one) == version(other)) == (one == other)


def test_the_version_is_the_same_in_any_order_and_on_any_day():
    code = {"a.js": b"1", "b.js": b"2"}
    assert version(code) == version(dict(reversed(code.items())))
    told = subprocess.run(
        [sys.executable, "-c", "from demo.scripts import VERSION; print(VERSION)"],
        cwd=DEMO.parent,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert told.strip() == scripts.VERSION
