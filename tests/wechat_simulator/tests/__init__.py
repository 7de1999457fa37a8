# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The simulator, driven by the libraries that the suite uses against the real WeChat."""
