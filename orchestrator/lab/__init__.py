"""The rules of a lab of boards, without Ray and without waiting: requests, turns, health, the golden network."""
