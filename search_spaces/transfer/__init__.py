"""Ways from one task to another, one a file."""
