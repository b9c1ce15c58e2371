"""How near each kernel comes to what one core can do at most."""
