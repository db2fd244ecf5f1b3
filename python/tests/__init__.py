"""Tests of the package. ``python3 -m unittest`` runs them, in this directory's parent."""
