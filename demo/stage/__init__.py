"""The stage: one photo, several networks' answers over it, and a threshold that moves all of them in the browser."""
