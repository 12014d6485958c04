"""What commands share: options, grids, one-line errors."""
