"""How good a forecast is: arrays in, numbers or small frozen records out."""
