"""One candidate's way from configuration to outcome, without knowing who carries out the stages."""
