"""Which photos a run is trained on and scored on."""

from experiments.cli.options import resolve
from experiments.training.data import RunData, load_run_data


def data(root, **given: object) -> RunData:
    return load_run_data(root, resolve({"loss": "ce", "size": 16} | given))


def test_a_limit_draws_the_photos_that_it_always_draws_and_those_left_out_are_missing(tiny_pets):
    limits = {"limit": 6, "val_limit": 4}
    without = data(tiny_pets, **limits)
    for name in (*data(tiny_pets).training.names, *data(tiny_pets).validation.names):
        left = data(tiny_pets, exclude=(name,), **limits)
        for part in ("training", "validation", "validation_sample"):
            all_names = getattr(without, part).names
            assert getattr(left, part).names == [other for other in all_names if other != name]
        assert left.excluded == {"trainval": name.startswith("Abyssinian"), "test": not name.startswith("Abyssinian")}


def test_the_holdout_is_the_same_tenth_and_names_of_the_test_split_change_nothing(tiny_pets):
    whole = data(tiny_pets, holdout=True)
    left = data(tiny_pets, holdout=True, exclude=("Abyssinian_1", "Abyssinian_2", "pug_1"))
    assert whole.validation.names == ["Abyssinian_1", "Abyssinian_11"]
    assert left.validation.names == ["Abyssinian_11"]
    assert left.training.names == [name for name in whole.training.names if name != "Abyssinian_2"]
    assert left.excluded == {"trainval": 1, "holdout": 1}


def test_a_sample_of_all_photos_is_not_held_twice(tiny_pets):
    for exclude in ((), ("pug_1",)):
        photos = data(tiny_pets, exclude=exclude)
        assert photos.validation_sample is photos.validation
