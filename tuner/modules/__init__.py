"""Lightning modules, one a learning task."""
