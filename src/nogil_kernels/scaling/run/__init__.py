"""Run a comparison: this and other interpreters take their samples in rounds."""
