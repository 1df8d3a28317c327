"""Generation and log probabilities."""
