"""The Gradio app: segment a photo, compare runs, scrub through their epochs."""
