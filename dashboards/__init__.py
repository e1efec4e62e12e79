"""What it means: reports drawn from the records, one card a file."""
