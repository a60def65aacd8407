"""What a stated answer says, read as a form."""
