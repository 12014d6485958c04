"""Write a run's network for other runtimes, as ONNX: `python -m experiments.export RUN`."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from experiments.cli.command_line import OneLineParser, run_command, writable, writing
from experiments.cli.program import PROGRAM, typed
from experiments.segmenting.names import file_name
from experiments.segmenting.weights import named_weights
from experiments.store.files import replacing
from seg import InputError
from seg.pets import CLASS_NAMES

if TYPE_CHECKING:
    import numpy as np
    from torch import nn
    from torch.onnx import ONNXProgram

# What PyTorch writes ONNX with, and what the file is tried with where it is there
WRITERS, RUNTIME = ("onnx", "onnxscript"), "onnxruntime"
PHOTOS, PROBABILITIES = "photos", "probabilities"
# Of probabilities, on average. Where two of a square's values are nearly equal, rounding decides which is put back, so
# that single pixels differ by 0.005; on average it is 0.00003 at most, and of another network 0.1
MOST_DIFFERENCE = 0.001


def main(arguments: list[str] | None) -> int:
    """Write the file, once it is tried, and say what is in it; 0."""
    options = _parser().parse_args(arguments)
    name, weights = named_weights(options.run)
    out: Path = options.out or Path(f"{file_name(name)}.onnx")
    if os.path.lexists(out) and not options.overwrite:
        raise InputError(f"{out} exists: pass --overwrite to replace it, or another --out FILE")
    missing = [package for package in WRITERS if importlib.util.find_spec(package) is None]
    if missing:
        raise InputError(f"--to onnx needs {' and '.join(missing)}: pip install {' '.join([*missing, RUNTIME])}")
    with tqdm(total=3, desc="reading", unit="step") as progress:
        # torch takes seconds to import: a wrong option is answered before
        from torch import nn

        from seg.checkpoint import load_checkpoint
        from seg.inference import fold_batch_norms

        model, metadata = load_checkpoint(weights)
        network = nn.Sequential(fold_batch_norms(model), nn.Softmax(dim=1)).eval()
        progress.update()
        progress.set_description("translating")
        program = _translated(network, metadata["input_size"])
        _describe(program, name, metadata)
        progress.update()
        progress.set_description("writing")
        with writing(out, "pass another --out FILE"), replacing(out) as temporary:
            # float32: with BatchNorm folded into them, weights are no longer the float16 that a checkpoint keeps
            program.save(temporary, external_data=False)
            tried = _tried(temporary, network, metadata["input_size"])
        progress.update()
    shape = f"(batch, 3, {metadata['input_size']}, {metadata['input_size']}) float32"
    print(f"{out}: {out.stat().st_size / 1e6:.0f} MB, {metadata['loss']} after epoch {metadata['epoch']}, of {weights}")
    print(f"  input   {PHOTOS}         {shape}, RGB in [0, 1]")
    print(f"  output  {PROBABILITIES}  {shape} of {', '.join(CLASS_NAMES)}, which sum to 1")
    print(tried)
    print(f'Use it with onnxruntime.InferenceSession("{out}").run(["{PROBABILITIES}"], {{"{PHOTOS}": ...}}).')
    return 0


def _translated(network: nn.Module, side: int) -> ONNXProgram:
    """The network for any number of photos (batch, 3, side, side)."""
    import torch

    # two: of one photo the number would be taken for fixed
    program = torch.onnx.export(
        network,
        (torch.zeros(2, 3, side, side),),
        dynamo=True,
        input_names=[PHOTOS],
        output_names=[PROBABILITIES],
        dynamic_shapes=({0: torch.export.Dim("batch")},),
        verbose=False,
    )
    assert program is not None  # the older exporter's answer
    return program


def _describe(program: ONNXProgram, name: str, metadata: dict[str, Any]) -> None:
    """Have the file say what it is, and nothing of the machine it was made on, whose folders PyTorch notes."""
    model = program.model
    described: list[Any] = [model, model.graph, *model.graph.all_nodes(), *model.graph.inputs, *model.graph.outputs]
    for each in described:
        each.metadata_props.clear()
    for node in model.graph.all_nodes():
        node.doc_string = None
        for value in node.outputs:
            value.metadata_props.clear()
    model.doc_string = f"{PHOTOS}, RGB in [0, 1], to {PROBABILITIES} of {', '.join(CLASS_NAMES)}"
    model.metadata_props.update(
        {
            "run": name,
            "network": metadata["network"],
            "loss": metadata["loss"],
            "epoch": str(metadata["epoch"]),
            "input_size": str(metadata["input_size"]),
            "classes": json.dumps(CLASS_NAMES),
            PROGRAM: _version(),
        }
    )


def _version() -> str:
    """Borderline's, of a checkout or of the installed package."""
    project = Path(__file__).parents[1] / "pyproject.toml"
    if project.is_file():
        return tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"]
    return version(PROGRAM)


def _tried(path: Path, network: nn.Module, side: int) -> str:
    """What trying the file has shown, in a sentence.

    Raises:
        InputError: its answers are not the network's.
    """
    if importlib.util.find_spec(RUNTIME) is None:
        return f"Not tried, for ONNX Runtime is not installed: pip install {RUNTIME}"
    import numpy as np
    import onnxruntime
    import torch

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    photos = _photos(side)
    pairs = np.split(photos, range(2, len(photos), 2))  # of large photos all together take gigabytes
    found = np.concatenate([session.run([PROBABILITIES], {PHOTOS: pair})[0] for pair in pairs])
    with torch.inference_mode():
        expected = torch.cat([network(torch.from_numpy(pair)) for pair in pairs]).numpy()
    apart = abs(found - expected)
    if not apart.mean() <= MOST_DIFFERENCE:  # nor where it is no number
        raise InputError(
            f"ONNX Runtime {onnxruntime.__version__} and PyTorch {torch.__version__} do not agree on this network "
            f"(probabilities differ by {apart.mean():.2g} on average): nothing was written, try other versions of "
            f"{', '.join(WRITERS)}"
        )
    told = f"{apart.mean():.0e} on average, {apart.max():.0e} at most"
    return f"Tried under ONNX Runtime on {len(photos)} photos: probabilities differ from PyTorch's by {told}."


def _photos(side: int) -> np.ndarray:
    """(N, 3, side, side) float32 in [0, 1]: the photos that arrive inside installed packages, and one of noise."""
    import numpy as np

    from experiments.store.probe import sample_photos
    from seg.photo import read_square

    noise = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    squares = [*(read_square(path, side) for path in sample_photos().values()), noise]
    return np.stack(squares).transpose(0, 3, 1, 2).astype(np.float32) / 255


def _onnx_file(text: str) -> Path:
    """An argparse type: a file that can be there, and is no other kind's, which --overwrite would replace."""
    if Path(text).suffix.lower() != ".onnx":
        raise argparse.ArgumentTypeError(f"{text} is not called as ONNX is: give a file whose name ends in .onnx")
    return writable(text)


def _parser() -> OneLineParser:
    parser = OneLineParser(
        prog=typed("export"),
        description="Write a run's network in one file that runs without PyTorch: photos in, the probabilities of pet, "
        "background and border out, at the side that it was trained at. The file is tried under ONNX Runtime first, "
        "where that is installed.",
    )
    parser.add_argument(
        "run",
        metavar="RUN",
        help="a run's name or folder, or a .safetensors file; also hf://USER/NAME[@REVISION][/FOLDER]",
    )
    parser.add_argument("--to", choices=["onnx"], default="onnx", help="the file's format (default: onnx)")
    parser.add_argument(
        "--out", type=_onnx_file, metavar="FILE", help="the file (default: RUN.onnx, such as ce-s0.onnx, here)"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace the file where it is there")
    return parser


if __name__ == "__main__":
    run_command(main)
