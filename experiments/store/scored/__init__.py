"""What a run knows after its last epoch: of single photos, of pixels, of thresholds, and its controls."""
