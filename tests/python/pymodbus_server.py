# A Modbus device of pymodbus: registers and bits of a known content, until the file `ended` is there.
import asyncio
import os
import sys

from pymodbus.datastore import ModbusDeviceContext, ModbusSequentialDataBlock, ModbusServerContext
from pymodbus.framer import FramerType
from pymodbus.server import StartAsyncTcpServer

port, framer, ended = int(sys.argv[1]), sys.argv[2], sys.argv[3]


async def main():
    # pymodbus's blocks count from 1 where the wire counts from 0.
    device = ModbusDeviceContext(
        co=ModbusSequentialDataBlock(1, [i % 3 == 0 for i in range(100)]),
        di=ModbusSequentialDataBlock(1, [i % 2 == 0 for i in range(100)]),
        hr=ModbusSequentialDataBlock(1, [i * 100 for i in range(200)]),
        ir=ModbusSequentialDataBlock(1, [0x42F6, 0xE979] + [0] * 98),
    )
    context = ModbusServerContext(devices={1: device}, single=False)
    serving = asyncio.create_task(
        StartAsyncTcpServer(context, address=('127.0.0.1', port), framer=FramerType(framer))
    )
    while not os.path.exists(ended):
        await asyncio.sleep(0.1)
    serving.cancel()


asyncio.run(main())
