"""The pictures that belong to the repository, made by programs: the page's icons and the screenshots of the docs."""
