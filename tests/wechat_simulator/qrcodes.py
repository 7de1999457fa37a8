# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A small PNG with a QR code; without the ``qrcode`` library a pattern that differs for every text."""

import hashlib
import struct
import zlib

try:
    import qrcode
except ImportError:
    qrcode = None

QUIET = 2


def png_of(text, width=430):
    """Return the PNG of a text, about that wide (280 to 1280 pixels)."""
    matrix = _matrix(text)
    wanted = width if isinstance(width, int) else 430
    scale = max(1, min(max(wanted, 280), 1280) // len(matrix))
    return _png(matrix, scale)


def _matrix(text):
    """Return rows of booleans, True for dark."""
    if qrcode:
        code = qrcode.QRCode(border=QUIET)
        code.add_data(text)
        return code.get_matrix()
    digest = hashlib.sha512(text.encode()).digest()
    return [[bool(digest[row * 2 % 64] >> column % 8 & 1) for column in range(25)] for row in range(25)]


def _png(matrix, scale):
    """Return an image of one bit per pixel."""
    lines = b"".join(b"\0" + _packed(row, scale) for row in matrix for _ in range(scale))
    side = len(matrix) * scale
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _packed(row, scale):
    bits = "".join(("0" if dark else "1") * scale for dark in row)
    bits += "1" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def _chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
