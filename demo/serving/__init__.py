"""What the app's server keeps, serves and says: files with owners, addresses that are answered, plain sentences."""
