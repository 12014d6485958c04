"""The benchmark measures what it names. How fast is no test's business."""

import pytest

from experiments import benchmark
from experiments.benchmarks import timings
from experiments.comparison.bootstrap import RESAMPLES

TRAINING = ["training, 128 x 128", "training, 64 x 64"]
INFERENCE = ["inference, one photo of 128 x 128", "inference, one photo of 500 x 375"]
POOLS = ["seg.networks.pooling", "nn.MaxPool2d, nn.MaxUnpool2d"]
POOLING = [
    *(f"pooling, {pool}" for pool in POOLS),
    "pooling, times faster",
    *(f"pooling, {pool} keeps" for pool in POOLS),
]
BOOTSTRAP = "bootstrap, 9 runs, 10,000 resamples"


@pytest.fixture(autouse=True)
def small(narrow, monkeypatch) -> None:
    monkeypatch.setattr(timings, "BATCH", 2)


def parse(text: str) -> dict[str, list[str]]:
    """Unit, median, minimum and maximum of each row."""
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    return {name.strip(): [cell.strip() for cell in cells] for name, *cells in (li[1:-1].split("|") for li in lines)}


def test_every_measurement_has_a_row_with_its_spread(command):
    ended = command(benchmark, "--device", "cpu", "--steps", 2)
    assert ended.status == 0
    assert ended.out.startswith("cpu, ")
    assert "2 steps each" in ended.out
    rows = parse(ended.out)
    assert list(rows) == [*TRAINING, "scoring, 128 x 128", *INFERENCE, *POOLING, BOOTSTRAP]
    for unit, *values in rows.values():
        assert unit in ("photos/s", "ms", "MiB", "s", "")
        median, low, high = map(float, values)
        assert 0 < low <= median <= high
    assert rows[BOOTSTRAP][0] == "s"


def test_the_bootstrap_measured_is_of_the_resamples_it_names(command, monkeypatch):
    calls, estimated, resample = [], [], timings.resample

    def few(counts):
        calls.append(counts.shape)
        return resample(counts[:, :9], 9)

    monkeypatch.setattr(timings, "resample", few)
    monkeypatch.setattr(timings, "estimate", lambda resampled, entries: estimated.append(entries))
    rows = parse(command(benchmark, "--device", "cpu", "--steps", 1, "--only", "bootstrap").out)
    assert list(rows) == [f"bootstrap, 9 runs, {RESAMPLES:,} resamples"]
    assert calls == [(9, 3_669, 3, 3)] * 2  # one to warm up
    assert sorted(run for entries in estimated for run in entries.values()) == sorted([*range(9)] * 2)


def test_pooling_keeps_a_byte_a_maximum_where_pytorch_keeps_eight(command):
    rows = parse(command(benchmark, "--device", "cpu", "--steps", 1, "--only", "pooling").out)
    assert list(rows) == POOLING
    maxima = 2 * 64 * 64 * 64  # photos, channels, and the side of 128 halved
    ours, native = (float(rows[f"pooling, {pool} keeps"][1]) for pool in POOLS)
    assert ours * 2**20 == maxima
    assert native * 2**20 == 8 * maxima


def test_each_step_is_timed_once_after_a_warm_up(command, monkeypatch):
    calls = []

    def two(watch: timings.Stopwatch) -> list[timings.Measurement]:
        a, b = watch.seconds(lambda: calls.append("a"), lambda: calls.append("b"))
        return [timings.Measurement("a", "s", a), timings.Measurement("steps", "", [len(a), len(b)])]

    monkeypatch.setattr(timings, "two", two, raising=False)
    monkeypatch.setattr(benchmark, "BENCHMARKS", ("two",))
    rows = parse(command(benchmark, "--device", "cpu", "--steps", 3).out)
    assert calls == ["a", "b"] * 4
    assert rows["steps"] == ["", "3.00", "3.00", "3.00"]


@pytest.mark.parametrize(
    ("options", "said"),
    [(["--only", "dancing"], "--only"), (["--steps", "0"], "--steps"), (["--device", "warp"], "warp")],
)
def test_a_bad_option_ends_in_one_line(command, options, said):
    ended = command(benchmark, *options)
    assert (ended.status, ended.out) == (2, "")
    assert len(ended.err.splitlines()) == 1
    assert said in ended.err
