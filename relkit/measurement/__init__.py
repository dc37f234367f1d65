"""Effects of campaigns on those drawn: sufficient statistics in, estimates with intervals out."""
