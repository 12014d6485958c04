"""SegNet behind PyTorch's compilers, exporters and transforms: each is right, or says in a line that it cannot be."""

import copy
import io
import shutil

import pytest
import torch
from torch import Tensor, nn

from seg import InputError
from seg.networks.segnet import SegNet

NARROW = ((1, 4), (1, 6), (2, 8), (1, 8))
COMPILER = next(filter(None, map(shutil.which, ("c++", "g++", "clang++", "cl"))), None)

precisions = pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])


@pytest.fixture(autouse=True)
def nothing_compiled_before():
    torch.compiler.reset()
    yield
    torch.compiler.reset()


def network() -> SegNet:
    """A narrow SegNet whose BatchNorms are far from the identity."""
    torch.manual_seed(0)
    model = SegNet(stages=NARROW)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.8, 1.5)
            nn.init.normal_(module.bias, 0, 0.3)
            module.running_var.uniform_(0.05, 0.4)
    return model


def photos(count: int = 2, side: int = 32) -> Tensor:
    """Of large even areas, in which all pixels of a square are equal, beside noise."""
    drawn = torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(count))
    drawn[..., : side // 2, :] = 0.25
    return drawn


def step(model: nn.Module, precision: torch.dtype) -> tuple[Tensor, dict[str, Tensor]]:
    """Logits of a step, and all that it leaves behind: gradients, that of the photos too, and running statistics."""
    given = photos().contiguous(memory_format=torch.channels_last).requires_grad_()
    with torch.autocast("cpu", precision, enabled=precision != torch.float32):
        logits = model(given)
    logits.float().square().mean().backward()
    left = {name: parameter.grad for name, parameter in model.named_parameters()} | dict(model.named_buffers())
    return logits, {name.removeprefix("_orig_mod."): value for name, value in left.items()} | {"photos": given.grad}


def assert_one_step_is_the_same(compiled: nn.Module, eager: nn.Module, precision: torch.dtype) -> None:
    (logits, left), (expected, expected_left) = step(compiled, precision), step(eager, precision)
    assert logits.dtype == expected.dtype
    # bfloat16 keeps 8 bits, and where it rounds is the compiler's choice
    rtol, atol = (1e-4, 1e-6) if precision == torch.float32 else (0.1, 0.02)
    torch.testing.assert_close(logits, expected, rtol=rtol, atol=atol)
    assert left.keys() == expected_left.keys()
    for name, value in expected_left.items():
        scale = value.float().abs().max().item() or 1.0
        torch.testing.assert_close(
            left[name] / scale, value / scale, rtol=rtol, atol=atol, msg=lambda m, n=name: f"{n}: {m}"
        )


@precisions
@pytest.mark.parametrize("training", [True, False])
def test_the_whole_network_is_compiled_and_learns_the_same(training, precision):
    eager = network().train(training)
    compiled = torch.compile(copy.deepcopy(eager), backend="aot_eager", fullgraph=True)
    assert_one_step_is_the_same(compiled, eager, precision)


@pytest.mark.long
@pytest.mark.skipif(COMPILER is None, reason="no C++ compiler, which torch.compile calls")
@precisions
@pytest.mark.parametrize("training", [True, False])
def test_what_the_compiler_makes_of_it_learns_the_same(training, precision, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    eager = network().train(training)
    compiled = torch.compile(copy.deepcopy(eager), fullgraph=True)
    assert_one_step_is_the_same(compiled, eager, precision)


@pytest.mark.parametrize("strict", [True, False])
def test_an_exported_program_answers_for_any_number_of_photos(strict):
    model = network().eval()
    shapes = ({0: torch.export.Dim("batch")},)
    program = torch.export.export(model, (photos(2),), strict=strict, dynamic_shapes=shapes)
    file = io.BytesIO()
    torch.export.save(program, file)
    file.seek(0)
    read = torch.export.load(file).module()
    for count in (1, 3):
        torch.testing.assert_close(read(photos(count)), model(photos(count)))


def traced(model: nn.Module) -> object:
    return torch.jit.trace(model, photos(), check_trace=False)


def traced_without_gradients(model: nn.Module) -> object:
    with torch.no_grad():
        return torch.jit.trace(model.requires_grad_(False), photos(), check_trace=False)


def scripted_inside_another(model: nn.Module) -> object:
    return torch.jit.script(nn.Sequential(model, nn.Softmax(dim=1)))


def exported_the_old_way(model: nn.Module) -> object:
    return torch.onnx.export(model, (photos(),), io.BytesIO(), dynamo=False)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "way",
    [traced, traced_without_gradients, torch.jit.script, scripted_inside_another, exported_the_old_way],
    ids=lambda way: way.__name__,
)
def test_torchscript_is_refused_in_a_line_that_says_what_to_use(way):
    with pytest.raises(InputError) as refused:
        way(network().eval())
    said = str(refused.value)
    assert "\n" not in said
    assert "torch.export" in said and "borderline export" in said


@pytest.mark.filterwarnings("ignore")
def test_what_keeps_no_graph_of_it_answers_the_same():
    model = network().eval()
    expected = model(photos())
    for same in (copy.deepcopy(model), nn.DataParallel(model), torch.ao.quantization.quantize_dynamic(model)):
        torch.testing.assert_close(same(photos()), expected)
    kept = torch.utils.checkpoint.checkpoint(model, photos(), use_reentrant=False)
    torch.testing.assert_close(kept, expected)


@pytest.mark.filterwarnings("ignore")
def test_a_graph_that_cannot_be_taken_of_it_is_not_taken():
    from torch.ao.quantization import QuantWrapper, convert, get_default_qconfig, prepare

    model = network().eval()
    with pytest.raises(torch.fx.proxy.TraceError):
        torch.fx.symbolic_trace(model)
    quantised = QuantWrapper(copy.deepcopy(model))
    quantised.qconfig = get_default_qconfig("x86")
    prepare(quantised, inplace=True)(photos())
    with pytest.raises((RuntimeError, NotImplementedError)):
        convert(quantised)(photos())


def test_operations_that_are_recorded_are_all_of_them():
    from torch.fx.experimental.proxy_tensor import make_fx

    model = network().eval().requires_grad_(False)
    recorded = make_fx(model)(photos())
    recorded.graph.eliminate_dead_code()
    recorded.recompile()
    torch.testing.assert_close(recorded(photos().flip(-1)), model(photos().flip(-1)))


def test_gradients_photo_by_photo_are_those_of_each_photo_alone():
    model = network().eval()
    weights = dict(model.named_parameters())

    def loss(weights: dict[str, Tensor], photo: Tensor) -> Tensor:
        return torch.func.functional_call(model, weights, (photo[None],)).square().mean()

    together = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0))(weights, photos(3))
    for index, photo in enumerate(photos(3)):
        alone = torch.autograd.grad(loss(weights, photo), list(weights.values()))
        for name, expected in zip(weights, alone, strict=True):
            torch.testing.assert_close(together[name][index], expected, rtol=1e-4, atol=1e-6)


def test_a_derivative_along_a_direction_is_the_difference_there():
    model = network().double().eval().requires_grad_(False)
    # noise alone: between equal values the difference would depend on the direction
    at, direction = torch.randn(2, 2, 3, 32, 32, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    _, found = torch.func.jvp(model, (at,), (direction,))
    expected = (model(at + 1e-7 * direction) - model(at - 1e-7 * direction)) / 2e-7
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)
