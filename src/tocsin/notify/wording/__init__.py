"""What is said of an event: in Tocsin's words by language, or in a person's own template."""
