"""`freshet produce`: rows of a file to events of a topic, validated before they are sent."""
