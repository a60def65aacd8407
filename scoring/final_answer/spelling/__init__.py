"""One spelling for what is written in different ways."""
