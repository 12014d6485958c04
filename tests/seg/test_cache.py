import _multiprocessing
import functools
import multiprocessing
import os
import platform
import pwd
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tqdm import tqdm

from seg.cache import KEPT, CacheUnusable, Split, load_split
from seg.pets import (
    BadPair,
    DatasetMissing,
    NoPhotoLeft,
    NoUsablePair,
    dataset_folder,
    list_path,
    photo_path,
    trimap_path,
)

PROJECT = Path(__file__).parents[2]
FIRST, SECOND = "Abyssinian_1", "Abyssinian_2"


def refuse(*arguments, **options):
    raise AssertionError("an image was opened")


def assert_equal(one: Split, other: Split) -> None:
    assert one.names == other.names
    assert one.skipped == other.skipped
    np.testing.assert_array_equal(one.photos, other.photos)
    np.testing.assert_array_equal(one.masks, other.masks)


# --- what is loaded -------------------------------------------------------------------------------


@pytest.mark.parametrize(("split", "size"), [("trainval", 32), ("test", 48)])
def test_pairs_are_resized_as_pil_resizes_them_in_the_lists_order(tiny_pets, split, size):
    loaded = load_split(tiny_pets, split, size)
    assert loaded.names == [line.split()[0] for line in list_path(tiny_pets, split).read_text().splitlines()]
    assert loaded.photos.dtype == loaded.masks.dtype == np.uint8
    for name, photo, mask in zip(loaded.names, loaded.photos, loaded.masks, strict=True):
        source, trimap = Image.open(photo_path(tiny_pets, name)), Image.open(trimap_path(tiny_pets, name))
        np.testing.assert_array_equal(photo.transpose(1, 2, 0), source.resize((size, size), Image.BILINEAR))
        np.testing.assert_array_equal(mask + 1, trimap.resize((size, size), Image.NEAREST))


def test_grey_and_palette_photos_become_rgb(own_pets, tmp_path):
    grey = Image.open(photo_path(own_pets, FIRST)).convert("L")
    grey.save(photo_path(own_pets, FIRST))
    photo = load_split(own_pets, "trainval", 32, cache=tmp_path).photos[0]
    np.testing.assert_array_equal(photo[0], photo[1])
    np.testing.assert_array_equal(photo[0], photo[2])


def test_names_do_not_depend_on_the_progress_bar(own_pets, tmp_path, monkeypatch):
    monkeypatch.setattr("seg.labelled.decoding.tqdm", functools.partial(tqdm, disable=True))
    loaded = load_split(own_pets, "trainval", 16, cache=tmp_path)
    assert loaded.names == [line.split()[0] for line in list_path(own_pets, "trainval").read_text().splitlines()]


# --- the cache ------------------------------------------------------------------------------------


def test_the_second_load_opens_no_image(own_pets, tmp_path, monkeypatch):
    first = load_split(own_pets, "trainval", 32, cache=tmp_path)
    monkeypatch.setattr(Image, "open", refuse)
    assert_equal(load_split(own_pets, "trainval", 32, cache=tmp_path), first)
    with pytest.raises(BadPair, match="an image was opened"):
        load_split(own_pets, "trainval", 16, cache=tmp_path)


def flip(path: Path) -> None:
    with Image.open(path) as image:
        flipped = image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    flipped.save(path)


def rewritten_later_at_the_same_size(path: Path) -> None:
    before = path.stat()
    flip(path)
    path.write_bytes(path.read_bytes().ljust(before.st_size, b"\0"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert path.stat().st_size == before.st_size


def rewritten_at_the_same_time(path: Path) -> None:
    before = path.stat()
    flip(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size != before.st_size


@pytest.mark.parametrize("rewrite", [rewritten_later_at_the_same_size, rewritten_at_the_same_time])
@pytest.mark.parametrize("path_of", [photo_path, trimap_path])
def test_a_rewritten_file_is_decoded_again(own_pets, tmp_path, path_of, rewrite):
    path = path_of(own_pets, FIRST)
    path.write_bytes(path.read_bytes() + bytes(1000))  # room for a rewritten one: readers stop at an image's end
    first = load_split(own_pets, "trainval", 32, cache=tmp_path)
    rewrite(path)
    second = load_split(own_pets, "trainval", 32, cache=tmp_path)
    was, now = (split.photos if path_of is photo_path else split.masks for split in (first, second))
    assert (was[0] != now[0]).any()
    np.testing.assert_array_equal(was[1:], now[1:])


def half(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def garbage(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 4)


@pytest.mark.parametrize("damage", [half, empty, garbage, Path.unlink])
def test_a_damaged_cache_is_made_anew(own_pets, tmp_path, damage):
    first = load_split(own_pets, "test", 16, cache=tmp_path)
    cached = sorted(path for path in tmp_path.rglob("*") if path.suffix in (".npy", ".json"))
    assert cached
    expected = Split(first.names, first.photos.copy(), first.masks.copy(), first.skipped)
    for path in cached:
        damage(path)
        assert_equal(load_split(own_pets, "test", 16, cache=tmp_path), expected)


def test_the_cache_is_where_the_environment_says(own_pets, tmp_path, monkeypatch):
    folder = tmp_path / "elsewhere"
    monkeypatch.setenv("BORDERLINE_CACHE", str(folder))
    load_split(own_pets, "test", 16)
    assert any(folder.iterdir())


def test_a_cache_that_cannot_be_written_is_named(own_pets, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(CacheUnusable) as caught:
        load_split(own_pets, "test", 16, cache=tmp_path / "file")
    assert_one_line_naming(caught.value, tmp_path / "file")
    assert "BORDERLINE_CACHE" in str(caught.value)


def caches(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def load_anew(root: Path, cache: Path, split: str = "test", size: int = 16, **options: bool) -> str:
    """Load photos whose times have changed, so that they are decoded; return the name of their cache."""
    before = caches(cache) if cache.exists() else set()
    for path in (photo_path(root, name) for name in ("Bengal_35", FIRST)):
        os.utime(path, ns=(0, path.stat().st_mtime_ns + 1_000_000))
    load_split(root, split, size, cache=cache, **options)
    (made,) = caches(cache) - before
    return made


def made_long_ago(cache: Path, seconds: int = 3600) -> None:
    """As if all that is there had been used so much earlier."""
    for path in cache.iterdir():
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime - seconds))


def test_of_one_kind_only_the_caches_used_last_are_kept(own_pets, tmp_path):
    made = []
    for _ in range(KEPT + 3):
        made.append(load_anew(own_pets, tmp_path / "cache"))
        made_long_ago(tmp_path / "cache")
    assert caches(tmp_path / "cache") == set(made[-KEPT:])


def test_a_cache_that_is_used_is_not_deleted_for_its_age(own_pets, draw_pets, tmp_path):
    cache, other = tmp_path / "cache", draw_pets(tmp_path / "other", test=("Bengal_35", "pug_1"))
    load_split(other, "test", 16, cache=cache)
    (used,) = caches(cache)
    (cache / used / "note").write_text("this very one")
    for _ in range(KEPT + 1):
        made_long_ago(cache)
        load_split(other, "test", 16, cache=cache)
        newest = load_anew(own_pets, cache)
    assert (cache / used / "note").exists()
    assert newest in caches(cache)
    assert len(caches(cache)) == KEPT


def test_other_splits_sizes_and_ways_are_other_kinds(own_pets, tmp_path):
    cache = tmp_path / "cache"
    kinds = [("test", 16, False), ("test", 16, True), ("test", 1, False), ("trainval", 16, False)]
    first = {load_anew(own_pets, cache, split, size, skip_bad=skip_bad) for split, size, skip_bad in kinds}
    made_long_ago(cache)
    for _ in range(KEPT):
        load_anew(own_pets, cache)
    assert len(first & caches(cache)) == len(kinds) - 1


def test_what_others_keep_there_is_left_alone(own_pets, tmp_path):
    cache = tmp_path / "cache"
    half = "test-16-0123456789ab.draft.tmp"
    names = ("test-16-notes", "test-16-0123456789ab.zip", "holiday", "other-program.tmp", half)
    for name in names:
        (cache / name).mkdir(parents=True)
    made_long_ago(cache)
    for _ in range(KEPT + 1):
        load_anew(own_pets, cache)
    assert caches(cache) >= set(names)


def test_a_cache_that_is_deleted_while_it_is_read_is_read_to_its_end(own_pets, tmp_path):
    read = load_split(own_pets, "test", 16, cache=tmp_path / "cache")
    expected = Split(read.names, read.photos.copy(), read.masks.copy(), read.skipped)
    (name,) = caches(tmp_path / "cache")
    made_long_ago(tmp_path / "cache")
    for _ in range(KEPT):
        load_anew(own_pets, tmp_path / "cache")
    assert name not in caches(tmp_path / "cache")
    assert_equal(read, expected)


def test_what_a_killed_process_left_half_is_deleted_after_a_day(own_pets, tmp_path):
    cache = tmp_path / "cache"
    left, writing = (cache / f"test-16-0123456789ab.{mark * 16}.tmp" for mark in "ab")
    for folder in (left, writing):
        folder.mkdir(parents=True)
        (folder / "photos.npy").write_bytes(b"half")
    os.utime(left, (0, left.stat().st_mtime - 2 * 86_400))
    load_anew(own_pets, cache)
    assert not left.exists()
    assert (writing / "photos.npy").exists()


def test_a_cache_that_another_process_has_written_meanwhile_is_as_good(own_pets, tmp_path, monkeypatch):
    first = load_split(own_pets, "test", 16, cache=tmp_path / "other")
    (name,) = caches(tmp_path / "other")
    saved = np.save

    def save(path: Path, array: np.ndarray) -> None:  # the other process ends while this one writes
        saved(path, array)
        if not (tmp_path / "cache" / name).exists():
            shutil.copytree(tmp_path / "other" / name, tmp_path / "cache" / name)

    monkeypatch.setattr(np, "save", save)
    assert_equal(load_split(own_pets, "test", 16, cache=tmp_path / "cache"), first)
    assert caches(tmp_path / "cache") == {name}


def test_where_a_new_cache_lies_is_told_once(own_pets, tmp_path, capsys):
    for lines in (1, 0):
        load_split(own_pets, "test", 16, cache=tmp_path / "cache")
        told = [line for line in capsys.readouterr().err.splitlines() if str(tmp_path / "cache") in line]
        assert len(told) == lines


# --- what can be wrong with a dataset -------------------------------------------------------------


def assert_one_line_naming(error: Exception, path: Path) -> None:
    assert str(path) in str(error)
    assert "\n" not in str(error)


def cut_header(path: Path) -> None:
    """Shorten the length that a PNG's first chunk declares."""
    content = bytearray(path.read_bytes())
    content[11] = 5
    path.write_bytes(content)


def too_many_pixels(path: Path) -> None:
    """A black image of a few kilobytes that unpacks to more pixels than PIL agrees to."""
    Image.new("1", (13_400, 13_400)).save(path, format="PNG")


def two_values_more(path: Path) -> None:
    trimap = np.array(Image.open(path))
    trimap[0, :2] = 0, 4
    Image.fromarray(trimap).save(path)


def in_colour(path: Path) -> None:
    Image.open(path).convert("RGB").save(path)


def turned(path: Path) -> None:
    Image.open(path).transpose(Image.Transpose.ROTATE_90).save(path)


DAMAGES = {
    "photo missing": (photo_path, Path.unlink),
    "photo truncated": (photo_path, half),
    "photo empty": (photo_path, empty),
    "photo is text": (photo_path, lambda path: path.write_text("404 not found")),
    "photo too large": (photo_path, too_many_pixels),
    "photo with a cut header": (
        photo_path,
        lambda path: (Image.new("RGB", (9, 9)).save(path, "PNG"), cut_header(path)),
    ),
    "trimap missing": (trimap_path, Path.unlink),
    "trimap truncated": (trimap_path, half),
    "trimap is text": (trimap_path, lambda path: path.write_text("404 not found")),
    "trimap with a cut header": (trimap_path, cut_header),
    "trimap with other values": (trimap_path, two_values_more),
    "trimap in colour": (trimap_path, in_colour),
    "trimap of another size": (trimap_path, turned),
}


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("case", DAMAGES)
def test_a_bad_pair_is_one_line_naming_the_file(own_pets, tmp_path, case):
    where, damage = DAMAGES[case]
    path = where(own_pets, SECOND)
    damage(path)
    with pytest.raises(BadPair) as caught:
        load_split(own_pets, "trainval", 16, cache=tmp_path)
    assert_one_line_naming(caught.value, path)


def test_skip_bad_leaves_bad_pairs_out_and_lists_them(own_pets, tmp_path):
    whole = load_split(own_pets, "trainval", 16, cache=tmp_path)
    half(photo_path(own_pets, whole.names[0]))
    turned(trimap_path(own_pets, whole.names[2]))
    rest = load_split(own_pets, "trainval", 16, skip_bad=True, cache=tmp_path)
    assert rest.names == [whole.names[1], whole.names[3]]
    np.testing.assert_array_equal(rest.photos, whole.photos[[1, 3]])
    np.testing.assert_array_equal(rest.masks, whole.masks[[1, 3]])
    assert len(rest.skipped) == 2
    assert_one_line_naming(rest.skipped[0], photo_path(own_pets, whole.names[0]))
    assert_one_line_naming(rest.skipped[1], trimap_path(own_pets, whole.names[2]))


def test_pairs_skipped_once_are_not_skipped_unasked_from_the_cache(own_pets, tmp_path):
    half(photo_path(own_pets, FIRST))
    load_split(own_pets, "trainval", 16, skip_bad=True, cache=tmp_path)
    with pytest.raises(BadPair):
        load_split(own_pets, "trainval", 16, cache=tmp_path)


def test_a_split_without_a_usable_pair_is_an_error_even_when_skipping(draw_pets, tmp_path):
    root = draw_pets(tmp_path / "pets", trainval=(FIRST,), test=())
    half(photo_path(root, FIRST))
    with pytest.raises(NoUsablePair) as caught:
        load_split(root, "trainval", 16, skip_bad=True, cache=tmp_path)
    assert_one_line_naming(caught.value, photo_path(root, FIRST))


def without_images(root: Path) -> Path:
    (dataset_folder(root) / "images").rename(root / "moved")
    return dataset_folder(root) / "images"


def without_list(root: Path) -> Path:
    list_path(root, "trainval").unlink()
    return list_path(root, "trainval")


def with_a_short_line(root: Path) -> Path:
    list_path(root, "trainval").write_text(f"{FIRST} 1 1 1\n{SECOND}\n")
    return list_path(root, "trainval")


def with_an_empty_list(root: Path) -> Path:
    list_path(root, "trainval").write_text("")
    return list_path(root, "trainval")


def without_anything(root: Path) -> Path:
    dataset_folder(root).rename(root.with_name("moved"))
    return root


@pytest.mark.parametrize(
    "damage", [without_anything, without_images, without_list, with_a_short_line, with_an_empty_list]
)
def test_a_missing_dataset_is_one_line_naming_what_is_missing(own_pets, damage):
    named = damage(own_pets)
    with pytest.raises(DatasetMissing) as caught:
        load_split(own_pets, "trainval", 16)
    assert_one_line_naming(caught.value, named)


# --- sampling ------------------------------------------------------------------------------------


def numbered_split(count: int) -> Split:
    """Photo and mask number i are filled with i."""
    numbers = np.arange(count, dtype=np.uint8)
    photos = np.broadcast_to(numbers[:, None, None, None], (count, 3, 2, 2))
    masks = np.broadcast_to(numbers[:, None, None], (count, 2, 2))
    return Split([str(number) for number in numbers], photos, masks, skipped=["one line"])


@given(count=st.integers(1, 60), limit=st.integers(1, 80))
def test_a_sample_is_fixed_without_duplicates_and_keeps_pairs_together(count, limit):
    sample = numbered_split(count).sample(limit)
    assert len(sample) == len(set(sample.names)) == min(count, limit)
    assert sample.names == numbered_split(count).sample(limit).names
    numbers = np.array([int(name) for name in sample.names])
    assert (np.diff(numbers) > 0).all()
    assert (sample.photos == numbers[:, None, None, None]).all()
    assert (sample.masks == numbers[:, None, None]).all()
    assert sample.skipped == ["one line"]


def test_a_sample_spreads_over_the_split():
    numbers = [int(name) for name in numbered_split(200).sample(20).names]
    assert numbers[0] < 60
    assert numbers[-1] > 140


def test_no_limit_is_the_whole_split():
    split = numbered_split(5)
    assert split.sample(None) is split


# --- the real dataset -----------------------------------------------------------------------------


def test_the_real_test_split_has_the_published_size_and_shares(real_pets):
    split = load_split(real_pets, "test", 128)
    assert split.photos.shape == (3669, 3, 128, 128)
    shares = np.bincount(split.masks.reshape(-1), minlength=3) / split.masks.size
    np.testing.assert_allclose(shares, [0.300, 0.577, 0.123], atol=0.001)


def test_photos_of_the_original_size_load_as_the_small_ones_do(full_res_pets, real_pets):
    large, small = load_split(full_res_pets, "test", 128), load_split(real_pets, "test", 128)
    assert large.photos.shape == (60, 3, 128, 128)
    rows = [small.names.index(name) for name in large.names]
    np.testing.assert_array_equal(large.masks, small.masks[rows])
    # the small ones were resized by other means and saved as JPEG, so alike, not equal
    unlike = [np.abs(photo.astype(int) - small.photos[rows]).mean(axis=(1, 2, 3)) for photo in large.photos]
    assert np.argmin(unlike, axis=1).tolist() == list(range(60))


def test_photos_are_left_out_by_name(own_pets, tmp_path):
    split = load_split(own_pets, "trainval", 16, cache=tmp_path)
    out = {split.names[1], split.names[3], "Bengal_35"}  # the last is of the other split
    left = split.without(out)
    assert left.names == [name for name in split.names if name not in out]
    assert np.array_equal(left.photos, split.photos[[0, 2]])
    assert np.array_equal(left.masks, split.masks[[0, 2]])
    assert split.without({"Bengal_35"}) is split
    with pytest.raises(NoPhotoLeft, match="none of 4 photos"):
        split.without(split.names)


@pytest.mark.parametrize("count", [1, 9, 10, 11, 3680])
def test_a_tenth_is_held_out_evenly_and_nothing_is_lost(count):
    split = numbered_split(count)
    kept, held = split.holdout()
    assert held.names == split.names[::10]
    assert sorted(kept.names + held.names) == sorted(split.names)
    for part in (kept, held):
        for index, name in enumerate(part.names):
            where = split.names.index(name)
            assert np.array_equal(part.photos[index], split.photos[where])
            assert np.array_equal(part.masks[index], split.masks[where])


# --- where nothing can be kept, and nobody helps --------------------------------------------------


DECODED_ANEW = "photos are decoded anew each time: set BORDERLINE_CACHE to a writable folder"


def nobody(number: int) -> None:
    raise KeyError(number)


@pytest.mark.parametrize("home", ["none", "a file", "not there", "read-only"])
def test_without_a_home_photos_are_decoded_anew_which_is_said(own_pets, tmp_path, home, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    homes = {"a file": str(tmp_path / "file"), "not there": "/proc/nowhere", "read-only": "/proc/self"}
    monkeypatch.delenv("BORDERLINE_CACHE")
    if home == "none":
        monkeypatch.delenv("HOME")
        monkeypatch.setattr(pwd, "getpwuid", nobody)
    else:
        monkeypatch.setenv("HOME", homes[home])
    found = load_split(own_pets, "test", 16)
    assert DECODED_ANEW in capsys.readouterr().err
    assert_equal(found, load_split(own_pets, "test", 16, cache=tmp_path / "cache"))


@pytest.mark.parametrize("named", [True, False])
def test_a_cache_that_is_named_needs_no_home(own_pets, tmp_path, monkeypatch, capsys, named):
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    monkeypatch.setenv("BORDERLINE_CACHE", str(tmp_path / "cache") if named else "")  # an empty one names nothing
    load_split(own_pets, "test", 16)
    assert (DECODED_ANEW in capsys.readouterr().err) != named
    assert (tmp_path / "cache").exists() == named


def refusing(error: BaseException) -> Callable:
    def refuse(*_: object, **__: object) -> None:
        raise error

    return refuse


FORBIDDEN = {
    "processes": (os, "fork", PermissionError(1, "Operation not permitted")),
    "more processes": (os, "fork", BlockingIOError(11, "Resource temporarily unavailable")),
    "semaphores": (_multiprocessing, "SemLock", PermissionError(13, "Permission denied")),
    "semaphores' files": (_multiprocessing, "SemLock", OSError(38, "Function not implemented")),
    "threads": (threading.Thread, "start", RuntimeError("can't start new thread")),
    "children": (
        multiprocessing.Process,
        "start",
        AssertionError("a daemon may have no children"),
    ),
}


@pytest.mark.parametrize("policy", FORBIDDEN)
def test_where_no_worker_may_be_started_one_process_decodes(own_pets, tmp_path, policy, monkeypatch, capfd):
    expected = load_split(own_pets, "test", 16, cache=tmp_path / "other")
    where, name, error = FORBIDDEN[policy]
    with monkeypatch.context() as patch:
        patch.setattr(where, name, refusing(error))
        found = load_split(own_pets, "test", 16, cache=tmp_path / "cache")
    assert_equal(found, expected)
    told = capfd.readouterr().err
    assert "note: no worker can be started (" in told
    assert "Traceback" not in told


# a real policy: the system's own filter refuses this process every further one
SECCOMP = """
import ctypes, platform, struct
import torch.utils.data
import seg.cache
assert platform.machine() == 'x86_64'
refused = {56, 57, 58, 435}  # clone, fork, vfork, clone3
code = [struct.pack('HBBI', 0x20, 0, 0, 0)]
for number in refused:
    code += [struct.pack('HBBI', 0x15, 0, 1, number), struct.pack('HBBI', 0x06, 0, 0, 0x00050000 | 1)]
code += [struct.pack('HBBI', 0x06, 0, 0, 0x7FFF0000)]
filled = ctypes.create_string_buffer(b''.join(code))
program = ctypes.create_string_buffer(struct.pack('HxxxxxxP', len(code), ctypes.addressof(filled)))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, program, 0, 0) == 0
"""


@pytest.mark.skipif((platform.machine(), sys.platform) != ("x86_64", "linux"), reason="the filter is another machine's")
def test_where_the_system_refuses_every_worker_one_process_decodes(own_pets, tmp_path):
    script = f"{SECCOMP}\nimport sys\nfrom pathlib import Path\n"
    script += "print(int(seg.cache.load_split(Path(sys.argv[1]), 'test', 16).photos.astype(int).sum()))"
    environment = os.environ | {"BORDERLINE_CACHE": str(tmp_path / "cache")}
    words = [sys.executable, "-c", script, own_pets]
    ended = subprocess.run(words, cwd=PROJECT, env=environment, capture_output=True, text=True)
    expected = load_split(own_pets, "test", 16, cache=tmp_path / "other").photos.astype(int).sum()
    assert (ended.returncode, ended.stdout) == (0, f"{expected}\n"), ended.stderr
    assert "note: no worker can be started (" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.long
def test_workers_are_spawned_where_that_is_the_way(own_pets, tmp_path):
    spawned = "import torch.multiprocessing as m\nm.set_start_method('spawn')"
    script = "if __name__ == '__main__':\n    import sys; from pathlib import Path\n"
    script += f"    {spawned.replace(chr(10), chr(10) + '    ')}\n    from seg.cache import load_split\n"
    script += "    print(len(load_split(Path(sys.argv[1]), 'test', 16, cache=Path(sys.argv[2]))))"
    (tmp_path / "spawning.py").write_text(script)
    words = [sys.executable, tmp_path / "spawning.py", own_pets, tmp_path / "cache"]
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    ended = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=300)
    assert (ended.returncode, ended.stdout) == (0, "3\n"), ended.stderr


@pytest.mark.parametrize("left", ["index.json", "photos.npy", "half of all"])
def test_a_cache_that_others_write_and_delete_meanwhile_is_put_in_place(own_pets, tmp_path, monkeypatch, left):
    """The place is taken again and again, by what is no whole cache, while this process renames its own."""
    first = load_split(own_pets, "test", 16, cache=tmp_path / "other")
    (name,) = caches(tmp_path / "other")
    made, times = Path.rename, iter(range(2))

    def rename(path: Path, target: Path) -> Path:
        if Path(target).name == name and next(times, None) is not None:
            shutil.copytree(tmp_path / "other" / name, target)
            for file in Path(target).iterdir():
                if left == "half of all":
                    half(file)
                elif file.name != left:
                    file.unlink()
        return made(path, target)

    monkeypatch.setattr(Path, "rename", rename)
    assert_equal(load_split(own_pets, "test", 16, cache=tmp_path / "cache"), first)
    assert caches(tmp_path / "cache") == {name}


@pytest.mark.parametrize("file", ["photos.npy", "masks.npy"])
def test_a_cache_that_is_cleared_while_it_is_written_is_written_again(file, own_pets, tmp_path, monkeypatch):
    save, cleared = np.save, []

    def cleared_once(path, array):
        if path.name == file and not cleared:
            cleared.append(path)
            shutil.rmtree(tmp_path / "cache")
        save(path, array)

    monkeypatch.setattr("seg.cache.np.save", cleared_once)
    first = load_split(own_pets, "test", 16, cache=tmp_path / "cache")
    assert cleared
    [kept] = caches(tmp_path / "cache")
    monkeypatch.setattr("seg.cache.decode", None)  # not needed again
    assert_equal(load_split(own_pets, "test", 16, cache=tmp_path / "cache"), first)


@pytest.mark.long
def test_processes_that_write_and_clear_one_cache_disturb_nobody(own_pets, tmp_path):
    script = "import shutil, sys; from pathlib import Path; from seg.cache import load_split\n"
    script += "root, cache = map(Path, sys.argv[1:])\n"
    script += "for turn in range(30):\n"
    script += "    assert len(load_split(root, 'test', 16, cache=cache)) == 3\n"
    script += "    if turn % 3 == 0:\n"
    script += "        for path in cache.glob('test-*'): shutil.rmtree(path, ignore_errors=True)\n"
    words = [sys.executable, "-c", script, own_pets, tmp_path / "cache"]
    both = [subprocess.Popen(words, cwd=PROJECT, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for each in both:
        told = each.communicate(timeout=300)[1]
        assert each.returncode == 0, told
