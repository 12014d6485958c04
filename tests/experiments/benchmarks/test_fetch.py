"""What is timed decodes the same pixels as its peer. How fast is no test's business."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from experiments.benchmarks import fetch
from experiments.benchmarks.side_by_side import NotMeasured, Setting


@pytest.fixture
def setting(tmp_path, monkeypatch) -> Setting:
    monkeypatch.setattr(fetch, "PHOTOS", 3)
    monkeypatch.setattr(fetch, "TIMES", 2)
    return Setting(torch.device("cpu"), "fp32", None, tmp_path)


def test_drawn_photos_and_the_datasets_are_decoded_alike(setting, tiny_pets):
    for data, amount in ((None, 6), (tiny_pets, 6)):
        (row,) = fetch.rows(replace(setting, data=data))
        assert row.amount == amount
        names, photos, masks, skipped = row.ours()
        expected_photos, expected_masks = row.peer.work()
        assert (len(names), skipped) == (6, [])
        np.testing.assert_array_equal(photos, expected_photos)
        np.testing.assert_array_equal(masks, expected_masks)
        assert len(np.unique(masks)) == 3


def test_a_photo_that_is_not_there_is_said(setting, draw_pets, tmp_path):
    root = draw_pets(tmp_path / "pets")
    next((root / "oxford-iiit-pet" / "images").glob("Bengal_35.jpg")).unlink()
    (row,) = fetch.rows(replace(setting, data=root))
    assert isinstance(row, NotMeasured)
    assert "Bengal_35.jpg is missing" in row.why
