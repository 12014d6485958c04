"""What the comparison says, in words."""
