"""The doors for programs: the API, the feeds and the metrics, on the app's own port. They only read."""
