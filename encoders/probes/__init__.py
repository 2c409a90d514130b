"""How good vectors are: small tasks with known answers, as functions of vectors and labels."""
