"""Check the steps of a derivation: each against what stands before it, without a reference path."""
