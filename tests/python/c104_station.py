"""An outstation by another's hand (PyPI c104, on lib60870-C), unmodified: serves a port until the file named last appears."""
import json
import os
import sys
import time

import c104

port, ended = int(sys.argv[1]), sys.argv[2]
server = c104.Server(ip="127.0.0.1", port=port)
station = server.add_station(common_address=7)
orders = []


def add(address, kind, value):
    point = station.add_point(io_address=address, type=kind)
    point.value = value
    return point


add(1, c104.Type.M_SP_NA_1, True)
add(2, c104.Type.M_DP_NA_1, c104.Double.ON)
add(3, c104.Type.M_ST_NA_1, c104.Int7(-12))
add(4, c104.Type.M_BO_NA_1, c104.Byte32(0x80000001))
add(5, c104.Type.M_ME_NA_1, c104.NormalizedFloat(-0.5))
add(6, c104.Type.M_ME_NB_1, c104.Int16(-1234))
moving = add(7, c104.Type.M_ME_NC_1, 21.5)
stamped = add(8, c104.Type.M_ME_TF_1, 4.25)
add(9, c104.Type.M_SP_TB_1, True)
invalid = station.add_point(io_address=10, type=c104.Type.M_ME_NC_1)
invalid.info = c104.ShortInfo(actual=1.5, quality=c104.Quality.Invalid)
doubtful = station.add_point(io_address=11, type=c104.Type.M_ME_NC_1)
doubtful.info = c104.ShortInfo(actual=2.5, quality=c104.Quality.NonTopical | c104.Quality.Substituted)


def on_order(point: c104.Point, previous_info: c104.Information, message: c104.IncomingMessage) -> c104.ResponseState:
    value = point.value
    orders.append([point.io_address, float(value) if not isinstance(value, (bool, c104.Double)) else str(value)])
    return c104.ResponseState.FAILURE if point.io_address == 25 else c104.ResponseState.SUCCESS


for address, kind, mode in [
    (21, c104.Type.C_SC_NA_1, c104.CommandMode.DIRECT),
    (22, c104.Type.C_DC_NA_1, c104.CommandMode.DIRECT),
    (23, c104.Type.C_SE_NC_1, c104.CommandMode.DIRECT),
    (24, c104.Type.C_SC_NA_1, c104.CommandMode.SELECT_AND_EXECUTE),
    (25, c104.Type.C_SC_NA_1, c104.CommandMode.DIRECT),
]:
    command = station.add_point(io_address=address, type=kind, command_mode=mode)
    command.on_receive(callable=on_order)

server.start()
value = 100.0
for _ in range(500):
    if os.path.exists(ended):
        break
    if server.has_active_connections:
        value += 1
        moving.value = value
        moving.transmit(cause=c104.Cot.SPONTANEOUS)
        stamped.value = value
        stamped.transmit(cause=c104.Cot.SPONTANEOUS)
    time.sleep(0.1)
server.stop()
print(json.dumps(orders))
sys.stdout.flush()
os._exit(0)
