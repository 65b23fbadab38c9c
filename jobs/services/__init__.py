"""What is done with jobs beside doing them."""
