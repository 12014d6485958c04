"""The dataset's photos where they are not on this machine: what the page says of it, and the one download for all."""
