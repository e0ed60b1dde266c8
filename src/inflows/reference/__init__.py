"""Facts that come with the project, as data files in its own formats."""
