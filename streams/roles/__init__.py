"""What a worker of each role is made of; a role's module is imported by its workers alone."""
