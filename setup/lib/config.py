"""Odoo's configuration file, for every command and for whoever runs Odoo by hand."""

from . import odoo, paths

DEVELOPMENT = {
    "http_interface": "127.0.0.1",
    # No scheduled actions unless asked for: ./setup/run turns them on.
    "max_cron_threads": "0",
    "server_wide_modules": "base,rpc,web",
}


def write(env):
    """Write the configuration that leads to a server and to our add-ons."""
    options = {
        "addons_path": ",".join(str(path) for path in odoo.addons_paths()),
        "data_dir": paths.DATA,
        "screenshots": paths.SCREENSHOTS,
        "db_host": env["PGHOST"],
        "db_port": env.get("PGPORT", "5432"),
        "db_user": env.get("PGUSER", ""),
        **DEVELOPMENT,
    }
    lines = ["[options]", *(f"{key} = {value}" for key, value in options.items() if value)]
    text = "\n".join(lines) + "\n"
    if not paths.CONFIG.exists() or paths.CONFIG.read_text() != text:
        paths.CONFIG.write_text(text)
