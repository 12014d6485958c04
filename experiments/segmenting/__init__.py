"""A person's own photos, segmented: which they are, the pictures made of them, and what their files are called."""
