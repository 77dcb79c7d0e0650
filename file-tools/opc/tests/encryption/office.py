"""Encrypts and decrypts with msoffcrypto-tool, and reads compound files with olefile: makers and readers that are not ours.

office.py agile|standard HASH|- BITS SPINS PASSWORD PLAIN OUT
office.py open PASSWORD FILE OUT
"""

import io
import struct
import sys

import msoffcrypto
import olefile
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from msoffcrypto.method import ecma376_agile as agile
from msoffcrypto.method.container.ecma376_encrypted import ECMA376Encrypted
from msoffcrypto.method.ecma376_standard import ECMA376Standard

# It leaves out the filling of last blocks (MS-OFFCRYPTO 2.3.4.13 and 2.3.4.14) that hashes and keys of other lengths need.
encrypt_blocks = agile._encrypt_aes_cbc
agile._encrypt_aes_cbc = lambda data, key, iv: encrypt_blocks(data + bytes(-len(data) % 16), key, iv)

SIZES = {"SHA1": 20, "SHA256": 32, "SHA384": 48, "SHA512": 64}


def make_agile(hash_name, bits, spins, password, plain):
    made = agile.ECMA376AgileCipherParams.__init__

    def init(self):
        made(self)
        self.hashName, self.hashSize, self.keyBits = hash_name, SIZES[hash_name], bits

    agile.ECMA376AgileCipherParams.__init__ = init
    return agile.ECMA376Agile.encrypt(password, io.BytesIO(plain), spin_count=spins)


def make_standard(bits, password, plain):
    algorithm = {128: 0x660E, 192: 0x660F, 256: 0x6610}[bits]
    salt, verifier = bytes(range(16)), bytes(range(100, 116))
    key = ECMA376Standard.makekey_from_password(password, algorithm, 0x8004, 24, bits, 16, salt)
    encryptor = lambda: Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    padded = lambda data: data + bytes(-len(data) % 16)
    import hashlib

    name = "Microsoft Enhanced RSA and AES Cryptographic Provider\0".encode("utf-16le")
    header = struct.pack("<8I", 0x24, 0, algorithm, 0x8004, bits, 24, 0, 0) + name
    info = struct.pack("<HHII", 4, 2, 0x24, len(header)) + header
    info += struct.pack("<I", 16) + salt + encryptor().update(verifier)
    info += struct.pack("<I", 20) + encryptor().update(padded(hashlib.sha1(verifier).digest()))
    package = struct.pack("<Q", len(plain)) + encryptor().update(padded(plain))
    out = io.BytesIO()
    ECMA376Encrypted(package, info).write_to(out)
    return out.getvalue()


def main(arguments):
    what = arguments[0]
    if what == "open":
        _, password, path, out = arguments
        ole = olefile.OleFileIO(path, raise_defects=olefile.DEFECT_UNSURE)
        print("\n".join(sorted("/".join(name) for name in ole.listdir())))
        file = msoffcrypto.OfficeFile(open(path, "rb"))
        file.load_key(password=password, verify_password=True)
        plain = io.BytesIO()
        file.decrypt(plain, verify_integrity=file.type == "agile")
        open(out, "wb").write(plain.getvalue())
        return
    _, hash_name, bits, spins, password, plain, out = arguments
    plain = open(plain, "rb").read()
    if what == "agile":
        made = make_agile(hash_name, int(bits), int(spins), password, plain)
    else:
        made = make_standard(int(bits), password, plain)
    open(out, "wb").write(made)


main(sys.argv[1:])
