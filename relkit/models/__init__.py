"""Statistical models: settings that fit, fitted objects that score, one way to save them all."""
