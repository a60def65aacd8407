"""What ``evalctl judge`` has beside its requests as jobs: files out, and agreement with people."""
