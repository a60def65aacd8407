"""Everything of Celery, which nothing else imports: the app, its messages, what wakes its loop."""
