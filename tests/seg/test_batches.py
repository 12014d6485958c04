import numpy as np
import pytest
import torch
import torchvision.transforms.functional as tv
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from seg.batches import DeviceSplit, colour_jitter, crop, random_boxes, resize_masks, resize_photos, training_batch
from seg.cache import load_split

seeds = st.integers(0, 2**32)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def split() -> DeviceSplit:
    """64 photos of 32 x 32 that show their own masks: every class is a level of grey."""
    masks = torch.randint(3, (64, 32, 32), dtype=torch.uint8, generator=seeded(0))
    return DeviceSplit((masks * 100)[:, None].repeat(1, 3, 1, 1), masks)


def test_without_jitter_a_photo_is_only_flipped_and_its_mask_with_it(split):
    indices = torch.randperm(64, generator=seeded(1))
    photos, masks = training_batch(split, indices, 32, seeded(2), jitter=0, jitter_of="all")
    assert masks.dtype == torch.int64
    torch.testing.assert_close(photos, (masks * 100 / 255)[:, None].repeat(1, 3, 1, 1))
    flipped = []
    for mask, index in zip(masks.numpy(), indices, strict=True):
        source = split.masks[index].numpy()
        flipped.append(np.array_equal(mask, np.fliplr(source)))
        assert flipped[-1] or np.array_equal(mask, source)
    assert 16 <= sum(flipped) <= 48  # beyond four standard deviations of 64 fair coins


def test_a_resized_mask_is_flipped_with_its_photo():
    left = torch.zeros(64, 32, 32, dtype=torch.uint8)
    left[:, :, :16] = 2
    halves = DeviceSplit((left * 100)[:, None].repeat(1, 3, 1, 1), left)
    photos, masks = training_batch(halves, torch.arange(64), 16, seeded(0), jitter=0, jitter_of="all")
    assert photos.shape == (64, 3, 16, 16)
    assert masks.shape == (64, 16, 16)
    assert {0, 2} == set(masks[:, 0, 0].tolist())
    assert torch.equal(photos[:, 0] > 100 / 255, masks == 2)


def test_each_photo_has_its_own_brightness_within_the_jitters_range():
    grey = DeviceSplit(torch.full((200, 3, 16, 16), 100, dtype=torch.uint8), torch.ones(200, 16, 16, dtype=torch.uint8))
    photos, _ = training_batch(grey, torch.arange(200), 16, seeded(0), jitter=0.3, jitter_of="all")
    # contrast and saturation leave an even grey alone
    factors = photos[:, 0, 0, 0] / (100 / 255)
    torch.testing.assert_close(photos, photos[:, :1, :1, :1].expand_as(photos), rtol=0, atol=1e-3)
    assert 0.699 < factors.min() < 0.75
    assert 1.25 < factors.max() < 1.301


@given(seed=seeds)
def test_the_same_generator_seed_gives_the_same_batch_and_another_seed_another(split, seed):
    batches = [
        training_batch(split, torch.arange(64), 32, seeded(s), jitter=0.3, jitter_of="all")
        for s in (seed, seed, seed + 1)
    ]
    assert torch.equal(batches[0][0], batches[1][0])
    assert torch.equal(batches[0][1], batches[1][1])
    assert not torch.equal(batches[0][0], batches[2][0])
    assert not torch.equal(batches[0][1], batches[2][1])


@given(seed=seeds, smallest_crop=st.sampled_from([1.0, 0.5]), cut=st.integers(0, 63))
def test_parts_of_a_batch_are_the_batch_and_leave_the_generator_alike(split, seed, smallest_crop, cut):
    def made(rows: slice) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        generator = seeded(seed)
        batch = training_batch(split, torch.arange(64), 32, generator, 0.3, "all", smallest_crop, rows)
        return *batch, generator.get_state()

    photos, masks, state = made(slice(0, 64))
    for rows in (slice(0, cut), slice(cut, 64)):
        if rows.start == rows.stop:
            continue
        part_photos, part_masks, part_state = made(rows)
        torch.testing.assert_close(part_photos, photos[rows], rtol=0, atol=1e-6)
        assert torch.equal(part_masks, masks[rows])
        assert torch.equal(part_state, state)


@given(seed=seeds)
def test_colour_jitter_equals_torchvisions_three_adjustments(seed):
    # so close to grey that none of torchvision's intermediate steps clips
    photos = 0.35 + 0.3 * torch.rand(3, 3, 6, 7, generator=seeded(seed))
    factors = 0.9 + 0.2 * torch.rand(3, 3, generator=seeded(seed + 1))
    expected = [
        tv.adjust_saturation(tv.adjust_contrast(tv.adjust_brightness(photo, b), c), s)
        for photo, (b, c, s) in zip(photos, factors.T.tolist(), strict=True)
    ]
    torch.testing.assert_close(colour_jitter(photos, *factors), torch.stack(expected), rtol=0, atol=1e-5)


@given(seed=seeds, strength=st.floats(0.05, 1), size=st.sampled_from([16, 32]))
def test_contrast_alone_is_torchvisions_adjustment(split, seed, strength, size):
    drawn = seeded(seed)
    flip = torch.rand(16, generator=drawn) < 0.5
    contrasts = 1 + strength * (2 * torch.rand(3, 16, generator=drawn) - 1)[1]
    plain = [photo.flip(-1) if turned else photo for photo, turned in zip(split.photos, flip, strict=False)]
    expected = [
        tv.adjust_contrast(photo, contrast)
        for photo, contrast in zip(resize_photos(torch.stack(plain), size), contrasts.tolist(), strict=True)
    ]
    photos, _ = training_batch(split, torch.arange(16), size, seeded(seed), strength, "contrast")
    torch.testing.assert_close(photos, torch.stack(expected), rtol=0, atol=1e-5)


@pytest.mark.parametrize("smallest_crop", [1.0, 0.4])
def test_what_is_jittered_changes_no_other_draw(split, smallest_crop):
    generators = seeded(8), seeded(8)
    batches = [
        training_batch(split, torch.arange(64), 32, generator, 0.3, jitter_of, smallest_crop)
        for generator, jitter_of in zip(generators, ("contrast", "all"), strict=True)
    ]
    assert torch.equal(batches[0][1], batches[1][1])  # flipped and cropped alike
    assert not torch.allclose(batches[0][0], batches[1][0], atol=0.01)
    assert torch.equal(*(generator.get_state() for generator in generators))


@given(seed=seeds, strength=st.floats(0, 1))
def test_jitter_of_all_three_is_to_the_bit_what_it_was_before_there_was_another(split, seed, strength):
    """As runs before `--jitter-of` were trained: written out from the code of then."""
    indices, drawn, now = torch.arange(5, 15), seeded(seed), seeded(seed)
    flip = torch.rand(10, generator=drawn) < 0.5
    brightness, contrast, saturation = (
        factors.view(-1, 1, 1, 1) for factors in 1 + strength * (2 * torch.rand(3, 10, generator=drawn) - 1)
    )
    photos = torch.where(flip.view(-1, 1, 1, 1), split.photos[indices].flip(-1), split.photos[indices]).float() / 255
    luma = torch.tensor([0.2989, 0.587, 0.114]).view(1, 3, 1, 1)
    photos = photos * brightness
    photos = torch.lerp((photos * luma).sum(dim=1, keepdim=True).mean(dim=(2, 3), keepdim=True), photos, contrast)
    photos = torch.lerp((photos * luma).sum(dim=1, keepdim=True), photos, saturation).clamp(0, 1)
    assert torch.equal(training_batch(split, indices, 32, now, strength, "all")[0], photos)
    assert torch.equal(now.get_state(), drawn.get_state())


def test_factors_of_one_change_nothing():
    photos = torch.rand(2, 3, 8, 8, generator=seeded(0))
    torch.testing.assert_close(colour_jitter(photos, *torch.ones(3, 2)), photos)


@given(seed=seeds, strength=st.floats(0, 4))
def test_jittered_colours_stay_in_range(seed, strength):
    photos = torch.rand(4, 3, 5, 5, generator=seeded(seed))
    jittered = colour_jitter(photos, *(strength * torch.rand(3, 4, generator=seeded(seed))))
    assert jittered.min() >= 0
    assert jittered.max() <= 1


@pytest.mark.parametrize(("source", "size"), [(128, 64), (128, 96), (32, 16), (16, 48)])
def test_photos_are_resized_as_pil_resizes_floats(source, size):
    photos = torch.randint(256, (2, 3, source, source), dtype=torch.uint8, generator=seeded(0))
    resized = resize_photos(photos, size)
    assert resized.dtype == torch.float32
    for photo, ours in zip(photos.numpy(), resized.numpy(), strict=True):
        for channel, our_channel in zip(photo, ours, strict=True):
            floats = Image.fromarray(channel.astype(np.float32))
            expected = np.asarray(floats.resize((size, size), Image.Resampling.BILINEAR)) / 255
            np.testing.assert_allclose(our_channel, expected, atol=1e-5)


def test_photos_of_the_right_size_are_only_scaled_to_one():
    photos = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16).repeat(1, 3, 1, 1)
    expected = (np.arange(256) / 255).reshape(16, 16)
    np.testing.assert_allclose(resize_photos(photos, 16)[0, 2].numpy(), expected, rtol=1e-6)
    assert photos.dtype == torch.uint8


@pytest.mark.parametrize(("source", "size"), [(128, 64), (128, 96), (32, 16), (16, 48), (32, 32)])
def test_masks_take_the_pixel_under_each_new_pixels_centre(source, size):
    masks = torch.randint(3, (2, source, source), dtype=torch.uint8, generator=seeded(0))
    resized = resize_masks(masks, size)
    centres = [(2 * i + 1) * source // (2 * size) for i in range(size)]
    assert resized.dtype == torch.int64
    assert torch.equal(resized, masks[:, centres][:, :, centres].long())


@given(seed=seeds, source=st.integers(1, 40), size=st.integers(1, 40))
def test_resized_masks_hold_only_classes_of_the_mask(seed, source, size):
    mask = 2 * torch.randint(2, (1, source, source), dtype=torch.uint8, generator=seeded(seed))
    assert set(resize_masks(mask, size).unique().tolist()) <= set(mask.unique().tolist())


# --- random crops


@given(count=st.integers(1, 50), smallest=st.floats(0.05, 0.99), seed=seeds)
def test_random_boxes_lie_in_the_photo_and_have_the_area_and_ratio_asked_for(count, smallest, seed):
    left, top, width, height = random_boxes(count, smallest, seeded(seed)).double().T
    assert (torch.stack([left, top]) >= 0).all()
    assert (left + width).max() <= 1 + 1e-6
    assert (top + height).max() <= 1 + 1e-6
    assert (width * height <= 1 + 1e-6).all()
    ratio, cut = width / height, (width > 1 - 1e-6) | (height > 1 - 1e-6)
    assert ((ratio >= 3 / 4 - 1e-5) & (ratio <= 4 / 3 + 1e-5)).all()
    # cut to the photo, a box has less than it was to have, by a third at most
    assert (width * height >= torch.where(cut, smallest * 0.75, smallest) - 1e-5).all()


@pytest.mark.parametrize("box", [(4, 6, 16, 20), (0, 0, 32, 32), (11, 3, 7, 29), (30, 30, 2, 2)])
def test_a_crop_is_torchvisions_inside_and_its_mask_the_nearest_pixel(box):
    left, top, width, height = box
    photos = torch.randint(256, (2, 3, 32, 32), dtype=torch.uint8, generator=seeded(5))
    masks = torch.randint(3, (2, 32, 32), dtype=torch.uint8, generator=seeded(6))
    shares = torch.tensor([box, box]) / 32
    cropped, labels = crop(photos, masks, shares)
    expected = tv.resized_crop(photos.float(), top, left, height, width, [32, 32], antialias=False)
    # at the crop's rim torchvision repeats its last pixel, where the photo goes on
    rim = 1 + 32 // min(width, height) // 2
    inside = (..., slice(rim, -rim), slice(rim, -rim))
    torch.testing.assert_close(cropped[inside], expected[inside], atol=0.01, rtol=0)
    rows = (top + (torch.arange(32) + 0.5) * height / 32).long()
    columns = (left + (torch.arange(32) + 0.5) * width / 32).long()
    on_an_edge = ((torch.arange(32) + 0.5) * height / 32 % 1 == 0) | ((torch.arange(32) + 0.5) * width / 32 % 1 == 0)
    assert labels.dtype == torch.uint8
    same = labels == masks[:, rows][:, :, columns]
    assert same[:, ~on_an_edge][:, :, ~on_an_edge].all()


def test_a_crop_of_the_whole_photo_changes_nothing(split):
    whole = torch.tensor([[0.0, 0, 1, 1]]).repeat(64, 1)
    photos, masks = crop(split.photos, split.masks, whole)
    torch.testing.assert_close(photos, split.photos.float(), atol=1e-3, rtol=0)
    assert torch.equal(masks, split.masks)


def test_a_cropped_batch_keeps_photo_and_mask_together(split):
    photos, masks = training_batch(split, torch.arange(64), 32, seeded(3), jitter=0, jitter_of="all", smallest_crop=0.3)
    plain, _ = training_batch(split, torch.arange(64), 32, seeded(3), jitter=0, jitter_of="all")
    assert not torch.equal(photos, plain)
    # bilinear mixes neighbours of noise, so only most pixels still show their class
    shown = (photos[:, 0] * 255 / 100).round()
    assert (shown == masks).float().mean() > 0.5
    assert photos.min() >= 0
    assert photos.max() <= 1


def test_without_a_crop_no_more_random_numbers_are_drawn(split):
    generators = seeded(4), seeded(4)
    training_batch(split, torch.arange(8), 32, generators[0], jitter=0.3, jitter_of="all")
    torch.rand(8, generator=generators[1])
    torch.rand(3, 8, generator=generators[1])
    assert torch.equal(*(generator.get_state() for generator in generators))


def test_uploaded_arrays_and_their_class_counts(tiny_pets):
    split = load_split(tiny_pets, "test", 32)
    device = DeviceSplit.upload(split, torch.device("cpu"))
    assert len(device) == len(split) == 8
    np.testing.assert_array_equal(device.photos.numpy(), split.photos)
    np.testing.assert_array_equal(device.masks.numpy(), split.masks)
    expected = [[np.count_nonzero(mask == c) for c in range(3)] for mask in split.masks]
    assert device.class_counts().tolist() == expected
