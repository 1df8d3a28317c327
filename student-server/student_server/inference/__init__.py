"""Generation and log-probabilities."""
