"""What people's templates are made of: their language, their names, and examples."""
