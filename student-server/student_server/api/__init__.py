"""Routes of the OpenAI protocol. Nothing here loads PyTorch."""
