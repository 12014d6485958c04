"""The bar that says which runs the page shows, and how each tab follows it."""
