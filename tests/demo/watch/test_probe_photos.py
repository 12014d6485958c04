"""The probe's photos and trimaps are served as they are found, and found anew when they are gone."""

import shutil
from pathlib import Path

import pytest

from demo.labelled import Labelled
from demo.watch.probe_photos import ProbePhotos
from seg.pets import photo_path, trimap_path

LAYOUT = {"tile": 16, "columns": 7, "tiles": [{"name": name, "source": "test"} for name in ("Bengal_35", "Bengal_36")]}


@pytest.mark.parametrize(("kind", "path"), [("mosaic", photo_path), ("truth", trimap_path)])
def test_a_file_that_vanishes_once_found_is_a_missing_one(own_pets, tmp_path, kind, path):
    class Vanishing(ProbePhotos):
        def find(self, tiles: list[dict]) -> list:
            found = super().find(tiles)
            path(own_pets, "Bengal_35").unlink(missing_ok=True)
            return found

    photos = Vanishing(Labelled(own_pets), served=tmp_path)
    assert getattr(photos, kind)(LAYOUT).present == (False, True)


def test_a_served_mosaic_that_was_tidied_away_is_made_again(own_pets, tmp_path):
    photos = ProbePhotos(Labelled(own_pets), served=tmp_path / "served")
    first = photos.mosaic(LAYOUT)
    content = first.path.read_bytes()
    assert photos.mosaic(LAYOUT) is first
    shutil.rmtree(tmp_path / "served")
    again = photos.mosaic(LAYOUT)
    assert again.path == first.path
    assert Path(again.path).read_bytes() == content
