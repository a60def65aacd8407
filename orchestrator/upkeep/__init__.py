"""What the reconciler does beside its loop: keeping results, serving metrics."""
