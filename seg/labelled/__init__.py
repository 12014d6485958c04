"""Photos with labels: the dataset's with its trimaps, or one's own with masks."""
