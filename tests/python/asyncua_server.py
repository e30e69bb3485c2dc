"""A machine played by asyncua: it counts one variable up until `Stop` is written true, then prints what was written."""
import asyncio
import json
import sys

from asyncua import Server, ua

URI = "http://example.org/press"


async def main():
    server = Server()
    await server.init()
    server.set_endpoint(f"opc.tcp://127.0.0.1:{sys.argv[1]}/machine")
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    index = await server.register_namespace(URI)
    press = await server.nodes.objects.add_object(index, "Press")
    force = await press.add_variable(ua.NodeId("Force", index), "Force", 12.5)
    unit = ua.EUInformation(NamespaceUri="", UnitId=0, DisplayName=ua.LocalizedText("kN"), Description=ua.LocalizedText(""))
    await force.add_property(0, "EngineeringUnits", unit)
    await press.add_variable(ua.NodeId("Zones", index), "Zones", [1, 2, 3], ua.VariantType.Int16)
    setpoint = await press.add_variable(ua.NodeId(77, index), "Setpoint", 5, ua.VariantType.UInt16)
    wide = await press.add_variable(ua.NodeId("Wide", index), "Wide", -5_000_000_000, ua.VariantType.Int64)
    stop = await press.add_variable(ua.NodeId("Stop", index), "Stop", False)
    for each in (setpoint, wide, stop):
        await each.set_writable()
    await press.add_variable(ua.NodeId("Name", index), "Name", "冲压 3")
    count = await press.add_variable(ua.NodeId("Count", index), "Count", 0, ua.VariantType.UInt32)
    async with server:
        n = 0
        while not await stop.read_value() and n < 500:
            await asyncio.sleep(0.1)
            n += 1
            await count.write_value(n, ua.VariantType.UInt32)
        print(json.dumps({"setpoint": await setpoint.read_value(), "wide": await wide.read_value()}))


asyncio.run(main())
