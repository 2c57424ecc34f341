"""The inbox: list, conversation, composer, patient panel, and what each of them does."""
