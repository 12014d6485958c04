"""Where a network decides that a pixel is border: the margins it has, and what is set on training photos."""
