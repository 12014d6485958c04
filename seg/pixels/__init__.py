"""What an image's pixels are, whatever its file calls them."""
