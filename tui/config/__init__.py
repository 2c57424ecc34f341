"""The configuration: read strictly, told plainly."""
