"""What is wrong outside: servers, disks, mail; each a sentence and a hint, nothing lost."""
