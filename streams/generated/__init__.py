"""A made-up world whose truth is known: items with media, users whose tastes those media carry, and what they do."""
