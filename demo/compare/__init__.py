"""The tab that tells which loss finds the border."""
