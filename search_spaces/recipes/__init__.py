"""Ready sweeps as YAML, one a file: `tuner sweep digits`."""
