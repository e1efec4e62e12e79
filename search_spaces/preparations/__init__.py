"""What is kept of a data set to read new samples like its own: one kind a file."""
