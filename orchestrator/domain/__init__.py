"""The nouns of the system: frozen records that the stages hand each other. No third-party imports."""
