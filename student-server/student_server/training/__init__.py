"""Fine-tuning: one process a job, which may be killed at any moment."""
