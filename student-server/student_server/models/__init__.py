"""Model folders: blueprints, tokenizers, and what lies beside trained weights."""
