# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Pictures that everybody may see."""


def get_image_url(record, field):
    """Return the address of a picture that everybody may see."""
    # The write date makes the address another one when the picture changes, so it may be kept for ever.
    version = int((record.write_date or record.create_date).timestamp())
    return f"{record.get_base_url()}/web/image/{record._name}/{record.id}/{field}?unique={version}"
