"""The words of the domain and their rules. Pure: no I/O, no SQL, no Streamlit."""
