"""A photo is opened as it is seen, or refused in one line."""

import pytest
from PIL import Image

from demo.photo import open_photo
from seg import InputError


def test_truncated_photo_is_refused_in_one_line(tmp_path, photo):
    path = tmp_path / "half.jpg"
    path.write_bytes(photo.read_bytes()[:-400])
    with pytest.raises(InputError, match=r"^half\.jpg cannot be read[^\n]*$"):
        open_photo(path)


@pytest.mark.parametrize("side", [8000, 20000])  # above the app's limit, and above Pillow's own
def test_enormous_photo_is_refused_before_it_is_decoded(tmp_path, side):
    path = tmp_path / "huge.png"
    Image.new("1", (side, side)).save(path)
    with pytest.raises(InputError, match="at most 50"):
        open_photo(path)


def test_a_file_that_is_gone_is_named(tmp_path):
    with pytest.raises(InputError, match=r"^cat\.jpg is gone: choose the photo again$"):
        open_photo(tmp_path / "cat.jpg")


def test_a_photo_is_opened_as_a_person_sees_it(tmp_path, photo):
    # stored on its side
    opened = open_photo(photo)
    assert (opened.mode, opened.size) == ("RGB", (30, 50))
    Image.new("LA", (3, 2), (0, 0)).save(tmp_path / "clear.png")
    assert open_photo(tmp_path / "clear.png").getcolors() == [(6, (255, 255, 255))]
