"""Running a comparison: sessions here and in other interpreters, round by round."""
