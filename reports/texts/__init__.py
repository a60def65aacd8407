"""What is said in lines of text: an answer, a breakdown, an estimate, marks."""
