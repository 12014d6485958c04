"""Damaged photos, run folders and requests break nothing; and the fuzzers see it where something does."""

import json
import time
from random import Random

import pytest

import tools.fuzz.photos
from demo.catalogue import Catalogue
from seg import InputError
from tools.fuzz.kinds import KINDS
from tools.fuzz.mutations import damaged_bytes, damaged_json, damaged_table
from tools.fuzz.trying import Broke, Tried, keep_trying, refusals, try_one

SECONDS, SEED = 10, 17


@pytest.mark.parametrize("name", KINDS)
def test_nothing_that_is_damaged_breaks_a_door(name, tiny_runs, tmp_path):
    with KINDS[name](tmp_path, tiny_runs) as attack:
        tried = keep_trying(attack, SEED, SECONDS)
    told = "\n\n".join(f"--only {number}\n{error}" for number, error in tried.broke.values())
    assert not tried.broke, told
    # doors that let everything in, or nothing, were not tried
    assert 0 < tried.refused < tried.attacks


@pytest.mark.parametrize("kind", ["photos", "json", "csv", "safetensors"])
def test_the_same_seed_and_number_are_the_same_attack(kind, tiny_runs, tmp_path, monkeypatch):
    seen = []
    if kind == "photos":
        monkeypatch.setattr("tools.fuzz.photos._through_all", lambda path: seen.append(path.read_bytes()))
    else:
        monkeypatch.setattr(
            "tools.fuzz.run_folders._Doors.some_of",
            lambda self, *rest, **more: seen.append([f.read_bytes() for f in sorted(self.runs.rglob("*.*"))]),
        )
    with KINDS[kind](tmp_path, tiny_runs) as attack:
        for number in (0, 1, 0, 1):
            try_one(attack, SEED, number, Tried())
    assert len(seen) == 4
    assert seen[:2] == seen[2:]
    assert seen[0] != seen[1]


def test_a_fault_in_a_reader_of_photos_is_found(tiny_runs, tmp_path, monkeypatch):
    sound = tools.fuzz.photos.open_photo

    def faulty(path, *rest):
        photo = sound(path, *rest)
        if photo.mode == "RGB":
            raise KeyError("icc")
        return photo

    monkeypatch.setattr("tools.fuzz.photos.open_photo", faulty)
    with KINDS["photos"](tmp_path, tiny_runs) as attack:
        tried = keep_trying(attack, SEED, 2)
    assert any("KeyError" in place for place in tried.broke)


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_a_run_that_takes_the_others_with_it_is_found(kind, tiny_runs, tmp_path, monkeypatch):
    sound = Catalogue.read

    def faulty(self):
        runs, broken = sound(self)
        return ([], broken) if broken else (runs, broken)

    with KINDS[kind](tmp_path, tiny_runs) as attack:
        monkeypatch.setattr(Catalogue, "read", faulty)
        tried = keep_trying(attack, SEED, 5)
    assert "whole runs went with a damaged one" in tried.broke


def test_an_answer_in_a_programmers_words_is_found(tiny_runs, tmp_path, monkeypatch):
    monkeypatch.setattr("demo.serving.words.sentence", lambda *_: "TypeError: 'NoneType' object is not subscriptable")
    with KINDS["requests"](tmp_path, tiny_runs) as attack:
        tried = keep_trying(attack, SEED, 5)
    assert any("no sentence for a person" in place for place in tried.broke)


def test_a_slow_answer_and_a_refusal_that_nobody_reads_are_found(monkeypatch):
    monkeypatch.setattr("tools.fuzz.trying.PATIENCE", 0.01)
    tried = Tried()
    try_one(lambda _: time.sleep(0.05), SEED, 3, tried)
    assert [number for number, _ in tried.broke.values()] == [3]
    for said in ("", "\n", "a" * 2_000):
        with pytest.raises(Broke), refusals([]):
            raise InputError(said)


def test_what_is_damaged_is_damaged_in_many_ways():
    record, table = json.dumps({"a": [1, {"b": 2.5}], "c": "ce"}).encode(), b"epoch,loss\n0,0.5\n1,0.25\n"
    for damage, content in ((damaged_bytes, record), (damaged_json, record), (damaged_table, table)):
        made = {damage(Random(seed), content) for seed in range(300)}
        assert len(made - {content}) > 150
