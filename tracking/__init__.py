"""What happened: the ledger of a sweep, its leaderboard, and its projection into MLflow."""
