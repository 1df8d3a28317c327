"""Model folders: blueprints, tokenizers, and files beside trained weights."""
