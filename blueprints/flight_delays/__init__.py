"""Blueprint: how punctual the flights from New York's airports were in 2013."""
