"""Run by the environment's Python, where Odoo is."""
