"""Several processes that train one run do what one process does that has their parts one after another."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from seg.networks import create
from seg.parallel import ALONE, Ranks

PROJECT = Path(__file__).parents[2]
SEED, LR, SIDE = 3, 1e-3, 32

# What each rank runs: an epoch of `seg.training.train`, then an evaluation, beside that of a process alone
RANK = """
import json, os, sys
from pathlib import Path
import torch
import torch.nn.functional as F
import seg.networks.segnet
from seg.batches import DeviceSplit
from seg.evaluation import evaluate
from seg.options import Options
from seg.parallel import ALONE, joined
from seg.training import train
from seg.training.state import TrainingState

seg.networks.segnet.STAGES = ((1, 8), (1, 8), (1, 16), (1, 16))
torch.use_deterministic_algorithms(True)
folder, batch_size, ema = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
drawn = torch.load(folder / "photos.pt")
split = DeviceSplit(drawn["photos"], drawn["masks"])
losses, calls = [], []

def loss(logits, masks):
    value = F.cross_entropy(logits, masks)
    if value.requires_grad:
        losses.append((value.item(), len(masks)))
    return value

with joined() as ranks:
    options = Options(loss="ce", epochs=1, seed=SEED, lr=LR, batch_size=batch_size, size=SIDE, jitter=0.0, ema=ema,
                      precision="fp32")
    state = TrainingState.start(options, torch.device("cpu"))
    *_, result = train(options, state, split, split, split, loss, lambda phase, n: calls.append((phase, n)), ranks)
    how = {"network_size": SIDE, "precision": "fp32", "batch_size": 7, "temperature": 1.3}
    together = evaluate(state.scored_model, split, F.cross_entropy, **how, ranks=ranks)
    alone = evaluate(state.scored_model, split, F.cross_entropy, **how)
    same = {name: bool((getattr(together, name) == getattr(alone, name)).all())
            for name in ("confusions", "cross_entropy", "custom_iou", "boundary_iou")}
    same |= {name: bool((getattr(together.details, name) == getattr(alone.details, name)).all())
             for name in ("boundary_iou_with_border", "label_quality", "border_matches", "margins", "bands",
                          "calibration")}
    same["loss"] = together.loss == alone.loss
    weights = {name: value.double().sum().item() for name, value in state.scored_model.state_dict().items()}
    told = {"losses": losses, "calls": calls, "train_loss": result.train_loss, "same": same, "weights": weights,
            "scores": result.evaluation.scores(), "temperature": result.tuning.temperature}
    (folder / f"rank-{ranks.rank}.json").write_text(json.dumps(told))
"""


# The loss of one rank alone is not finite, where its own check raises so
BROKEN = """
import sys
from pathlib import Path
import torch
import torch.nn.functional as F
import seg.networks.segnet
from seg.batches import DeviceSplit
from seg.losses import Diverged
from seg.options import Options
from seg.parallel import joined
from seg.training import train
from seg.training.state import TrainingState

seg.networks.segnet.STAGES = ((1, 8), (1, 8), (1, 16), (1, 16))
folder, phase, count = Path(sys.argv[1]), sys.argv[2], 0
drawn = torch.load(folder / "photos.pt")
split = DeviceSplit(drawn["photos"], drawn["masks"])

with joined() as ranks:
    def loss(logits, masks):
        global count
        count += logits.requires_grad == (phase == "training")
        if ranks.rank == 1 and logits.requires_grad == (phase == "training") and count == 3:
            raise Diverged("the logits are not finite")
        return F.cross_entropy(logits, masks)

    options = Options(loss="ce", epochs=1, batch_size=4, size=SIDE, precision="fp32")
    state = TrainingState.start(options, torch.device("cpu"))
    try:
        for _ in train(options, state, split, split, split, loss, lambda phase, photos: None, ranks):
            pass
    except Diverged as error:
        (folder / f"rank-{ranks.rank}.txt").write_text(str(error))
"""


@pytest.mark.parametrize(
    ("phase", "said"),
    [
        ("training", "the training loss is not finite in batch 3 of epoch 1"),
        ("scoring", "the validation loss after epoch 1 is nan"),
    ],
)
def test_where_one_rank_alone_diverges_all_say_so(phase, said, tmp_path):
    draw(tmp_path, 40)
    # ten batches of 40 photos: scored before training, five by each rank, and after it
    script = BROKEN.replace("SIDE", str(SIDE)).replace(
        "count == 3", "count == 8" if phase == "scoring" else "count == 3"
    )
    (tmp_path / "rank.py").write_text(script)
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    environment = os.environ | {"PYTHONPATH": str(PROJECT), "OMP_NUM_THREADS": "1"}
    words = [*launcher, str(tmp_path / "rank.py"), str(tmp_path), phase]
    ended = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    assert [(tmp_path / f"rank-{rank}.txt").read_text() for rank in range(2)] == [said, said]


def ranks_told(folder: Path, count: int, batch_size: int, ema: float) -> list[dict]:
    """What each of so many ranks has written, which `torchrun` starts."""
    script = folder / "rank.py"
    script.write_text(RANK.replace("SEED", str(SEED)).replace("LR", str(LR)).replace("SIDE", str(SIDE)))
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={count}"]
    environment = os.environ | {"PYTHONPATH": str(PROJECT), "OMP_NUM_THREADS": "1"}
    words = [*launcher, script, folder, batch_size, ema]
    ended = subprocess.run([str(w) for w in words], env=environment, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
    return [json.loads((folder / f"rank-{rank}.json").read_text()) for rank in range(count)]


def draw(folder: Path, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Photos and masks that a flip does not change."""
    generator = torch.Generator().manual_seed(1)
    photos = torch.randint(0, 256, (count, 3, SIDE, SIDE), dtype=torch.uint8, generator=generator)
    masks = torch.randint(0, 3, (count, SIDE, SIDE), dtype=torch.uint8, generator=generator)
    photos, masks = (torch.cat([half, half.flip(-1)], dim=-1) for half in (photos[..., :16], masks[..., :16]))
    torch.save({"photos": photos, "masks": masks}, folder / "photos.pt")
    return photos, masks


# What two ranks have of a batch of so many photos
PARTS = {4: [2, 2], 5: [2, 3], 1: [0, 1]}


def accumulated_losses(photos: torch.Tensor, masks: torch.Tensor, batch_size: int) -> list[float]:
    """The loss of each step where one process adds up the gradients of both parts of every batch."""
    torch.manual_seed(SEED)
    model = create("segnet", stages=[(1, 8), (1, 8), (1, 16), (1, 16)]).train()
    optimiser = torch.optim.Adam(model.parameters(), lr=LR)
    order = torch.randperm(len(photos), generator=torch.Generator().manual_seed(SEED))
    losses = []
    for batch in order.split(batch_size):
        optimiser.zero_grad()
        total = 0.0
        for part in batch.split(PARTS[len(batch)]):
            if len(part):
                share = len(part) / len(batch)
                loss = share * F.cross_entropy(model(photos[part].float() / 255), masks[part].long())
                loss.backward()
                total += loss.item()
        optimiser.step()
        losses.append(total)
    return losses


# the last batch of 51 photos is one alone, so none for a rank
@pytest.mark.parametrize(("batch_size", "photos"), [(4, 40), (5, 51)])
def test_two_processes_are_one_that_adds_up_the_gradients_of_both_halves(batch_size, photos, tmp_path):
    count = 2
    drawn = draw(tmp_path, photos)
    first, *others = ranks_told(tmp_path, count, batch_size, ema=0.9)
    expected = accumulated_losses(*drawn, batch_size)
    sizes = [len(batch) for batch in torch.arange(photos).split(batch_size)]
    steps = [0.0] * len(sizes)
    for rank, told in enumerate([first, *others]):
        assert len(told["losses"]) == len(sizes)
        for step, ((loss, of), size) in enumerate(zip(told["losses"], sizes, strict=True)):
            share = Ranks(rank, count).share(size)
            assert of == len(range(size)[share.rows])
            steps[step] += loss * share.weight / count
    assert steps[:10] == pytest.approx(expected[:10], abs=1e-5)
    if photos % batch_size == 0:  # a photo alone has no batch's statistics, so its loss says little
        assert first["train_loss"] == pytest.approx(sum(expected) / len(expected), abs=1e-5)
    assert first["train_loss"] == pytest.approx(sum(map(float.__mul__, steps, map(float, sizes))) / photos, abs=1e-6)
    for told in (first, *others):
        assert told["same"] == dict.fromkeys(told["same"], True), "an evaluation that is shared out is exact"
        kept = ("calls", "train_loss", "scores", "temperature", "weights")
        assert {name: told[name] for name in kept} == {name: first[name] for name in kept}
    assert sum(n for phase, n in first["calls"] if phase == "training") == photos
    assert sum(n for phase, n in first["calls"] if phase == "scoring") == 2 * photos


@given(st.integers(1, 9), st.integers(1, 40))
def test_every_photo_is_in_one_part_and_counts_as_much_as_any_other(count, photos):
    values = torch.rand(photos, dtype=torch.float64)
    shares = [Ranks(rank, count).share(photos) for rank in range(count)]
    seen = [place for share in shares if share.weight for place in range(photos)[share.rows]]
    assert seen == list(range(photos))
    assert all(len(values[share.rows]) for share in shares), "a network takes no empty batch"
    mean = sum(values[share.rows].mean() * share.weight for share in shares) / count
    assert mean.item() == pytest.approx(values.mean().item())
    sizes = [len(range(photos)[share.rows]) for share in shares if share.weight]
    assert max(sizes) - min(sizes) <= 1


@given(st.integers(1, 9), st.integers(0, 40))
def test_every_batch_has_a_rank_and_every_rank_as_many_turns(count, batches):
    turns = [list(Ranks(rank, count).turns(range(batches))) for rank in range(count)]
    assert len({len(each) for each in turns}) == 1
    for same in zip(*turns, strict=True):
        assert [own for _, mine in same for own in mine] == list(same[0][0])
    assert [batch for turn, _ in turns[0] for batch in turn] == list(range(batches))


def test_a_process_alone_asks_nobody():
    model = torch.nn.Linear(1, 1)
    value = torch.ones(())
    assert ALONE.engine(model) is model
    assert ALONE.total(value) is value
    assert ALONE.share(5).rows == slice(0, 5)
    assert ALONE.share(5).weight == 1
    assert [ALONE.any(True), ALONE.any(False)] == [True, False]
    assert ALONE.of_first(3) == ALONE.together(lambda: 3) == ALONE.if_first(lambda: 3) == ALONE.by_machine(lambda: 3)
    with pytest.raises(KeyError):
        ALONE.together(lambda: {}["x"])
