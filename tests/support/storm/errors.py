# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Odoo's errors, wherever they are logged."""

import logging
from contextlib import contextmanager


@contextmanager
def odoo_errors(errors):
    """Gather what Odoo logs as an error in this process, where the scheduled actions run."""
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: errors.append(handler.format(record))
    loggers = [logging.getLogger(name) for name in ("odoo.addons", "odoo.http", "odoo.models")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.removeHandler(handler)
            logger.setLevel(level)
