"""Building blocks that several architectures share, one a file."""
