"""Start the app: `python app.py`."""

import argparse
import gc
import importlib.util
import math
import os
import re
import tempfile
from pathlib import Path

from demo.command.address import Address, add_address_options, address_of, is_true, reach_oneself
from experiments.cli.command_line import OneLineParser, add_data_option, run_command
from experiments.cli.interruption import noted_signals
from experiments.cli.places import add_runs_option
from experiments.cli.program import typed
from seg import InputError

# as Gradio counts them
UNITS = {"kb": 2**10, "mb": 2**20, "gb": 2**30}


def main(arguments: list[str] | None = None) -> int:
    """Serve the app until it is stopped; 0."""
    # read when gradio is imported: no word leaves this machine unless the person asks for it
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    on_spaces = "SPACE_ID" in os.environ
    parser = OneLineParser(prog=typed("app"), description="See what a loss function does to the border of a pet.")
    add_address_options(parser)
    add_runs_option(parser)
    parser.add_argument(
        "--mcp",
        action=argparse.BooleanOptionalAction,
        help="also serve tools to agents (MCP), at /gradio_api/mcp/ (default: $GRADIO_MCP_SERVER, else not)",
    )
    parser.add_argument(
        "--max-file-size",
        type=_bytes,
        default="20",
        metavar="MB",
        help="how large a file may be that a visitor sends (default: 20)",
    )
    parser.add_argument(
        "--no-fetch",
        action="store_true",
        help="neither download the dataset's photos nor offer it",
    )
    add_data_option(parser)
    options = parser.parse_args(arguments)
    try:
        address = address_of(options, otherwise="0.0.0.0" if on_spaces else "127.0.0.1")
        _try_temporary_folder()
    except InputError as error:
        parser.error(str(error))
    if options.mcp is None:
        options.mcp = is_true("GRADIO_MCP_SERVER")
    if options.mcp and importlib.util.find_spec("mcp") is None:
        parser.error("--mcp needs one more package: pip install -r requirements-mcp.txt")
    reach_oneself(address.host)
    _serve(options, address, on_spaces=on_spaces)
    return 0


def _serve(options: argparse.Namespace, address: Address, *, on_spaces: bool) -> None:
    # of its variables Gradio reads these by itself: the first to try the port, at IPv4 alone, the other to never return
    os.environ["GRADIO_SERVER_NAME"] = "127.0.0.1" if ":" in address.host else address.host
    os.environ.pop("GRADIO_DEBUG", None)
    os.environ.pop("GRADIO_SERVER_PORT", None)
    os.environ.pop("GRADIO_NUM_PORTS", None)
    # a fifth of the start would be spent on looking for garbage among what is imported, which all stays
    gc.disable()
    # Gradio takes seconds to import: a wrong option is answered before
    from starlette.middleware import Middleware

    from demo.command.ending import CountWork, Work, leave, serve_until
    from demo.page import build_interface, page_settings
    from demo.photos.banner import offer_for
    from demo.serving.hosts import local_names

    # who comes by another address does not sit before this machine
    elsewhere = bool(address.root_path) or is_true("GRADIO_SHARE")
    offer = offer_for(address.host, on_spaces=on_spaces, forbidden=options.no_fetch or (elsewhere and not on_spaces))
    blocks = build_interface(options.runs, options.data, offer)
    settings = page_settings(
        options.runs if options.mcp else None,
        max_file_size=options.max_file_size,
        names=local_names(address.host, address.root_path, shared=is_true("GRADIO_SHARE")),
        on_spaces=on_spaces,
    )
    work = Work()
    settings["app_kwargs"]["middleware"].append(Middleware(CountWork, work=work))
    with noted_signals(second_stops=True) as asked:
        blocks.launch(
            server_name=f"[{address.host}]" if ":" in address.host else address.host,
            server_port=address.port,
            root_path=address.root_path,
            mcp_server=False,  # agents get tools of their own
            num_workers=0,  # Gradio's would serve files past the app's own rules
            footer_links=["api", "gradio"],
            show_error=True,
            ssr_mode=False,
            prevent_thread_lock=True,
            **settings,
        )
        gc.collect()
        gc.freeze()  # nor is it looked through later
        gc.enable()
        serve_until(asked, blocks, work)
        leave()


def _try_temporary_folder() -> None:
    """Raises InputError where what visitors send could not be kept, which Gradio says when they send it."""
    named = os.environ.get("GRADIO_TEMP_DIR")
    try:
        folder = Path(named or tempfile.gettempdir())
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        if named:
            raise InputError(f"GRADIO_TEMP_DIR: {named} is no folder that can be written to: set it to one") from error
        raise InputError("no folder for temporary files can be written to: set TMPDIR to one that can") from error


def _bytes(text: str) -> int:
    found = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?) *([a-z]*)", text.strip().lower(), re.ASCII)
    size = float(found[1]) * UNITS.get(found[2] or "mb", math.nan) if found else math.nan
    if not size >= 1:
        raise argparse.ArgumentTypeError(f"{text or 'an empty word'} is no size of a file: give megabytes, such as 20")
    return int(size)


if __name__ == "__main__":
    run_command(main)
