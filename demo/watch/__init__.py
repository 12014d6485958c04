"""The Watch tab."""
