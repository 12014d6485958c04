"""The page's scripts: ES modules that the app serves itself, under an address that changes when any of them does.

They are read once, when the app starts. Their folder in the address is named after the content of all of them, so that
a browser may keep each for ever, and a module's relative imports stay within the same version. The addresses are
relative to the page's own: it may lie under any prefix.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

FOLDER = Path(__file__).parent
MODULES = {path.relative_to(FOLDER).as_posix(): path.read_bytes() for path in sorted(FOLDER.rglob("*.js"))}
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}


def version(modules: Mapping[str, bytes]) -> str:
    """A word that differs where a module's name or content does."""
    told = hashlib.sha256()
    for name, code in sorted(modules.items()):
        told.update(f"{name}\n{len(code)}\n".encode() + code)
    return told.hexdigest()[:12]


VERSION = version(MODULES)


def script_routes() -> list[Route]:
    """What serves the modules, for the app that Gradio makes."""
    return [Route("/scripts/{version}/{name:path}", _serve)]


def module_url(name: str) -> str:
    """The address of a module, relative to the page.

    Args:
        name: its path below this folder, such as `watch/js/watch.js`.

    Raises:
        KeyError: there is no such module.
    """
    if name not in MODULES:
        raise KeyError(f"{name} is no module of the page")
    return f"scripts/{VERSION}/{name}"


def on_load(name: str) -> str:
    """For `gr.HTML(js_on_load=...)`: calls the module's `mount` once, with an object of all that Gradio hands over.

    These are `element`, `trigger`, `props`, `server`, `upload` and `watch`; where the app does not answer, `upload` and
    the functions of `server` say so (`js/answers.js`).
    """
    given = "{ element, trigger, props, server: answering(server), upload: uploading(upload), watch }"
    return f"""Promise.all([{_import(name)}, {_import("js/answers.js")}]).then(
  ([{{ mount }}, {{ answering, uploading }}]) => mount({given}),
  (error) => {{
    console.error(error);
    element.textContent = "This part of the page could not be loaded: reload the page.";
  }},
);"""


def _import(name: str) -> str:
    return f"import(new URL({json.dumps(module_url(name))}, document.baseURI))"


async def _serve(request: Request) -> Response:
    name = request.path_params["name"]
    # under another version's address nothing is answered: a browser would keep it as that version's
    if request.path_params["version"] != VERSION or name not in MODULES:
        return PlainTextResponse("no such script: reload the page", 404)
    return Response(MODULES[name], media_type="text/javascript", headers=FOR_EVER)
