import pytest
import torch
import torch.nn.functional as F
from torch import nn

from seg.networks.segnet import SegNet

ENCODER = ((3, 64, 64), (64, 128, 128), (128, 256, 256, 256), (256, 512, 512, 512))
DECODER = ((512, 512, 512, 256), (256, 256, 256, 128), (128, 128, 64), (64, 64, 3))


class ReferenceSegNet(nn.Module):
    """SegNet from torch's own pooling layers."""

    def __init__(self):
        super().__init__()
        self.first = nn.BatchNorm2d(3)
        self.stages = nn.ModuleList(self.convolutions(widths) for widths in ENCODER + DECODER)
        self.pool, self.unpool = nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2)

    @staticmethod
    def convolutions(widths):
        layers = []
        for inputs, outputs in zip(widths, widths[1:], strict=False):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
        return nn.Sequential(*layers)

    def forward(self, x):
        x, places = self.first(x), []
        for stage in self.stages[:4]:
            x, place = self.pool(stage(x))
            places.append(place)
        for stage, place in zip(self.stages[4:], reversed(places), strict=True):
            x = stage(self.unpool(x, place))
        return x


@pytest.fixture(scope="module")
def segnet():
    torch.manual_seed(0)
    return SegNet().eval()


def test_it_has_the_articles_parameter_count(segnet):
    assert sum(p.numel() for p in segnet.parameters() if p.requires_grad) == 15_274_892


def test_outputs_and_gradients_equal_a_segnet_of_torchs_layers():
    torch.manual_seed(1)
    ours = SegNet().double()
    reference = ReferenceSegNet().double()
    weights = ours.state_dict().values()
    reference.load_state_dict(dict(zip(reference.state_dict(), weights, strict=True)))
    photos, masks = torch.rand(2, 3, 32, 32, dtype=torch.double), torch.randint(3, (2, 32, 32))

    logits, expected = ours(photos), reference(photos)
    torch.testing.assert_close(logits, expected)
    F.cross_entropy(logits, masks).backward()
    F.cross_entropy(expected, masks).backward()
    for parameter, twin in zip(ours.parameters(), reference.parameters(), strict=True):
        assert twin.grad.abs().sum() > 0
        torch.testing.assert_close(parameter.grad, twin.grad, rtol=1e-6, atol=1e-12)


def test_logits_have_the_photos_size_and_three_classes(segnet):
    assert segnet(torch.rand(2, 3, 16, 48)).shape == (2, 3, 16, 48)


def test_logits_are_never_negative(segnet):
    logits = segnet(torch.rand(2, 3, 32, 32))
    assert logits.min() >= 0
    assert logits.max() > 0


@pytest.mark.parametrize(("height", "width"), [(100, 128), (128, 100), (8, 8), (127, 129)])
def test_a_size_that_does_not_divide_by_16_is_named(segnet, height, width):
    with pytest.raises(ValueError, match=f"{height} x {width}"):
        segnet(torch.rand(1, 3, height, width))


def test_without_the_final_relu_logits_may_be_negative_and_nothing_else_differs(segnet):
    torch.manual_seed(0)
    free = SegNet(final_relu=False).eval()
    free.load_state_dict(segnet.state_dict())
    assert sum(parameter.numel() for parameter in free.parameters()) == 15_274_892
    photos = torch.rand(2, 3, 32, 32)
    with torch.no_grad():
        bare, clipped = free(photos), segnet.eval()(photos)
    assert bare.min() < 0
    torch.testing.assert_close(bare.relu(), clipped)
