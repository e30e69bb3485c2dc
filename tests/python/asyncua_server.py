"""A machine played by asyncua: it counts one variable up until `Stop` is written true, then prints what was written."""
import asyncio
import json
import sys

from asyncua import Server, ua
from asyncua.common.structures104 import new_enum, new_struct, new_struct_field

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
    state = await new_enum(server, index, "PressState", ["idle", "running"])
    axis, _encodings = await new_struct(
        server,
        index,
        "PressAxis",
        [
            new_struct_field("Actual", ua.VariantType.Double),
            new_struct_field("Limits", ua.VariantType.Int32, array=True),
            new_struct_field("Name", ua.VariantType.String),
        ],
    )
    await server.load_data_type_definitions()
    await press.add_variable(ua.NodeId("State", index), "State", 1, ua.VariantType.Int32, state.nodeid)
    held = ua.PressAxis(Actual=12.25, Limits=[-100, 100], Name="滑块")
    await press.add_variable(ua.NodeId("Axis", index), "Axis", held, ua.VariantType.ExtensionObject, axis.nodeid)
    count = await press.add_variable(ua.NodeId("Count", index), "Count", 0, ua.VariantType.UInt32)
    async with server:
        n = 0
        while not await stop.read_value() and n < 500:
            await asyncio.sleep(0.1)
            n += 1
            await count.write_value(n, ua.VariantType.UInt32)
        print(json.dumps({"setpoint": await setpoint.read_value(), "wide": await wide.read_value()}))


asyncio.run(main())
