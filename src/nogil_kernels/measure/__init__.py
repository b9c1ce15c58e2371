"""What a report must know of where it was measured."""
