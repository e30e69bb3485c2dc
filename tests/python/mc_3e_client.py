"""Reads and writes a MELSEC station with pymcprotocol: port, plctype, code. Prints what it read as JSON."""
import json
import sys

import pymcprotocol

port, plctype, code = int(sys.argv[1]), sys.argv[2], sys.argv[3]
station = pymcprotocol.Type3E(plctype=plctype)
station.setaccessopt(commtype=code)
station.connect("127.0.0.1", port)
words = station.batchread_wordunits(headdevice="D100", readsize=3)
# Its ASCII code writes hexadecimal device numbers in decimal: not as the manual has it (SH-080008, 8.1), so not tried.
hexadecimal = station.batchread_bitunits(headdevice="X1F", readsize=5) if code == "binary" else None
bits = station.batchread_bitunits(headdevice="M501", readsize=5)
bit_words = station.batchread_wordunits(headdevice="M16", readsize=2)
station.batchwrite_wordunits(headdevice="R26", values=[7, -8])
station.batchwrite_bitunits(headdevice="M100", values=[1, 0, 1])
station.batchwrite_wordunits(headdevice="M32", values=[5])
try:
    station.batchread_wordunits(headdevice="D65535", readsize=2)
    refused = None
except pymcprotocol.mcprotocolerror.MCProtocolError as error:
    refused = str(error)
station.close()
print(json.dumps({"words": words, "bits": bits, "hexadecimal": hexadecimal, "bit_words": bit_words, "refused": refused}))
