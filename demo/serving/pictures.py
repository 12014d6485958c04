"""The files that the app answers with: by a rule for each kind, never a folder.

A picture of a run is named by the run and the epoch, so that no path of this machine is in any address.
"""

import mimetypes
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

import plotly
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from demo.catalogue import Catalogue, last_change
from demo.serving.folder import mosaics_folder, used, visitors_folder
from experiments.store.probe import mosaic_path
from experiments.store.runs import Run

# from Plotly's own package: the page asks no other machine for it
LIBRARY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
LIBRARY_URL = f"library/{plotly.__version__}/plotly.min.js"
# Their addresses change with what they show
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
# What a visitor has sent, or got, is nobody else's
OWN = {"Cache-Control": "private, max-age=3600", "Content-Security-Policy": "sandbox; default-src 'none'"}
# What a browser may show; all else it saves: a page, or a drawing that holds one, would speak in the app's name
SHOWN = ("image/png", "image/jpeg", "image/gif", "image/webp")
NOTHING, REFUSED = "There is no such picture: reload the page.", "This file is not served."
_PNG = b"\x89PNG\r\n\x1a\n"


class ShowsRuns(Protocol):
    """What the app's blocks know of runs."""

    catalogue: Catalogue


def picture_routes() -> list[Route]:
    """What serves them, for the app that Gradio makes."""
    return [
        Route("/predictions/{run:path}/{epoch:int}.png", _prediction),
        Route("/mosaics/{name}", _mosaic),
        Route(f"/{LIBRARY_URL}", _library),
        Route("/gradio_api/file={path:path}", _visitors_file),
        Route("/gradio_api/file/{path:path}", _visitors_file),
    ]


def prediction_url(run: Run, epoch: int) -> str | None:
    """Where a run's mosaic of an epoch is served, relative to the page; None where it is not there.

    Another one when its content is, so that no browser shows an old one.
    """
    changed = last_change(mosaic_path(run.folder, epoch))
    return None if changed is None else f"predictions/{quote(run.name, safe='')}/{epoch}.png?v={changed}"


def mosaic_url(path: Path) -> str:
    """The same of a picture in the folder of mosaics."""
    return f"mosaics/{quote(path.name)}?v={last_change(path)}"


def file_url(path: Path) -> str:
    """Where a visitor's own file is served, relative to the page."""
    return f"gradio_api/file={quote(str(path))}"


def _prediction(request: Request) -> Response:
    shows: ShowsRuns = request.app.get_blocks()
    run = next(iter(shows.catalogue.chosen([request.path_params["run"]])), None)
    if run is None:
        return PlainTextResponse(NOTHING, 404)
    path = mosaic_path(run.folder, request.path_params["epoch"])
    try:
        path = path.resolve(strict=True)  # of a link what it leads to, if that is such a picture
        if not path.is_file() or _begins(path) != _PNG:
            return PlainTextResponse(REFUSED, 403)
    except (OSError, RuntimeError, ValueError):
        return PlainTextResponse(NOTHING, 404)
    return FileResponse(path, media_type="image/png", headers=FOR_EVER)


def _begins(path: Path) -> bytes:
    with open(path, "rb") as file:
        return file.read(len(_PNG))


def _mosaic(request: Request) -> Response:
    name = request.path_params["name"]
    path = mosaics_folder() / name
    if path.parent != mosaics_folder() or not path.is_file():
        return PlainTextResponse(NOTHING, 404)
    return FileResponse(path, media_type=mimetypes.guess_type(name)[0], headers=FOR_EVER)


def _library(_: Request) -> Response:
    return FileResponse(LIBRARY, media_type="text/javascript", headers=FOR_EVER)


def _visitors_file(request: Request) -> Response:
    """A file that a visitor has sent, or that was made for them: whoever knows its folder's name is told of it."""
    try:
        path = Path(request.path_params["path"]).resolve()
        if visitors_folder(path) is None or not path.is_file():
            return PlainTextResponse(REFUSED, 403)
    except (OSError, RuntimeError, ValueError):  # no path at all
        return PlainTextResponse(REFUSED, 403)
    used(path)
    kind = mimetypes.guess_type(path.name)[0]
    shown = kind in SHOWN
    return FileResponse(
        path,
        media_type=kind if shown else "application/octet-stream",
        headers=OWN,
        filename=path.name,
        content_disposition_type="inline" if shown else "attachment",
    )
