"""Data: from a folder of photos to batches that a network can learn from.

files, gate (what comes in)  ->  samples (hgr1, drawn)  ->  augment  ->  batches
"""
