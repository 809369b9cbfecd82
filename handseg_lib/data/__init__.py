"""Data: from a folder of photos to batches that a network can learn from.

hgr1, drawn  ->  samples  ->  augment  ->  batches
"""
