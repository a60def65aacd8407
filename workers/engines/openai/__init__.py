"""Any OpenAI-compatible server: requests, streams, and what its errors mean."""
