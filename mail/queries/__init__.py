"""What letters are made of."""
