"""Names of files: any system takes them, and no two are alike."""

from hypothesis import given
from hypothesis import strategies as st

from experiments.segmenting.names import file_name, shift_in_name, without_doubles

words = st.text(alphabet="aAbB ()2.-_äß", max_size=6)


@given(st.lists(words, max_size=12))
def test_no_two_are_alike_and_the_first_of_each_keeps_its_name(names):
    told = without_doubles(names)
    assert len({name.lower() for name in told}) == len(names)
    for number, (name, given_name) in enumerate(zip(told, names, strict=True)):
        assert name.startswith(given_name)
        if given_name.lower() not in [each.lower() for each in told[:number]]:
            assert name == given_name


@given(st.text(max_size=20))
def test_any_title_becomes_a_name_for_a_file(title):
    name = file_name(title)
    assert name
    assert not set(name) & set('\\/:*?"<>|\n\0')
    assert name[-1] not in " ."
    assert file_name(name) == name


def test_a_threshold_is_in_the_name_only_where_it_is_moved():
    assert [shift_in_name(shift) for shift in (0, -0.0, 0.5, -1.3, 2)] == [
        "",
        "",
        "-border+0.5",
        "-border-1.3",
        "-border+2.0",
    ]
