# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The primitives of APIv3: RSA-SHA256 signatures, AES-256-GCM resources, OAEP-SHA1 fields."""

import base64
from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID

ALGORITHM = "AEAD_AES_256_GCM"
OAEP_SHA1 = padding.OAEP(mgf=padding.MGF1(algorithm=hashes.SHA1()), algorithm=hashes.SHA1(), label=None)


def new_private_key():
    """Return a new RSA key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(key):
    """Return the PKCS#8 text of a private key, as in apiclient_key.pem."""
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode()


def public_pem(key):
    """Return the text of a public key, as in pub_key.pem."""
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(encoding, form).decode()


def load_private_key(pem):
    """Return the private key of a PEM text."""
    return serialization.load_pem_private_key(pem.encode(), password=None)


def new_certificate(key, common_name, serial):
    """Return a self-signed certificate, valid for five years, as PEM."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    today = datetime.now(timezone.utc)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(serial).not_valid_before(today - timedelta(days=1))
    certificate = builder.not_valid_after(today + timedelta(days=1826)).sign(key, hashes.SHA256())
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def sign(key, message):
    """Return the Base64 of an RSA-SHA256 signature."""
    return base64.b64encode(key.sign(message.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()


def verifies(public_key, message, signature):
    """Tell whether a Base64 signature belongs to a message (text or bytes)."""
    data = message if isinstance(message, bytes) else message.encode()
    try:
        raw = base64.b64decode(signature, validate=True)
        public_key.verify(raw, data, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def encrypt_resource(apiv3_key, plaintext, associated_data, nonce):
    """Return the ``resource`` fields of a text encrypted with the APIv3 key."""
    data = AESGCM(apiv3_key.encode()).encrypt(nonce.encode(), plaintext.encode(), associated_data.encode())
    return {
        "algorithm": ALGORITHM,
        "ciphertext": base64.b64encode(data).decode(),
        "nonce": nonce,
        "associated_data": associated_data,
    }


def decrypt_field(key, ciphertext):
    """Return the text of a field encrypted by the merchant; ValueError if it was not for this key."""
    return key.decrypt(base64.b64decode(ciphertext, validate=True), OAEP_SHA1).decode()
