"""Pictures of every screen, for people who want to look at all of them: `make pictures`.

Real Jupyter servers, shells, iroh endpoints and a real Chromium, as in `tests/e2e`. One module for each surface: the
page, the guest page, JupyterLab, notebooks, and the pictures of the README.
"""
