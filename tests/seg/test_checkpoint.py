import pickle
import stat
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from seg.checkpoint import BadCheckpoint, load_checkpoint, read_tensors, save_checkpoint, write_tensors
from seg.networks.segnet import SegNet

DESCRIPTION = {"loss": "focal", "epoch": 7, "input_size": 96, "scores": {"pixel_accuracy": 0.875, "border_iou": 0.5}}
METADATA = {"loss": "focal", "epoch": "7", "input_size": "96", "scores": "{}"}


@pytest.fixture(scope="module")
def model() -> SegNet:
    """A SegNet whose BatchNorms have seen photos."""
    torch.manual_seed(0)
    model = SegNet()
    with torch.no_grad():
        model(torch.rand(2, 3, 32, 32))
    return model.eval()


@pytest.fixture(scope="module")
def saved(model, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("checkpoint") / "model.safetensors"
    save_checkpoint(path, model, network="segnet", **DESCRIPTION)
    return path


def assert_refused(path: Path, reading=load_checkpoint) -> str:
    with pytest.raises(BadCheckpoint) as caught:
        reading(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


# --- what comes back ------------------------------------------------------------------------------


def test_weights_come_back_as_float16_rounds_them_and_batch_norms_exactly(model, saved):
    loaded, _ = load_checkpoint(saved)
    assert loaded.state_dict().keys() == model.state_dict().keys()
    for name, value in model.state_dict().items():
        expected = value.half().float() if value.ndim == 4 else value
        assert torch.equal(loaded.state_dict()[name], expected), name


def test_a_loaded_model_segments_as_the_saved_one(model, saved):
    photos = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    loaded, _ = load_checkpoint(saved)
    assert not loaded.training
    assert not any(parameter.requires_grad for parameter in loaded.parameters())
    with torch.no_grad():
        expected = model(photos)
    torch.testing.assert_close(loaded(photos), expected, rtol=0.02, atol=0.02)


def test_the_description_comes_back_and_the_file_names_the_classes(saved):
    assert load_checkpoint(saved)[1] == {"network": "segnet"} | DESCRIPTION
    assert read_tensors(saved)[1]["classes"] == '["pet", "background", "border"]'


def test_a_checkpoint_takes_two_bytes_a_weight_and_others_may_read_it(saved):
    assert saved.stat().st_size < 2.02 * 15_274_892
    assert saved.stat().st_mode & stat.S_IROTH


def test_tensors_of_any_layout_and_type_come_back(tmp_path):
    tensors = {
        "channels_last": torch.rand(2, 3, 4, 5).to(memory_format=torch.channels_last),
        "slice": torch.arange(10)[::2],
        "scalar": torch.tensor(0.1, dtype=torch.float64),
        "bytes": torch.arange(256, dtype=torch.uint8),
    }
    write_tensors(tmp_path / "file", tensors, {"key": "value"})
    read, metadata = read_tensors(tmp_path / "file")
    assert metadata == {"key": "value"}
    assert read.keys() == tensors.keys()
    for name, value in tensors.items():
        assert read[name].dtype == value.dtype
        assert torch.equal(read[name], value)


# --- files that are refused -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"404 not found\n" * 99, b"\x80\x04N.", bytes(range(256)) * 40],
    ids=["empty", "short", "text", "pickle", "bytes"],
)
def test_a_file_that_is_not_safetensors_is_refused(tmp_path, content):
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    assert_refused(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    assert_refused(tmp_path / "none.safetensors")
    assert_refused(tmp_path)


@pytest.mark.parametrize("kept", [4, 1000, 0.5, -1])
def test_a_truncated_checkpoint_is_refused(saved, tmp_path, kept):
    content = saved.read_bytes()
    path = tmp_path / "model.safetensors"
    path.write_bytes(content[: int(kept * len(content)) if isinstance(kept, float) else kept])
    assert_refused(path)


def test_tensors_of_something_else_are_refused(tmp_path):
    path = tmp_path / "model.safetensors"
    save_file({"weight": torch.zeros(3)}, path, METADATA)
    assert_refused(path)


def replace_one(name: str, value: torch.Tensor):
    def change(tensors):
        tensors[name] = value

    return change


CHANGES = {
    "another shape": replace_one("normalise.weight", torch.ones(4)),
    "NaN": replace_one("normalise.weight", torch.tensor([1.0, float("nan"), 1.0])),
    "infinity": replace_one("normalise.bias", torch.tensor([1.0, float("inf"), 1.0])),
    "integers for weights": replace_one("normalise.weight", torch.ones(3, dtype=torch.int64)),
    "one tensor more": replace_one("head.weight", torch.ones(3)),
    "one tensor less": lambda tensors: tensors.pop("normalise.weight"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_checkpoint_with_a_wrong_tensor_is_refused(saved, tmp_path, change):
    tensors = load_file(saved)
    CHANGES[change](tensors)
    path = tmp_path / "model.safetensors"
    save_file(tensors, path, METADATA)
    assert_refused(path)


BAD_VALUES = [{"epoch": "last"}, {"scores": "{"}, {"scores": "[]"}, {"input_size": "100"}, {"input_size": "0"}]


@pytest.mark.parametrize("metadata", [None, {}, *(METADATA | bad for bad in BAD_VALUES)])
def test_a_checkpoint_without_its_description_is_refused(saved, tmp_path, metadata):
    path = tmp_path / "model.safetensors"
    save_file(load_file(saved), path, metadata)
    assert_refused(path)


class CreatesAFile:
    """Unpickling it creates the file: what a malicious pickle would do."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize(
    ("write", "execute"),
    [
        (lambda content, path: path.write_bytes(pickle.dumps(content)), lambda path: pickle.loads(path.read_bytes())),
        (torch.save, lambda path: torch.load(path, weights_only=False)),
    ],
    ids=["pickle", "torch.save"],
)
def test_a_pickle_is_refused_and_not_executed(tmp_path, write, execute):
    pickled, created = tmp_path / "model.pt", tmp_path / "created"
    write(CreatesAFile(created), pickled)
    execute(pickled)
    assert created.exists()
    created.unlink()

    path = pickled.rename(tmp_path / "model.safetensors")
    assert_refused(path)
    assert not created.exists()


# --- which network --------------------------------------------------------------------------------


def rewritten(path: Path, **changes: str | None) -> Path:
    """The checkpoint with other metadata; None leaves a key out."""
    tensors, metadata = read_tensors(path)
    write_tensors(path, tensors, {key: value for key, value in (metadata | changes).items() if value is not None})
    return path


@pytest.fixture
def free(tmp_path) -> Path:
    """A checkpoint of a narrow SegNet without the final ReLU."""
    path = tmp_path / "model.safetensors"
    model = SegNet(final_relu=False, stages=[[1, 4], [1, 4], [1, 4], [1, 4]])
    save_checkpoint(path, model, network="segnet", **DESCRIPTION)
    return path


def test_checkpoints_of_before_there_were_networks_are_segnets(saved, tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(saved.read_bytes())
    older = {"format": None, "network": None, "config": None}
    for said, final_relu in ({"final_relu": "false"}, False), ({"final_relu": "true"}, True), ({}, True):
        loaded, metadata = load_checkpoint(rewritten(path, **older, **said))
        assert metadata["network"] == "segnet"
        assert loaded.config["final_relu"] is final_relu


def test_a_network_of_another_version_is_refused_by_name(free):
    message = assert_refused(rewritten(free, network="unet"))
    assert "holds a unet, which is none of this version's networks (segnet, segnet-linear)" in message


def test_a_newer_format_is_refused_and_an_older_one_read(free):
    assert "has format 2, this version reads up to 1: update Borderline" in assert_refused(rewritten(free, format="2"))
    assert "format one" in assert_refused(rewritten(free, format="one"))
    load_checkpoint(rewritten(free, format=None))


@pytest.mark.parametrize(
    "config",
    [
        "{}",  # the article's widths, which these weights have not
        "[]",
        "no JSON",
        '{"depth": 3}',
        '{"stages": []}',
        '{"stages": [[1, 4], [1, 4], [1, 4], [1000000000, 4]]}',
        '{"stages": [[1, 4], [1, 4], [1, 4], [1, 0]]}',
        '{"stages": [[1, 4], [1, 4], [1, 4], [1, "4"]]}',
        '{"stages": 4}',
    ],
)
def test_a_configuration_that_is_not_the_networks_is_refused(free, config):
    assert_refused(rewritten(free, config=config))
