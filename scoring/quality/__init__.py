"""How good the scorer is: agreement with people, and the mutation checks of a problem."""
