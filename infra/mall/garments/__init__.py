"""Garments as vector shapes: a design in numbers, and the SVG that draws it from the front and the back."""
