"""Who cites the project names the authors of its licence and the version that it has."""

import tomllib
from pathlib import Path

import yaml

PROJECT = Path(__file__).parents[1]


def test_the_citation_names_the_licences_authors_and_this_version():
    citation = yaml.safe_load((PROJECT / "CITATION.cff").read_text())
    licence = (PROJECT / "LICENSE").read_text()
    [author] = citation["authors"]
    assert author["name"] in licence
    assert licence.startswith(f"{citation['license']} License")
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert citation["version"] == project["version"]
    # what the format asks for
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
