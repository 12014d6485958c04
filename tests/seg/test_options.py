"""What of an option is read from text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seg.options import parse_exclusion

names = st.sets(st.text("abcXYZ_0189", min_size=1, max_size=12), min_size=1)


@given(names=names, comments=st.lists(st.sampled_from(["", "   ", "# beagle_1", "\t#"])))
def test_a_list_of_names_has_each_once_whatever_stands_between(tmp_path_factory, names, comments):
    path = tmp_path_factory.mktemp("list") / "names, and more.txt"
    lines = [*(f" {name}\t# why" for name in names), *comments, *sorted(names)]
    path.write_text("\n".join(lines))
    assert parse_exclusion(str(path)) == tuple(sorted(names))
    assert parse_exclusion("".join(f"{name}," for name in names)) == tuple(sorted(names))


def test_a_list_without_names_leaves_nothing_out(tmp_path):
    (tmp_path / "empty").write_text("# none yet\n\n")
    assert parse_exclusion(str(tmp_path / "empty")) == parse_exclusion(",") == ()


def test_a_list_that_cannot_be_read_is_told_in_one_line(tmp_path):
    (tmp_path / "picture.jpg").write_bytes(b"\xff\xd8\xff\x00")
    for text, reason in (
        (tmp_path / "nowhere.txt", "No such file or directory"),
        (tmp_path, "Is a directory"),
        (tmp_path / "picture.jpg", "it is no text file"),
        ("", "Is a directory"),  # the working directory's name
    ):
        with pytest.raises(ValueError, match="give a file of photos' names, one a line") as refused:
            parse_exclusion(str(text))
        assert f"{text} cannot be read ({reason})" in str(refused.value)
        assert "\n" not in str(refused.value)
