import json
import math
from collections.abc import Callable
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seg.batches import DeviceSplit
from seg.cache import load_split
from seg.checkpoint import BadCheckpoint, save_checkpoint, write_tensors
from seg.evaluation import evaluate
from seg.losses import Diverged, make_loss
from seg.options import Options, progressive_sizes
from seg.thresholds.margins import margin_histograms
from seg.training import EpochResult, train
from seg.training.state import BadState, TrainingState

CPU = torch.device("cpu")


def make_options(**given: object) -> Options:
    return Options(**{"loss": "ce", "precision": "fp32"} | given)


# of the 12 training photos batches of 5, 5 and 2; of the 8 validation photos 5 and 3
OPTIONS = make_options(epochs=3, size=32, progressive=True, batch_size=5, lr_step=2)

Run = tuple[list[EpochResult], TrainingState]


class Stop(Exception):
    pass


@pytest.fixture(scope="module")
def pets(tiny_pets) -> SimpleNamespace:
    training, validation = (DeviceSplit.upload(load_split(tiny_pets, split, 32), CPU) for split in ("trainval", "test"))
    return SimpleNamespace(training=training, validation=validation, sample=validation)


def run(
    pets: SimpleNamespace,
    options: Options,
    state: TrainingState | None = None,
    on_batch: Callable[[str, int], None] = lambda phase, photos: None,
) -> Run:
    """Train to the end, or until on_batch raises Stop."""
    state, results = state or TrainingState.start(options, CPU), []
    try:
        for result in train(
            options,
            state,
            pets.training,
            pets.validation,
            pets.sample,
            make_loss(options),
            on_batch,
        ):
            results.append(result)
    except Stop:
        pass
    return results, state


def stop_at(phase: str, count: int) -> Callable[[str, int], None]:
    """An on_batch that stops the training at that batch of that phase."""
    seen = []

    def on_batch(current: str, photos: int) -> None:
        seen.append(current)
        if current == phase and seen.count(phase) == count:
            raise Stop

    return on_batch


def run_with_stops(pets: SimpleNamespace, options: Options, stops: list[tuple[str, int]], path: Path) -> Run:
    """Train; at each stop save, load into a state that started otherwise, and go on."""
    results, state = [], TrainingState.start(options, CPU)
    for stop in stops:
        before, state = run(pets, options, state, on_batch=stop_at(*stop))
        assert state.epoch < options.epochs
        results += before
        state.save(path)
        state = TrainingState.start(replace(options, seed=99, lr=1), CPU)
        state.load(path)
    after, state = run(pets, options, state)
    return results + after, state


def assert_identical(one: Run, other: Run) -> None:
    """The same weights and, times left out, results, bit for bit; only the last has details."""
    timeless = [
        [asdict(r.evaluation) | {"epoch": r.epoch, "rate": r.learning_rate, "train": r.train_loss} for r in results]
        for results, _ in (one, other)
    ]
    for results in timeless:
        assert results[-1]["details"] is not None
        results[:-1] = [{name: result[name] for name in result if name != "details"} for result in results[:-1]]
    torch.testing.assert_close(*timeless, rtol=0, atol=0, equal_nan=True)
    tunings = [asdict(results[-1].tuning) for results, _ in (one, other)]
    torch.testing.assert_close(*tunings, rtol=0, atol=0)
    weights = [state.model.state_dict() for _, state in (one, other)]
    torch.testing.assert_close(*weights, rtol=0, atol=0)


# --- the schedule ---------------------------------------------------------------------------------


def test_progressive_sizes_of_the_articles_schedule():
    assert progressive_sizes(20, 128, 16) == (64,) * 14 + (96,) * 3 + (128,) * 3


@given(epochs=st.integers(1, 200), size=st.integers(1, 32).map(lambda sixteenths: 16 * sixteenths))
def test_progressive_sizes_grow_to_the_whole_size_in_multiples_of_16(epochs, size):
    sizes = progressive_sizes(epochs, size, 16)
    assert len(sizes) == epochs
    assert sizes[-1] == size
    assert all(before <= after for before, after in pairwise(sizes))
    assert all(side >= 16 and side % 16 == 0 for side in sizes)


def test_the_learning_rate_follows_steplr(pets, narrow):
    options = make_options(epochs=5, size=16, batch_size=12, lr=8e-3, lr_step=2, lr_decay=0.5)
    state, used = TrainingState.start(options, CPU), []

    def on_batch(phase: str, photos: int) -> None:
        if phase == "training":
            used.append(state.optimiser.param_groups[0]["lr"])

    results, _ = run(pets, options, state, on_batch=on_batch)
    assert used == pytest.approx([8e-3, 8e-3, 4e-3, 4e-3, 2e-3])
    assert [result.learning_rate for result in results] == pytest.approx([8e-3, *used])


def test_the_network_runs_at_the_optionss_sizes(pets, narrow):
    state, seen = TrainingState.start(OPTIONS, CPU), []
    state.model.register_forward_pre_hook(lambda model, inputs: seen.append((model.training, inputs[0].shape[-1])))
    run(pets, OPTIONS, state)
    assert [size for training, size in seen if training] == [16] * 6 + [32] * 3
    # before the last epoch's photos, two training photos to tune on
    assert [size for training, size in seen if not training] == [16] * 6 + [32] * 3


# --- an epoch -------------------------------------------------------------------------------------


def test_every_epoch_shows_each_photo_once_in_a_new_order(pets, narrow):
    state, orders, counts = TrainingState.start(OPTIONS, CPU), [], []

    def on_batch(phase: str, photos: int) -> None:
        if phase == "training":
            orders.append(state.order.tolist())
            counts.append(photos)

    run(pets, OPTIONS, state, on_batch=on_batch)
    assert counts == [5, 5, 2] * 3
    for epoch in range(3):
        first, second, third = orders[3 * epoch : 3 * epoch + 3]
        assert first == second == third
        assert sorted(first) == list(range(12))
    assert len({tuple(order) for order in orders}) == 3


def test_the_sample_is_scored_until_the_last_epoch_which_scores_all_in_detail(pets, narrow):
    few = DeviceSplit(pets.validation.photos[:3], pets.validation.masks[:3])
    results, _ = run(SimpleNamespace(training=pets.training, validation=pets.validation, sample=few), OPTIONS)
    assert [result.epoch for result in results] == [0, 1, 2, 3]
    assert [len(result.evaluation.confusions) for result in results] == [3, 3, 3, 8]
    assert [result.evaluation.details is not None for result in results] == [False, False, False, True]
    assert [result.tuning is not None for result in results] == [False, False, False, True]


@pytest.mark.parametrize("ema", [0.0, 0.9])
def test_the_last_epoch_is_tuned_on_every_tenth_training_photo_as_it_is(pets, narrow, ema):
    """Neither flipped, nor jittered, nor cropped, and by the model that is scored."""
    options = replace(OPTIONS, jitter=0.5, crop=0.5, ema=ema)
    results, state = run(pets, options)
    with torch.no_grad():
        logits = state.scored_model.eval()(pets.training.photos[::10] / 255)
    expected = margin_histograms(logits, pets.training.masks[::10].long())
    assert expected.shape[0] == 2
    assert (results[-1].tuning.margins - expected).abs().sum() <= 8  # rounding may put a pixel into the next bin
    assert results[-1].evaluation.details.temperature == results[-1].tuning.temperature


def test_training_learns_the_drawn_pets(pets, narrow):
    results, _ = run(pets, make_options(epochs=10, size=32, batch_size=6, lr=0.01))
    assert results[-1].train_loss < 0.6 * results[1].train_loss
    shares = pets.validation.class_counts().sum(dim=0) / pets.validation.masks.numel()
    assert results[-1].evaluation.scores()["pixel_accuracy"] > shares.max() + 0.1


def test_untrained_scores_have_no_training_loss(pets, narrow):
    results, _ = run(pets, OPTIONS)
    assert [math.isnan(result.train_loss) for result in results] == [True, False, False, False]
    assert all(result.seconds > 0 for result in results)
    assert all(result.images_per_second > 0 for result in results[1:])


# --- the same again -------------------------------------------------------------------------------


def test_the_same_seed_trains_the_same_whatever_torchs_own_generator_does(pets, narrow):
    torch.manual_seed(1)
    one = run(pets, OPTIONS)
    torch.manual_seed(2)
    assert_identical(one, run(pets, OPTIONS))


def test_starting_leaves_torchs_own_generator_alone(narrow):
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    TrainingState.start(OPTIONS, CPU)
    assert torch.equal(torch.rand(1), expected)


def test_another_seed_starts_from_other_weights_and_draws_other_batches(narrow):
    states = [TrainingState.start(make_options(seed=seed), CPU) for seed in (0, 1)]
    weights = [next(state.model.encoder.parameters()) for state in states]
    assert not torch.equal(*weights)
    assert not torch.equal(*(torch.randperm(20, generator=state.generator) for state in states))


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize(
    "stops",
    [[("training", 5)], [("scoring", 5)], [("scoring", 1)], [("training", 2), ("scoring", 1)], [("tuning", 1)]],
    ids=["training epoch 2", "scoring epoch 2", "scoring epoch 0", "training and scoring epoch 1", "tuning"],
)
def test_resumed_run_equals_uninterrupted_run(pets, narrow, tmp_path, stops, precision):
    options = make_options(epochs=3, size=32, progressive=True, batch_size=5, lr_step=2, precision=precision)
    assert_identical(run_with_stops(pets, options, stops, tmp_path / "state"), run(pets, options))


def test_resumed_run_of_the_whole_segnet_equals_uninterrupted_run(pets, tmp_path):
    options = make_options(epochs=2, size=16, batch_size=6)
    assert_identical(run_with_stops(pets, options, [("training", 3)], tmp_path / "state"), run(pets, options))


def test_a_resumed_epoch_counts_the_time_before_the_stop(pets, narrow, tmp_path):
    _, state = run(pets, OPTIONS, on_batch=stop_at("training", 5))
    assert 0 < state.training_seconds <= state.seconds
    state.seconds = state.training_seconds = 1000.0
    state.save(tmp_path / "state")
    state.load(tmp_path / "state")
    (second, third), _ = run(pets, OPTIONS, state)
    assert second.seconds > 1000 > third.seconds
    assert second.images_per_second < 12 / 1000


# --- what goes wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["ce", "focal"])
def test_an_absurd_learning_rate_diverges(pets, narrow, loss):
    with pytest.raises(Diverged):
        run(pets, make_options(epochs=2, size=16, batch_size=5, lr=1e30, loss=loss))


@pytest.mark.parametrize("loss", ["ce", "focal"])
def test_weights_broken_by_the_very_last_step_are_noticed(pets, narrow, loss):
    with pytest.raises(Diverged):
        run(pets, make_options(epochs=1, size=16, batch_size=12, lr=1e30, loss=loss))


@pytest.mark.parametrize("loss", ["ce", "focal"])
def test_weights_that_are_not_finite_diverge(pets, narrow, loss):
    state = TrainingState.start(OPTIONS, CPU)
    torch.nn.init.constant_(state.model.normalise.weight, float("nan"))
    with pytest.raises(Diverged):
        run(pets, replace(OPTIONS, loss=loss), state)


def a_checkpoint(path: Path, state: TrainingState) -> None:
    save_checkpoint(path, state.model, network="segnet", loss="ce", epoch=1, input_size=16, scores={})


def another_networks_state(path: Path, state: TrainingState) -> None:
    state.model.encoder = torch.nn.ModuleList()
    state.save(path)


def half_a_state(path: Path, state: TrainingState) -> None:
    state.save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def numbers(value) -> Callable[[Path, TrainingState], None]:
    def write(path: Path, state: TrainingState) -> None:
        write_tensors(path, {f"model.{n}": v for n, v in state.model.state_dict().items()}, {"training": value})

    return write


NOT_A_STATE = {
    "nothing": lambda path, state: None,
    "text": lambda path, state: path.write_text("404 not found"),
    "half": half_a_state,
    "checkpoint": a_checkpoint,
    "state of another network": another_networks_state,
    "weights alone": numbers(json.dumps({})),
    "no JSON": numbers("epoch 3"),
    "a list": numbers(json.dumps([1, 2])),
}


@pytest.mark.parametrize("case", NOT_A_STATE)
def test_what_is_not_a_training_state_is_refused_in_one_line(narrow, tmp_path, case):
    path = tmp_path / "state.safetensors"
    NOT_A_STATE[case](path, TrainingState.start(OPTIONS, CPU))
    unreadable = case in ("nothing", "text", "half")
    with pytest.raises(BadCheckpoint if unreadable else BadState) as caught:
        TrainingState.start(OPTIONS, CPU).load(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


# --- beyond the article ---------------------------------------------------------------------------

BEYOND = make_options(
    epochs=3,
    size=32,
    progressive=True,
    batch_size=5,
    schedule="cosine",
    warmup=1.5,
    weight_decay=0.1,
    crop=0.5,
    final_relu=False,
    ema=0.9,
)


@given(epochs=st.integers(1, 30), batches=st.integers(1, 20))
def test_the_cosine_schedule_is_torchs(epochs, batches):
    options = make_options(epochs=epochs, size=16, lr=0.5, schedule="cosine")
    optimiser = torch.optim.SGD([torch.zeros(1)], lr=0.5)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=epochs * batches)
    for epoch in range(1, epochs + 1):
        for batch in range(batches):
            expected = scheduler.get_last_lr()[0]
            assert options.learning_rate_at(epoch, batch, batches) == pytest.approx(expected, abs=1e-9)
            optimiser.step()
            scheduler.step()


@pytest.mark.parametrize("schedule", ["step", "cosine"])
def test_warming_up_grows_linearly_to_the_schedule(schedule):
    plain = make_options(epochs=10, size=16, schedule=schedule, lr_step=2)
    warm = make_options(epochs=10, size=16, schedule=schedule, lr_step=2, warmup=2.5)
    steps = [(epoch, batch) for epoch in range(1, 11) for batch in range(4)]
    factors = [warm.learning_rate_at(*step, 4) / plain.learning_rate_at(*step, 4) for step in steps]
    assert factors == pytest.approx([min(1, (index + 1) / 10) for index in range(40)])


def test_the_average_of_the_weights_is_scored_and_kept(pets, narrow):
    state, seen = TrainingState.start(BEYOND, CPU), []
    before = {name: value.clone() for name, value in state.model.state_dict().items()}

    def on_batch(phase: str, photos: int) -> None:
        if phase == "training":
            seen.append({name: value.clone() for name, value in state.model.state_dict().items()})

    results, _ = run(pets, BEYOND, state, on_batch=on_batch)
    expected = seen[0]
    for weights in seen[1:]:
        expected = {
            name: value * 0.9 + weights[name] * 0.1 if value.is_floating_point() else weights[name]
            for name, value in expected.items()
        }
    averaged = state.scored_model.state_dict()
    for name, value in expected.items():
        if value.is_floating_point():
            torch.testing.assert_close(averaged[name], value, msg=name)
    assert not torch.equal(averaged["normalise.weight"], before["normalise.weight"])
    loss = evaluate(
        state.scored_model,
        pets.validation,
        make_loss(BEYOND),
        network_size=32,
        precision="fp32",
        batch_size=5,
    ).loss
    assert results[-1].evaluation.loss == loss


def test_weight_decay_shrinks_weights_beside_the_gradients_step(pets, narrow):
    plain, decayed = (make_options(epochs=1, size=16, batch_size=12, weight_decay=decay) for decay in (0.0, 0.5))
    start = TrainingState.start(plain, CPU).model.state_dict()["encoder.0.0.0.weight"].clone()
    ends = [run(pets, options)[1].model.state_dict()["encoder.0.0.0.weight"] for options in (plain, decayed)]
    torch.testing.assert_close(ends[1], ends[0] - 1e-3 * 0.5 * start)


@pytest.mark.parametrize("stops", [[("training", 5)], [("training", 2), ("scoring", 1)]])
def test_a_resumed_run_beyond_the_article_equals_an_uninterrupted_one(pets, narrow, tmp_path, stops):
    assert_identical(run_with_stops(pets, BEYOND, stops, tmp_path / "state"), run(pets, BEYOND))


def seen_by_the_network(pets: SimpleNamespace, options: Options) -> torch.Tensor:
    """What the network is trained on, (B, 3, S, S), batch after batch."""
    state, seen = TrainingState.start(options, CPU), []
    state.model.register_forward_pre_hook(lambda model, inputs: seen.append(inputs[0]) if model.training else None)
    run(pets, options, state)
    return torch.cat(seen)


def test_the_network_is_trained_on_crops_where_they_are_asked_for(pets, narrow):
    whole, cropped = (
        seen_by_the_network(pets, make_options(epochs=1, size=32, batch_size=5, jitter=0.0, crop=crop))
        for crop in (1.0, 0.5)
    )
    photos = pets.training.photos / 255
    either_way = torch.cat([photos, photos.flip(-1)])

    def distances(seen: torch.Tensor) -> torch.Tensor:
        """Of each to the nearest whole photo."""
        return (seen[:, None] - either_way).abs().amax(dim=(2, 3, 4)).amin(dim=1)

    assert len(whole) == len(cropped) == 12
    assert distances(whole).max() < 1e-6
    assert distances(cropped).min() > 0.05


def steps_rates(pets: SimpleNamespace, options: Options) -> list[float]:
    """The learning rate of each of the optimiser's steps."""
    state, rates = TrainingState.start(options, CPU), []
    state.optimiser.register_step_pre_hook(lambda optimiser, *_: rates.append(optimiser.param_groups[0]["lr"]))
    run(pets, options, state)
    return rates


@pytest.mark.parametrize("warmup", [0.0, 1.5])
def test_each_batch_is_a_step_of_the_cosine_and_of_the_warm_up(pets, narrow, warmup):
    # 3 batches an epoch: 12 steps, of which the first 4.5 warm up
    options = make_options(epochs=4, size=16, batch_size=5, lr=0.02, schedule="cosine", warmup=warmup)
    expected = [0.01 * (1 + math.cos(math.pi * step / 12)) for step in range(12)]
    if warmup:
        expected = [rate * min(1, (step + 1) / 4.5) for step, rate in enumerate(expected)]
    assert steps_rates(pets, options) == pytest.approx(expected)


def moments(state: TrainingState) -> dict[tuple[int, str], torch.Tensor]:
    values = state.optimiser.state_dict()["state"]
    return {(number, name): values[number][name] for number in values for name in ("exp_avg", "exp_avg_sq")}


def test_adams_moments_come_back_in_the_memory_format_they_had(pets, narrow, tmp_path):
    _, state = run(pets, OPTIONS, on_batch=stop_at("training", 2))
    state.save(tmp_path / "state")
    loaded = TrainingState.start(OPTIONS, CPU)
    loaded.load(tmp_path / "state")
    before, after = moments(state), moments(loaded)
    assert before.keys() == after.keys()
    assert len(before) == 2 * len(list(state.model.parameters()))
    for key, value in before.items():
        assert after[key].stride() == value.stride(), key
        assert torch.equal(after[key], value), key
    # or the order of a kernel's dimensions in memory would not matter
    assert any(value.ndim == 4 and not value.is_contiguous() for value in before.values())
