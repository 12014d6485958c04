"""Start the app: `python app.py`."""

import argparse
import importlib.util
import os
import socket

from experiments.cli.command_line import OneLineParser, add_data_option, run_command
from experiments.cli.places import add_runs_option
from experiments.cli.program import typed


def main(arguments: list[str] | None = None) -> int:
    """Serve the app until it is stopped; 0."""
    # read when gradio is imported: no word leaves this machine unless the person asks for it
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    on_spaces = "SPACE_ID" in os.environ
    parser = OneLineParser(prog=typed("app"), description="See what a loss function does to the border of a pet.")
    parser.add_argument(
        "--host",
        default="0.0.0.0" if on_spaces else "127.0.0.1",
        help="address to listen on (default: 127.0.0.1; on Spaces all addresses)",
    )
    parser.add_argument("--port", type=_port, default=7860, help="(default: 7860)")
    add_runs_option(parser)
    parser.add_argument("--mcp", action="store_true", help="also serve tools to agents (MCP), at /gradio_api/mcp/")
    parser.add_argument(
        "--no-fetch",
        action="store_true",
        help="neither download the dataset's photos nor offer it",
    )
    add_data_option(parser)
    options = parser.parse_args(arguments)
    if not _is_free(options.host, options.port):
        parser.error(f"port {options.port} on {options.host} cannot be used: pass another --port")
    if options.mcp and importlib.util.find_spec("mcp") is None:
        parser.error("--mcp needs one more package: pip install -r requirements-mcp.txt")
    # Gradio takes seconds to import: a wrong option is answered before
    from demo.page import build_interface, page_settings
    from demo.photos.banner import offer_for
    from demo.serving.hosts import local_names

    offer = offer_for(options.host, on_spaces=on_spaces, forbidden=options.no_fetch)
    build_interface(options.runs, options.data, offer).launch(
        server_name=options.host,
        server_port=options.port,
        mcp_server=False,  # agents get tools of their own
        footer_links=["api", "gradio"],
        show_error=True,
        ssr_mode=False,
        **page_settings(options.runs if options.mcp else None, names=local_names(options.host), on_spaces=on_spaces),
    )
    return 0


def _port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text} is not a port: give a number from 1 to 65535")
    return int(text)


def _is_free(host: str, port: int) -> bool:
    try:
        with socket.create_server((host, port)):
            return True
    except OSError:
        return False


if __name__ == "__main__":
    run_command(main)
