"""Raw media to vectors, one modality a file; knows nothing of streams or learning."""
