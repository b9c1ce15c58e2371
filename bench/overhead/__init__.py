"""What a call costs before any work is done."""
