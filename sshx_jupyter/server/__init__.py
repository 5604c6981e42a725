"""The Jupyter server extension: sessions over REST, links over WebSockets, and the page that people are sent to."""
