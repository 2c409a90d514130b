"""Per modality, what encoders have to take and what they have to refuse: GOOD and BAD in a module of its name."""
