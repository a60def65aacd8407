"""What the reconciler does beside its loop: metrics."""
