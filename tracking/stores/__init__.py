"""Where runs are shown: one small interface, kept by MLflow or by dictionaries in memory."""
