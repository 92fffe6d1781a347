"""The command line: parse, call, print. click is imported only here."""
