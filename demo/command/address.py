"""Where the app listens and under which path it is reached, from the command line or from Gradio's own variables."""

import argparse
import errno
import ipaddress
import os
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

from seg import InputError

PORT = 7860
# What a path of an address may have without being written otherwise
_PATH = re.compile(r"(/[\w.~!$&'()*+,;=:@%-]+)+", re.ASCII)

Value = TypeVar("Value")


@dataclass(frozen=True)
class Address:
    """Where the app listens, and where its visitors reach it.

    Attributes:
        host: an address of this machine, or a name of it, without the brackets of IPv6.
        port: one that is free there.
        root_path: the path, or the whole address, under which a proxy shows the app, without a slash at its end; empty
            where there is none.
    """

    host: str
    port: int
    root_path: str


def add_address_options(parser: argparse.ArgumentParser) -> None:
    """Add `--host`, `--port` and `--root-path`, which are None where they are not typed."""
    parser.add_argument(
        "--host",
        type=_host,
        help="address to listen on, such as 0.0.0.0 for all of this machine's, :: for all its IPv6 ones "
        "(default: $GRADIO_SERVER_NAME, else 127.0.0.1; on Spaces 0.0.0.0)",
    )
    parser.add_argument("--port", type=_port, help=f"(default: $GRADIO_SERVER_PORT, else {PORT})")
    parser.add_argument(
        "--root-path",
        type=_root_path,
        metavar="PATH",
        help="path under which a proxy shows the app, such as /pets, or the whole address "
        "(default: $GRADIO_ROOT_PATH, else none)",
    )


def address_of(options: argparse.Namespace, *, otherwise: str) -> Address:
    """Where the app is to listen, by its options, else by Gradio's variables.

    Args:
        otherwise: the host where neither says one.

    Raises:
        InputError: a variable says what cannot be, or nobody can listen there.
    """
    host = options.host or from_environment("GRADIO_SERVER_NAME", _host, otherwise)
    first = options.port or from_environment("GRADIO_SERVER_PORT", _port, PORT)
    # a port that was typed is the one that is meant
    tries = 1 if options.port else from_environment("GRADIO_NUM_PORTS", _count, 1)
    root_path = options.root_path
    if root_path is None:
        root_path = from_environment("GRADIO_ROOT_PATH", _root_path, "")
    ports = range(first, min(first + tries, 65536))
    for port in ports:
        try:
            _listen(host, port)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and port != ports[-1]:
                continue
            raise InputError(_why_not(error, host, ports)) from error
        return Address(host, port, root_path)
    raise AssertionError("one port is tried at least")


def from_environment(variable: str, read: Callable[[str], Value], otherwise: Value) -> Value:
    """What a variable of the environment says; an empty one says nothing.

    Args:
        read: an argparse type.

    Raises:
        InputError: it says what cannot be.
    """
    text = os.environ.get(variable, "").strip()
    try:
        return read(text) if text else otherwise
    except argparse.ArgumentTypeError as error:
        raise InputError(f"{variable}: {error}") from error


def is_true(variable: str) -> bool:
    """Whether a variable of the environment is switched on, as Gradio reads its own."""
    return os.environ.get(variable, "").strip().lower() == "true"


def reach_oneself(host: str) -> None:
    """Have requests to this machine's own addresses pass by the proxies that the environment names.

    Gradio asks the app itself whether it answers, and would ask such a proxy for it.
    """
    own = ["localhost", "127.0.0.1", "::1", host]
    for variable in ("no_proxy", "NO_PROXY"):
        said = [name.strip() for name in os.environ.get(variable, "").split(",") if name.strip()]
        os.environ[variable] = ",".join(dict.fromkeys([*said, *own]))


def _host(text: str) -> str:
    host = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if host == "*":
        raise argparse.ArgumentTypeError("* is no address: give 0.0.0.0 for all addresses of this machine")
    try:
        found = _resolved(host, 0)
    except (OSError, UnicodeError) as error:
        raise argparse.ArgumentTypeError(_no_address(text)) from error
    # what C reads as numbers is not what a person means: 0 is all addresses, and 1 is 0.0.0.1
    if _is_numeric(host) and not _is_written_out(host) or not found:
        raise argparse.ArgumentTypeError(_no_address(text))
    return host


def _no_address(text: str) -> str:
    said = f"{text} is no address" if text.strip() else "an empty address is none"
    return f"{said} to listen on: give 127.0.0.1 for this machine alone, or 0.0.0.0 for all of its addresses"


def _is_numeric(host: str) -> bool:
    try:
        return bool(socket.getaddrinfo(host, 0, flags=socket.AI_NUMERICHOST))
    except OSError:
        return False


def _is_written_out(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) < 65536):
        raise argparse.ArgumentTypeError(f"{text or 'an empty word'} is not a port: give a number from 1 to 65535")
    return int(text)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0):
        raise argparse.ArgumentTypeError(f"{text} is not a number of ports: give one from 1 on")
    return int(text[:9])


def _root_path(text: str) -> str:
    """Without a slash at its end, as Gradio wants it."""
    root = text.rstrip("/")
    if text == "/" or _PATH.fullmatch(root):
        return root
    if re.match(r"https?://", root):
        try:
            parts = urlsplit(root)
            whole = parts.hostname and not parts.query and not parts.fragment and (parts.port is None or parts.port)
        except ValueError:
            whole = False
        if whole and (not parts.path or _PATH.fullmatch(parts.path)):
            return root
    said = text if text.strip() else "an empty word"
    raise argparse.ArgumentTypeError(
        f"{said} is no path: give one such as /pets, or a whole address such as https://example.org/pets"
    )


def _resolved(host: str, port: int) -> list[tuple[socket.AddressFamily, tuple]]:
    """The addresses that a server of this name listens on."""
    if not host.strip():
        return []
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return [(family, address) for family, _, _, _, address in dict.fromkeys(found)]


def _listen(host: str, port: int) -> None:
    """Raises the error that a server would end with, at once."""
    addresses = _resolved(host, port)
    if all(family != socket.AF_INET for family, _ in addresses):
        addresses.append((socket.AF_INET, ("127.0.0.1", port)))  # which Gradio tries whatever it is told
    for family, address in addresses:
        socket.create_server(address, family=family).close()


def _why_not(error: OSError, host: str, ports: range) -> str:
    port = str(ports[0]) if len(ports) == 1 else f"{ports[0]} to {ports[-1]}"
    match error.errno:
        case errno.EADDRNOTAVAIL | errno.EAFNOSUPPORT | errno.EINVAL:
            return f"{host} is no address of this machine: pass another --host"
        case errno.EACCES:
            return f"port {port} on {host} is not for this user: pass a --port above 1023"
    return f"port {port} on {host} cannot be used: pass another --port"
