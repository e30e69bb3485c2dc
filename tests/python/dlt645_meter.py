"""A meter by another's hand (PyPI dlt645), unmodified: serves a port until the file named last appears."""
import os
import sys
import time

from dlt645 import MeterServerService
from dlt645.model.types.dlt645_type import Demand
from datetime import datetime

port, ended = int(sys.argv[1]), sys.argv[2]
meter = MeterServerService.new_tcp_server("127.0.0.1", port, 30.0)
meter.set_address(bytes.fromhex("123456789012")[::-1])
meter.set_00(0x00010000, 123456.78)
meter.set_00(0x00010200, 0.05)
meter.set_01(0x01010000, Demand(8.125, datetime(2026, 11, 20, 14, 30)))
meter.set_02(0x02010100, 231.4)
meter.set_02(0x02020200, -12.345)
meter.set_02(0x02030000, -7.0213)
meter.set_02(0x02060000, 0.987)
meter.set_02(0x02800002, 50.02)
meter.start()
for _ in range(500):
    if os.path.exists(ended):
        break
    time.sleep(0.1)
meter.stop()
print("{}")
os._exit(0)
