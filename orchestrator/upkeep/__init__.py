"""The reconciler and what it does beside its loop: keeping results, serving metrics; dumps."""
