"""What is trained on the stream."""
