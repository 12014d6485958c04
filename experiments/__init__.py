"""Runs on disk: train and log them, read them back, compare them."""
