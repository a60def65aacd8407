"""What the tests share: fake hardware, real processes, jobs and rows to start from."""
