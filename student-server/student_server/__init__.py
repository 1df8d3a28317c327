"""A small language model that is fine-tuned and served behind OpenAI's protocol."""
