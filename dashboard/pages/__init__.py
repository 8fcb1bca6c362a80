"""Streamlit pages: layout and words, no SQL, no arithmetic."""
