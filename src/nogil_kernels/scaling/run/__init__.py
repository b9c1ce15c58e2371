"""Run a comparison: sessions in this and other interpreters take their samples in rounds."""
