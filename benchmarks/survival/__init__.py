"""A seeded campaign of faults on real sweeps: real processes, real signals, real servers."""
