"""Who is served, with what, and when: memory for what is large, turns for what waits, and what is kept of a visitor."""
