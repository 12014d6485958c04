"""Where the app listens: its options, Gradio's own variables, and values that mean nothing."""

import argparse
import json
import socket
from collections.abc import Iterator

import httpx
import pytest

from demo.command import serve
from demo.command.address import Address, add_address_options, address_of
from seg import InputError

VARIABLES = ("GRADIO_SERVER_NAME", "GRADIO_SERVER_PORT", "GRADIO_ROOT_PATH", "GRADIO_NUM_PORTS")


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch) -> None:
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)


def read(*options: object) -> Address:
    parser = argparse.ArgumentParser()
    add_address_options(parser)
    return address_of(parser.parse_args(list(map(str, options))), otherwise="127.0.0.1")


@pytest.fixture
def taken() -> Iterator[int]:
    """A port of 127.0.0.1 where somebody listens, and behind which one is free."""
    for _ in range(50):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            try:
                socket.create_server(("127.0.0.1", port + 1)).close()
            except OSError:
                continue
            yield port
            return


def test_gradios_variables_are_the_defaults_and_an_option_wins(free_port, monkeypatch):
    port, other = free_port(), free_port()
    monkeypatch.setenv("GRADIO_SERVER_NAME", "0.0.0.0")
    monkeypatch.setenv("GRADIO_SERVER_PORT", str(port))
    monkeypatch.setenv("GRADIO_ROOT_PATH", "/pets/")
    assert read() == Address("0.0.0.0", port, "/pets")
    assert read("--host", "localhost", "--port", other, "--root-path", "/") == Address("localhost", other, "")


def test_an_empty_variable_says_nothing(free_port, monkeypatch):
    for variable in VARIABLES:
        monkeypatch.setenv(variable, " ")
    port = free_port()
    assert read("--port", port) == Address("127.0.0.1", port, "")


@pytest.mark.parametrize("typed", ["::1", "[::1]"])
def test_addresses_of_ipv6(free_port, typed):
    assert read("--host", typed, "--port", free_port()).host == "::1"


def test_as_many_ports_are_tried_as_gradio_is_told(taken, monkeypatch):
    monkeypatch.setenv("GRADIO_SERVER_PORT", str(taken))
    with pytest.raises(InputError, match=f"port {taken} on 127.0.0.1 cannot be used"):
        read()
    monkeypatch.setenv("GRADIO_NUM_PORTS", "2")
    assert read().port == taken + 1
    # one that was typed is the one that is meant
    with pytest.raises(InputError, match=f"port {taken} on 127.0.0.1"):
        read("--port", taken)


def test_a_port_that_another_uses_at_one_of_several_addresses_is_in_use(taken):
    for host in ("0.0.0.0", "localhost", "::1"):  # at the last Gradio tries IPv4 all the same
        with pytest.raises(InputError, match=f"port {taken} on {host} cannot be used"):
            read("--host", host, "--port", taken)


@pytest.mark.parametrize("path", ["/pets", "/a/b.c/d~e", "/p%C3%A4ts", "https://example.org", "http://[::1]:80/pets"])
def test_paths_of_a_proxy(free_port, path):
    for said in (path, f"{path}/"):
        assert read("--port", free_port(), "--root-path", said).root_path == path


# No word of these means anything; several are taken by C's own reading of addresses, which would listen elsewhere
MEANINGLESS = {
    "--host": [
        "",
        " ",
        "[]",
        "*",
        "0",
        "1",
        "127.1",
        "0x7f000001",
        "http://127.0.0.1",
        "127.0.0.1:7860",
        "a b",
        "ä" * 70,
    ],
    "--port": ["", "0", "-1", "65536", "9" * 99, "7860.0", "http", "٣٣", "²"],
    "--root-path": [
        "",
        " ",
        "pets",
        "//pets",
        "/a//b",
        "/a?b",
        "/a#b",
        "/a b",
        "https://",
        "http://a:b/",
        "ftp://a.b/c",
    ],
    "--max-file-size": ["", "0", "-1", "nan", "inf", "5tb", "1e9", "twenty", "0.0000001"],
}


@pytest.mark.parametrize(
    ("option", "word"), [(option, word) for option, words in MEANINGLESS.items() for word in words]
)
def test_a_word_that_means_nothing_is_refused_in_one_line(option, word, capsys):
    with pytest.raises(SystemExit) as ended:
        serve.main([f"{option}={word}"])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"argument {option}: " in said
    assert ": give " in said


@pytest.mark.parametrize(
    ("variable", "word"),
    [
        ("GRADIO_SERVER_NAME", "http://0.0.0.0"),
        ("GRADIO_SERVER_PORT", "http"),
        ("GRADIO_ROOT_PATH", "pets"),
        ("GRADIO_NUM_PORTS", "many"),
        ("GRADIO_NUM_PORTS", "0"),
    ],
)
def test_a_variable_that_means_nothing_is_named(variable, word, monkeypatch, capsys):
    monkeypatch.setenv(variable, word)
    with pytest.raises(SystemExit) as ended:
        serve.main([])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert f": {variable}: {word} is " in said
    assert said.count("\n") == 1


def test_addresses_that_are_not_this_machines():
    for host in ("192.0.2.1", "2001:db8::1", "::ffff:127.0.0.1"):
        with pytest.raises(InputError, match=f"{host} is no address of this machine: pass another --host"):
            read("--host", host)


def ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.skipif(not ipv6(), reason="this machine has no IPv6")
def test_all_that_gradio_documents_at_once(start_app, free_port, tmp_path):
    """At an address of IPv6, behind a company's proxy, which must not be asked for this machine's own addresses."""
    port = free_port()
    app = start_app(
        variables={
            "GRADIO_SERVER_NAME": "::1",
            "GRADIO_SERVER_PORT": str(port),
            "GRADIO_ROOT_PATH": "/pets",
            "GRADIO_MCP_SERVER": "True",
            "GRADIO_TEMP_DIR": str(tmp_path / "kept" / "here"),
            "GRADIO_DEBUG": "true",
            "GRADIO_NUM_WORKERS": "2",
            **dict.fromkeys(("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9"),
            "NO_PROXY": "intranet.example",
        },
        host="[::1]",
        port=port,
    )
    assert app.answers("/config").json()["root"] == f"http://[::1]:{port}/pets"
    listing = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    accepts = {"Accept": "application/json, text/event-stream"}
    tools = httpx.post(f"{app.url}/gradio_api/mcp/", json=listing, headers=accepts, trust_env=False, timeout=30)
    assert "segment_photo" in tools.text
    sent = httpx.post(
        f"{app.url}/gradio_api/upload", files={"files": ("a.txt", b"pet")}, trust_env=False, timeout=30
    ).json()
    assert sent[0].startswith(str(tmp_path / "kept" / "here"))
    assert json.loads(app.answers("/gradio_api/app_id").text)["app_id"]
