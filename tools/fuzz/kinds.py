"""Every kind of attack, by its name: a new one is a module beside this one and a line here."""

from tools.fuzz.mutations import damaged_json, damaged_table
from tools.fuzz.photos import photos
from tools.fuzz.requests import requests
from tools.fuzz.run_folders import damaged_checkpoint, run_folders
from tools.fuzz.trying import Kind

KINDS: dict[str, Kind] = {
    "photos": photos,
    "json": run_folders("*.json", damaged_json),
    "csv": run_folders("*.csv", damaged_table),
    "safetensors": run_folders("*.safetensors", damaged_checkpoint),
    "requests": requests,
}
