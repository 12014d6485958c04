"""What a person is told is one line, whatever a file or a name says."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from seg import InputError


@given(st.text(), st.text(alphabet="\n\r\t\x00\x1b\x85\u2028\u2029\u202eab"))
def test_an_input_error_is_one_line_whatever_a_file_says(said, broken):
    whole = f"{said}{broken}."
    told = str(InputError(whole))
    assert len(told.splitlines()) == 1
    assert not {letter for letter in told if unicodedata.category(letter) == "Cc" or letter == "\u202e"}
    assert [letter for letter in told if letter.isalnum()] == [letter for letter in whole if letter.isalnum()]
