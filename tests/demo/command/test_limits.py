"""What the app takes from its visitors, and what it offers to those who do not sit before its machine."""

import httpx
import pytest

from demo.command import serve
from demo.photos import banner


def test_a_file_over_the_limit_is_not_taken(start_app):
    app = start_app("--max-file-size", "100kb")
    for size, status in ((102_400, 200), (102_401, 413)):
        files = {"files": ("a.bin", bytes(size))}
        answer = httpx.post(f"{app.url}/gradio_api/upload", files=files, trust_env=False, timeout=30)
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("options", "variables", "offered"),
    [
        ([], {}, "BUTTON"),
        (["--host", "0.0.0.0"], {}, "NOTHING"),
        (["--root-path", "/pets"], {}, "NOTHING"),
        ([], {"GRADIO_ROOT_PATH": "https://example.org"}, "NOTHING"),
        ([], {"GRADIO_SHARE": "True"}, "NOTHING"),
        (["--no-fetch"], {"SPACE_ID": "somebody/pets"}, "NOTHING"),
        (["--root-path", "/pets"], {"SPACE_ID": "somebody/pets"}, "BY_ITSELF"),
    ],
)
def test_who_does_not_sit_before_the_machine_is_offered_no_download(
    options, variables, offered, free_port, monkeypatch, tmp_path
):
    class Built(Exception):
        pass

    def build(runs, data, offer):
        raise Built(offer.name)

    for name in ("GRADIO_SERVER_NAME", "GRADIO_ROOT_PATH", "GRADIO_SHARE", "SPACE_ID", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv(name, variables.get(name, ""))
    if "SPACE_ID" not in variables:
        monkeypatch.delenv("SPACE_ID")
    monkeypatch.setattr("demo.page.build_interface", build)
    assert banner.Offer[offered]
    with pytest.raises(Built, match=offered):
        serve.main(["--port", str(free_port()), "--runs", str(tmp_path), *options])
