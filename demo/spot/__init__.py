"""The Spot check tab."""
