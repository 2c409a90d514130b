"""How many entries a second the encoders take, beside a plain loop over the same models."""
