"""What may vary, and how a choice is built: dimensions, choices, and the folders of things to choose from."""
