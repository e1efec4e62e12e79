"""A package of a user's own: it knows nothing of the platform."""
