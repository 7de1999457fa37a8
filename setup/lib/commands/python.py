"""./setup/python: the environment's Python, with PostgreSQL running."""

from .. import config, environment, paths, postgres, process


def main(args):
    """Run ``python ARGS`` with the variables Odoo and libpq read."""
    environment.ensure("odoo", "suite", "test")
    with postgres.running() as env:
        config.write(env)
        return process.hand_over([paths.venv_python(), *args], env=env)
