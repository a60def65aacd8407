"""The queue: jobs claimed, leased and committed; the workers and servers that do them."""
