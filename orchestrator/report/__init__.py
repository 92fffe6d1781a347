"""What people see of a sweep in the terminal. rich is imported only here and in the command line."""
