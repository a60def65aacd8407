"""vLLM as an engine: AsyncLLM with its EngineCore in a child process."""
