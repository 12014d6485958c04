"""Figures: their styles, what each shows, the component that draws them."""
