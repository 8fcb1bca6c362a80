"""What is shown: one function a question, frozen dataclasses and frames out."""
