"""Evaluation: how well a network outlines the hands of people whom it has never seen."""
