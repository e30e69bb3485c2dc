import type { PlantWords } from '../province.ts'
import { machineKinds } from './machine.ts'

/** The tag table of a plant's gateway, as an engineer would write it from the makers' register lists. JSON is YAML. */
export function tagTableOf(
  plant: PlantWords,
  connection: { platform: string; token: string; ports: readonly number[] },
): string {
  return JSON.stringify(
    {
      platform: connection.platform,
      token: connection.token,
      devices: plant.machines.map((machine, i) => ({
        name: machine.name,
        host: '127.0.0.1',
        port: connection.ports[i],
        periodMs: 1_000,
        heartbeatMs: 60_000,
        tags: machineKinds[machine.kind].signals.map(({ property, register, deadBand }) => ({
          property,
          ...register,
          deadBand,
        })),
      })),
    },
    null,
    2,
  )
}
