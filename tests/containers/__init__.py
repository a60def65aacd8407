"""Run the container files for real: build, up, submit, drain, kill, down."""
