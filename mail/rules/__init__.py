"""What is decided about letters, of nothing but what is given. Pure."""
