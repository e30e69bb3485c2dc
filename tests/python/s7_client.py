"""Reads and writes a CPU with python-snap7: port. Prints what it read as JSON."""
import json
import sys

import snap7
from snap7.util import get_bool, get_int, get_real, get_string

cpu = snap7.Client()
cpu.connect("127.0.0.1", 0, 1, int(sys.argv[1]))
block = cpu.db_read(10, 0, 60)
marker = cpu.mb_read(2, 2)
cpu.db_write(10, 60, bytearray(b"\x00\x07"))
cpu.mb_write(10, 1, bytearray(b"\x05"))
try:
    cpu.db_read(99, 0, 2)
    refused = False
except Exception:
    refused = True
cpu.disconnect()
print(
    json.dumps(
        {
            "bool": get_bool(block, 0, 1),
            "int": get_int(block, 4),
            "real": get_real(block, 8),
            "string": get_string(block, 20),
            "marker": get_int(marker, 0),
            "refused": refused,
        }
    )
)
