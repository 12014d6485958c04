"""A safetensors file that somebody made to do harm is refused in one line, before it costs memory or time."""

import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from seg.checkpoint import BadCheckpoint, load_checkpoint, read_tensors, save_checkpoint, write_tensors
from seg.networks.segnet import SegNet

STAGES = [[1, 4], [1, 4], [1, 4], [1, 4]]
DESCRIPTION = {"loss": "ce", "epoch": 7, "input_size": 96, "scores": {"border_f1": 0.5}}


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Tensors and metadata of a good checkpoint of a narrow SegNet."""
    path = tmp_path_factory.mktemp("kept") / "model.safetensors"
    save_checkpoint(path, SegNet(stages=STAGES), network="segnet", **DESCRIPTION)
    return read_tensors(path)


def refusal(path: Path) -> str:
    with pytest.raises(BadCheckpoint) as refused:
        load_checkpoint(path)
    said = str(refused.value)
    assert said.startswith(str(path))
    assert "\n" not in said
    assert len(said) < len(str(path)) + 400
    return said


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"input_size": "1000000000"}, "input_size is '1000000000'"),
        ({"input_size": "1040"}, "input_size 1040 is no multiple of 16 up to 1024"),
        ({"input_size": "-96"}, "input_size is '-96', which is no number in its range"),
        ({"input_size": "9" * 5000}, "which is no number in its range"),
        ({"input_size": "96.0"}, "is '96.0', which is no number in its range"),
        ({"input_size": "٩٦"}, "which is no number in its range"),
        ({"input_size": "large"}, "is 'large', which is no number in its range"),
        ({"input_size": ""}, "is '', which is no number in its range"),
        ({"input_size": "0"}, "input_size 0"),
        ({"input_size": "100"}, "input_size 100 is no multiple of 16"),
        ({"epoch": "-1"}, "is '-1', which is no number in its range"),
        ({"epoch": "1000001"}, "epoch 1000001 is past 1000000"),
        ({"epoch": "9" * 5000}, "which is no number in its range"),
        ({"scores": "[" * 100_000}, "lacks the metadata"),
        ({"scores": '{"border_f1": "much"}'}, "scores is no table of scores"),
        ({"scores": '{"border_f1": Infinity}'}, "scores is no table of scores"),
        ({"scores": '{"border_f1": -Infinity}'}, "scores is no table of scores"),
        ({"scores": '{"border_f1": 1e999}'}, "scores is no table of scores"),
        ({"scores": '{"border_f1": {}}'}, "scores is no table of scores"),
        ({"scores": '{"border_f1": ' + "9" * 5000 + "}"}, "lacks the metadata"),
        ({"classes": '["pet", "background"]'}, "classes are not"),
        ({"classes": '["background", "pet", "border"]'}, "classes are not"),
        ({"classes": "3"}, "classes are not"),
        ({"classes": "{"}, "lacks the metadata"),
        ({"loss": ""}, "loss is no name"),
        ({"loss": "x" * 100_000}, "loss is no name"),
        ({"format": "9" * 5000}, "has format 9999"),
        ({"format": "²"}, "has format"),
        ({"network": "x" * 100_000}, "none of this version's networks"),
        ({"network": "two\nlines"}, "none of this version's networks"),
        ({"config": "[" * 100_000}, "describes no segnet that can be built"),
        ({"config": "null"}, "describes no segnet that can be built"),
        (
            {"config": '{"stages": [[16, 4096], [16, 4096], [16, 4096], [16, 4096]]}'},
            "parameters, more than 250,000,000",
        ),
        ({"config": '{"stages": [[1, 1e999], [1, 4], [1, 4], [1, 4]]}'}, "describes no segnet that can be built"),
        ({"config": '{"stages": [' + "[1, 4]," * 10_000 + "[1, 4]]}"}, "describes no segnet that can be built"),
    ],
    ids=lambda value: (value if isinstance(value, str) else json.dumps(value))[:40],
)
def test_metadata_out_of_its_range_is_refused(kept, tmp_path, said, why):
    tensors, metadata = kept
    path = tmp_path / "model.safetensors"
    write_tensors(path, tensors, metadata | said)
    assert why in " ".join(refusal(path).split())


def test_a_score_that_an_older_version_wrote_as_undefined_is_undefined(kept, tmp_path):
    tensors, metadata = kept
    path = tmp_path / "old.safetensors"
    write_tensors(path, tensors, metadata | {"scores": '{"border_precision": NaN, "border_f1": 0.5}'})
    assert load_checkpoint(path)[1]["scores"] == {"border_precision": None, "border_f1": 0.5}


@pytest.mark.parametrize(
    ("tensor", "value", "why"),
    [
        ("normalise.weight", torch.ones(3, dtype=torch.float8_e4m3fn), "is F8_E4M3"),
        ("normalise.weight", torch.ones(3, dtype=torch.bool), "is BOOL"),
        ("normalise.weight", torch.ones(3, dtype=torch.complex64), "is C64"),
        ("normalise.num_batches_tracked", torch.tensor(1.0), "is F32"),
        ("normalise.num_batches_tracked", torch.tensor(True), "is BOOL"),
        ("normalise.running_var", torch.tensor([1.0, -1.0, 1.0]), "holds variances below 0"),
        ("normalise.running_mean", torch.tensor([1.0, float("nan"), 1.0]), "not finite"),
        ("normalise.weight", torch.ones(3, 1), "is (3, 1), not (3,)"),
        ("x" * 100_000, torch.ones(3), "names differ"),
    ],
)
def test_a_tensor_that_no_network_has_is_refused(kept, tmp_path, tensor, value, why):
    tensors, metadata = kept
    path = tmp_path / "model.safetensors"
    write_tensors(path, tensors | {tensor: value}, metadata)
    assert why in refusal(path)


# ---- headers by hand


def with_header(path: Path, header: object, data: bytes = b"", *, length: int | None = None) -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data)
    return path


def entry(shape: list, start: int, end: int, kind: str = "F32") -> dict:
    return {"dtype": kind, "shape": shape, "data_offsets": [start, end]}


@pytest.mark.parametrize(
    ("header", "data", "length"),
    [
        ({"a": entry([1], 0, 4), "b": entry([1], 0, 4)}, bytes(4), None),
        ({"a": entry([2], 0, 8), "b": entry([1], 4, 8)}, bytes(8), None),
        ({"a": entry([2**62, 2**62], 0, 4)}, bytes(4), None),
        ({"a": entry([10**12], 0, 4 * 10**12)}, bytes(4), None),
        ({"a": entry([-1], 0, 4)}, bytes(4), None),
        ({"a": entry([1], 4, 0)}, bytes(4), None),
        ({"a": entry([1], 0, 4, "F31")}, bytes(4), None),
        ({"a": entry([1], 8, 12)}, bytes(12), None),
        ({"__metadata__": {"epoch": 7}}, b"", None),
        ({"__metadata__": [1]}, b"", None),
        ([], b"", None),
        (b"[" * 100_000, b"", None),
        (b'{"a": ' * 100_000, b"", None),
        (b"{}", b"", 2**63),
        (b"{}", b"", 10**10),
        (b"\xff\xfe{}", b"", None),
    ],
    ids=[
        *("overlapping", "inside another", "too large to count", "longer than the file", "negative", "backwards"),
        *("unknown type", "a gap", "a number in the metadata", "a list for metadata", "a list", "nested lists"),
        *("nested tables", "endless header", "long header", "no UTF-8"),
    ],
)
def test_a_header_that_lies_is_refused(tmp_path, header, data, length):
    refusal(with_header(tmp_path / "model.safetensors", header, data, length=length))


LIMITED = """
import resource, sys
from seg.checkpoint import BadCheckpoint, load_checkpoint
import torch
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    load_checkpoint(sys.argv[1])
except BadCheckpoint as error:
    print(error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_a_tensor_of_gigabytes_is_refused_by_its_name_alone(tmp_path, kept):
    """A sparse file takes no disk; reading it would take its whole length in memory."""
    header = {"__metadata__": kept[1], "normalise.weight": entry([10**9], 0, 4 * 10**9)}
    path = with_header(tmp_path / "model.safetensors", header)
    os.truncate(path, path.stat().st_size + 4 * 10**9)
    ended = subprocess.run([sys.executable, "-c", LIMITED, path], capture_output=True, text=True, check=True)
    said, megabytes = ended.stdout.splitlines()
    assert "does not hold segnet's weights" in said
    assert int(megabytes) < 100


@pytest.mark.parametrize("kind", ["pipe", "folder", "link to nothing", "link to itself", "device"])
def test_what_is_no_file_is_refused_at_once(tmp_path, kind):
    path = tmp_path / "model.safetensors"
    makes = {
        "pipe": lambda: os.mkfifo(path),
        "folder": path.mkdir,
        "link to nothing": lambda: path.symlink_to(tmp_path / "nowhere"),
        "link to itself": lambda: path.symlink_to(path),
        "device": lambda: path.symlink_to("/dev/zero"),
    }
    makes[kind]()
    assert "is not a file" in refusal(path)


WORD = st.text(max_size=8) | st.sampled_from(["0", "-1", "96", "1e9", "NaN", "null", "[]", "{}", "ce"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    said=st.dictionaries(st.sampled_from([*DESCRIPTION, "network", "config", "classes", "format"]), WORD, max_size=4)
)
@example(said={"format": "²"})
@example(said={"config": '{"stages": {}}'})
def test_whatever_the_metadata_say_the_network_is_read_or_refused(kept, tmp_path, said):
    tensors, metadata = kept
    path = tmp_path / "model.safetensors"
    write_tensors(path, tensors, metadata | said)
    try:
        _, described = load_checkpoint(path)
    except BadCheckpoint as error:
        assert str(path) in str(error)
    else:
        assert 0 < described["input_size"] <= 1024


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 4000), byte=st.integers(0, 255), cut=st.integers(0, 4000))
def test_a_file_with_bytes_changed_or_missing_is_read_or_refused(kept, tmp_path, place, byte, cut):
    tensors, metadata = kept
    path = tmp_path / "model.safetensors"
    write_tensors(path, tensors, metadata)
    content = bytearray(path.read_bytes())
    content[place % len(content)] = byte
    path.write_bytes(content[: len(content) - cut])
    try:
        load_checkpoint(path)
    except BadCheckpoint as error:
        assert str(path) in str(error)
