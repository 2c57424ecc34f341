"""Where postal codes, states and phone numbers are: our own small tables, and phonenumbers."""
