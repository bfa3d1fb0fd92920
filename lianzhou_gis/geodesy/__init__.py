"""Reference systems, datums, the plane, area, length and distance."""
