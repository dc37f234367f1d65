"""Measures of forecast quality: arrays in, numbers or small frozen records out."""
