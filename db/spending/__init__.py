"""What jobs took, and what a run may take: GPU hours measured, and their budget."""
