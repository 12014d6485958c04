"""A run's folder is made for it alone: what somebody else left there is never deleted."""

import pytest

from experiments.store.folder import FolderNotMade, FolderTaken, NotARun, create_folder, hold
from seg import InputError


@pytest.mark.parametrize(("overwrite", "refusal"), [(False, FolderTaken), (True, NotARun)])
def test_a_folder_that_is_no_run_is_never_replaced(tmp_path, overwrite, refusal):
    folder = tmp_path / "photos"
    (folder / "predictions").mkdir(parents=True)
    (folder / "predictions" / "holiday.jpg").write_text("dear to me")
    with pytest.raises(refusal, match="photos"):
        create_folder(folder, overwrite=overwrite)
    assert (folder / "predictions" / "holiday.jpg").read_text() == "dear to me"


def test_a_run_is_replaced_where_it_is_asked_for(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "run.json").write_text("{}")
    with pytest.raises(FolderTaken, match="run exists"):
        create_folder(folder, overwrite=False)
    assert (folder / "run.json").exists()
    create_folder(folder, overwrite=True)
    assert [path.name for path in folder.iterdir()] == ["predictions"]


def test_a_folder_that_a_run_left_empty_is_used(tmp_path):
    create_folder(tmp_path / "run", overwrite=False)
    create_folder(tmp_path / "run", overwrite=False)
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["predictions"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(FolderNotMade, match="cannot be made"):
            create_folder(folder, overwrite=True)


def test_a_folder_that_is_held_is_neither_held_twice_nor_replaced(tmp_path):
    pytest.importorskip("fcntl")
    folder = tmp_path / "run"
    create_folder(folder, overwrite=False)
    (folder / "run.json").write_text("{}")
    with hold(folder):
        with pytest.raises(InputError, match="is being trained by another process"), hold(folder):
            pass
        with pytest.raises(InputError, match="is being trained by another process"):
            create_folder(folder, overwrite=True)
        assert (folder / "run.json").exists()
    with hold(folder):
        pass
