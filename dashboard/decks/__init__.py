"""What is taken along from a review: slides, a paper and tables as files. Shapes of the model in, bytes out."""
