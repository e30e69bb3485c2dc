"""A CPU played by python-snap7: port. Ends when byte 0 of DB2 is set; prints DB1 as it is then, in hexadecimal."""
import struct
import sys
import time

from snap7.server import Server
from snap7.type import SrvArea

first, second, markers = bytearray(300), bytearray(10), bytearray(100)
first[0] = 0b10
struct.pack_into(">h", first, 4, -2)
struct.pack_into(">f", first, 8, 1.5)
first[20:30] = b"\x10\x05KAPOK\x00\x00\x00"
struct.pack_into(">i", first, 200, 70000)
struct.pack_into(">h", markers, 2, 22)
server = Server(log=False)
server.register_area(SrvArea.DB, 1, first)
server.register_area(SrvArea.DB, 2, second)
server.register_area(SrvArea.MK, 0, markers)
server.start(tcp_port=int(sys.argv[1]))
began = time.monotonic()
while second[0] == 0 and time.monotonic() - began < 50:
    time.sleep(0.05)
server.stop()
print(first.hex())
