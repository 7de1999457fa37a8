"""./setup/odoo: Odoo's own command line, in our environment."""

from .. import config, environment, paths, postgres, process


def main(args):
    """Run ``odoo ARGS`` with PostgreSQL running and our configuration."""
    environment.ensure("odoo", "suite", "test")
    with postgres.running() as env:
        config.write(env)
        return process.hand_over([paths.venv_python(), "-m", "odoo", *args], env=env)
