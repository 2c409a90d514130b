"""Item documents to vectors: what each modality is made from, in which space, what is known and what is missing."""
