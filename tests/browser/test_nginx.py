"""The app behind the real nginx, set up word for word as README says: under a path, and as a site of its own."""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from gradio_client import Client, handle_file
from PIL import Image
from playwright.sync_api import expect

from seg.pets import photo_path

pytestmark = pytest.mark.long

PROJECT = Path(__file__).parents[2]
SECTION = re.search(
    r"^## Behind nginx\n(.*?)^## ", (PROJECT / "README.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)[1]
BLOCK = re.search(r"^```nginx\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)[1]
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")

AROUND = """
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  {temporary}
  server {{
    listen 127.0.0.1:{port};
    {block}
  }}
}}
"""


@pytest.fixture(scope="module", params=["/pets/", "/"])
def url(request, launch, free_port, tiny_runs, tiny_pets, tmp_path_factory) -> Iterator[str]:
    """The app's address behind nginx, without a slash at its end."""
    if NGINX is None:
        pytest.skip("no nginx on this machine")
    behind, port = free_port(), free_port()
    if request.param == "/":
        block = BLOCK.replace("location /pets/ {", "location / {")  # as README says in words
        assert "`location / {`" in SECTION
        path = f"http://127.0.0.1:{port}"
    else:
        block = BLOCK
        (path,) = re.findall(r"^`python app.py --root-path (\S+)`", SECTION, re.MULTILINE)
    assert "127.0.0.1:7860" in block
    folder = tmp_path_factory.mktemp("nginx")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    block = block.replace(":7860", f":{behind}")
    text = AROUND.format(folder=folder, port=port, block=block, temporary=temporary)
    (folder / "nginx.conf").write_text(text)
    launch(behind, "--root-path", path, "--runs", tiny_runs, "--data", tiny_pets)
    nginx = subprocess.Popen([NGINX, "-c", folder / "nginx.conf", "-p", folder], stderr=subprocess.PIPE)
    url = f"http://127.0.0.1:{port}{request.param.rstrip('/')}"
    for _ in range(100):
        assert nginx.poll() is None, nginx.stderr.read().decode()
        try:
            httpx.get(url)
            break
        except httpx.TransportError:
            time.sleep(0.1)
    yield url
    nginx.terminate()
    nginx.wait(10)


def test_all_four_tabs_work(open_at, url, tiny_pets):
    page = open_at(url=url)
    expect(page.locator('#segment-result .stage[aria-busy="false"]')).to_be_visible()
    photo = photo_path(tiny_pets, "pug_2")
    page.locator("#segment-photo input[type=file]").set_input_files(photo)
    expect(page.get_by_test_id("stage")).to_have_attribute("aria-busy", "false")
    with page.expect_download() as saved:
        page.get_by_test_id("stage").get_by_role("button", name=re.compile("Mask|Save|Download")).first.click()
    assert saved.value.path().stat().st_size > 0
    page.get_by_role("tab", name="Which loss?").click()
    expect(page.get_by_role("img", name=re.compile("by epoch. Cross-entropy"))).to_be_visible()
    page.get_by_role("tab", name="Watch").click()
    expect(page.locator(".watch-grid .tile:not(.late) canvas").first).to_be_visible()
    page.get_by_role("tab", name="Failures").click()
    expect(page.get_by_test_id("gallery").locator("img").first).to_be_visible()
    # the address leads there again
    page.wait_for_timeout(1_000)
    assert page.url.startswith(f"{url}/?")
    page.reload()
    expect(page.get_by_test_id("gallery").locator("img").first).to_be_visible()


def test_an_address_without_its_slash_leads_to_the_page(chromium, url):
    page = chromium.new_page()
    page.goto(url)
    expect(page.get_by_role("tab", name="Try")).to_be_visible()
    page.close()


def test_a_photo_of_20_megabytes_passes_and_a_larger_one_does_not(url, tmp_path):
    side = 2_580  # of noise that no format makes smaller: 19.97 MB
    photo = tmp_path / "large.bmp"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)).save(photo)
    assert 19.9e6 < photo.stat().st_size < 20e6
    client = Client(f"{url}/", verbose=False, download_files=str(tmp_path / "downloads"))
    mask, report = client.predict(handle_file(photo), "ce-s0", api_name="/segment")
    assert report["size"] == [side, side]
    with Image.open(mask) as image:
        assert image.size == (side, side)
    with pytest.raises(httpx.HTTPStatusError, match="413"):
        photo.write_bytes(bytes(20 * 2**20 + 1))
        sent = httpx.post(f"{url}/gradio_api/upload", files={"files": ("a.bmp", photo.read_bytes())}, timeout=60)
        sent.raise_for_status()


def test_what_the_app_tells_comes_as_it_is_told(url):
    began = time.monotonic()
    with httpx.stream("GET", f"{url}/gradio_api/heartbeat/a-page", timeout=10) as answer:
        first = next(answer.iter_text())  # a stream that never ends by itself
    assert "ALIVE" in first
    assert time.monotonic() - began < 5


def test_what_the_page_says_of_its_address_is_where_it_was_asked(url):
    text = httpx.get(f"{url}/").text
    assert f'content="{url}/link_picture.jpg"' in text
    assert httpx.get(f"{url}/link_picture.jpg").headers["content-type"] == "image/jpeg"
