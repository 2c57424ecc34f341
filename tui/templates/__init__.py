"""The template files: reading them, and putting the shipped ones where they can be edited."""
