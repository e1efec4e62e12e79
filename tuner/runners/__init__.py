"""Runners, one a file: each gives the conductor's jobs to workers of its kind."""
