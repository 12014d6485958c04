"""Chromium before the app: pictures and measurements. Not part of the installed package."""
