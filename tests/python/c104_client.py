"""A controlling station by another's hand (PyPI c104, on lib60870-C), unmodified: what it makes of ours as an outstation."""
import json
import os
import sys
import time

import c104

client = c104.Client()
connection = client.add_connection(ip="127.0.0.1", port=int(sys.argv[1]), init=c104.Init.NONE)
station = connection.add_station(common_address=1)
types = [
    (1, c104.Type.M_SP_NA_1),
    (2, c104.Type.M_DP_NA_1),
    (3, c104.Type.M_ST_NA_1),
    (5, c104.Type.M_ME_NA_1),
    (6, c104.Type.M_ME_NB_1),
    (7, c104.Type.M_ME_NC_1),
    (8, c104.Type.M_IT_NA_1),
]
points = {address: station.add_point(io_address=address, type=kind) for address, kind in types}
order = station.add_point(io_address=21, type=c104.Type.C_SC_NA_1, command_mode=c104.CommandMode.SELECT_AND_EXECUTE)
client.start()
connection.connect()
for _ in range(100):
    if connection.is_connected:
        break
    time.sleep(0.1)
connection.unmute()
# STARTDT is confirmed by the station; what is sent before that is not taken.
for _ in range(100):
    if not connection.is_muted:
        break
    time.sleep(0.05)


def answered(ask):
    """Now and then the package says that nothing came, though it read every value: then it asks again."""
    return any(ask() for _ in range(4))


asked = answered(lambda: connection.interrogation(common_address=1, wait_for_response=True))
counted = answered(lambda: connection.counter_interrogation(common_address=1, wait_for_response=True))
order.value = True
ordered = answered(lambda: order.transmit(cause=c104.Cot.ACTIVATION))
time.sleep(0.5)
read = {address: str(point.value) if address == 2 else float(point.value) for address, point in points.items()}
print(json.dumps({"read": read, "asked": asked, "counted": counted, "ordered": ordered}))
sys.stdout.flush()
os._exit(0)
