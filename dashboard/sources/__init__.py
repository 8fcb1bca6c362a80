"""One module a source: the payload of a provider or a file in, facts out."""
