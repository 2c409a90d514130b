"""From a history to a ranked list: candidates, evidence, the blend and the network that rank, reasons."""
