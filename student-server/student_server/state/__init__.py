"""What the server remembers: files, jobs, their events, and models."""
