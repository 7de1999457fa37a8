"""The demo company: half a year of a UK gift shop with distributors, played through Odoo day by day.

What is real and what is invented is stated in ``tests/data/RULES.md``; section numbers in the docstrings are of
that file.
"""
