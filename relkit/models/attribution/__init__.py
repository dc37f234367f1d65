"""Attribution: the share of conversions and of their value that each channel is credited with."""
