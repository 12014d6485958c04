from unittest import mock

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import nn

from seg.networks.pooling import max_pool, max_unpool

shapes = st.tuples(st.integers(1, 2), st.integers(1, 4), st.integers(1, 5), st.integers(1, 5))

layouts = pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
dtypes = pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
# in place, and in the pure operations that a compiler gets
forms = pytest.mark.parametrize("compiling", [False, True])


def small_integers(shape: tuple[int, ...]) -> st.SearchStrategy[torch.Tensor]:
    """Few different values, so that squares often hold their maximum more than once; exact in bfloat16."""
    return arrays(np.float32, shape, elements=st.integers(-2, 2)).map(torch.from_numpy)


def form(compiling: bool):
    return mock.patch("torch.compiler.is_compiling", lambda: compiling)


@forms
@layouts
@dtypes
@given(data=st.data())
def test_pooling_equals_torchs_in_value_position_and_gradient(data, dtype, layout, compiling):
    batch, channels, height, width = data.draw(shapes)
    x = data.draw(small_integers((batch, channels, 2 * height, 2 * width)))
    gradient = data.draw(small_integers((batch, channels, height, width)))

    ours = x.to(dtype, memory_format=layout).requires_grad_()
    with form(compiling):
        pooled, offsets = max_pool(ours)
    (backward,) = torch.autograd.grad(pooled, ours, gradient.to(dtype, memory_format=layout))

    theirs = x.clone().requires_grad_()
    expected, flat = nn.MaxPool2d(2, return_indices=True)(theirs)
    (expected_backward,) = torch.autograd.grad(expected, theirs, gradient)

    assert pooled.dtype == backward.dtype == dtype
    assert torch.equal(pooled.float(), expected)
    assert torch.equal(backward.float(), expected_backward)
    row, column = flat // (2 * width), flat % (2 * width)
    assert torch.equal(offsets.long(), 2 * (row % 2) + column % 2)


@forms
@layouts
@dtypes
@given(data=st.data())
def test_unpooling_equals_torchs_in_value_and_gradient(data, dtype, layout, compiling):
    batch, channels, height, width = data.draw(shapes)
    pooled_from = data.draw(small_integers((batch, channels, 2 * height, 2 * width)))
    x = data.draw(small_integers((batch, channels, height, width)))
    gradient = data.draw(small_integers((batch, channels, 2 * height, 2 * width)))

    ours = x.to(dtype, memory_format=layout).requires_grad_()
    with form(compiling):
        _, offsets = max_pool(pooled_from.to(dtype, memory_format=layout))
        unpooled = max_unpool(ours, offsets)
    (backward,) = torch.autograd.grad(unpooled, ours, gradient.to(dtype, memory_format=layout))

    theirs = x.clone().requires_grad_()
    _, flat = nn.MaxPool2d(2, return_indices=True)(pooled_from)
    expected = nn.MaxUnpool2d(2)(theirs, flat)
    (expected_backward,) = torch.autograd.grad(expected, theirs, gradient)

    assert unpooled.dtype == backward.dtype == dtype
    assert torch.equal(unpooled.float(), expected)
    assert torch.equal(backward.float(), expected_backward)


def test_offsets_count_the_four_pixels_of_a_square_row_by_row():
    squares = torch.eye(4).view(4, 1, 2, 2)
    _, offsets = max_pool(squares)
    assert offsets.dtype == torch.uint8
    assert offsets.flatten().tolist() == [0, 1, 2, 3]


@dtypes
@layouts
@given(data=st.data())
def test_without_gradients_all_values_are_the_same(data, dtype, layout):
    batch, channels, height, width = data.draw(shapes)
    x = data.draw(small_integers((batch, channels, 2 * height, 2 * width))).to(dtype, memory_format=layout)
    with torch.no_grad():
        pooled, indices = max_pool(x)
        unpooled = max_unpool(pooled, indices)
    expected, offsets = max_pool(x)
    assert indices.dtype == torch.int64  # PyTorch's own, which take a fifth of the time
    assert torch.equal(pooled, expected)
    assert torch.equal(unpooled, max_unpool(expected, offsets))
    assert unpooled.is_contiguous(memory_format=layout)


@layouts
def test_memory_format_is_kept_forward_and_backward(layout):
    x = torch.rand(2, 3, 8, 6).to(memory_format=layout).requires_grad_()
    pooled, offsets = max_pool(x)
    unpooled = max_unpool(pooled, offsets)
    to_pooled, to_x = torch.autograd.grad(unpooled, (pooled, x), torch.rand_like(unpooled))
    for tensor in (pooled, offsets, unpooled, to_pooled, to_x):
        assert tensor.is_contiguous(memory_format=layout)


@layouts
@given(data=st.data())
def test_gradients_of_gradients_equal_torchs(data, layout):
    batch, channels, height, width = data.draw(shapes)
    x = data.draw(small_integers((batch, channels, 2 * height, 2 * width)))
    pool, unpool = nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2)
    found = []
    for pooled_and_put_back in (lambda x: max_unpool(*max_pool(x)), lambda x: unpool(*pool(x))):
        given_x = x.to(memory_format=layout).requires_grad_()
        (first,) = torch.autograd.grad(pooled_and_put_back(given_x).pow(3).sum(), given_x, create_graph=True)
        found.append(torch.autograd.grad(first.pow(2).sum(), given_x)[0])
    assert torch.equal(*found)
