import type { PlantWords } from '../province.ts'
import { controllerOf } from './controller.ts'

/** The tag table of a plant's gateway, as an engineer would write it from the makers' register lists. JSON is YAML. */
export function tagTableOf(plant: PlantWords, settings: readonly Record<string, unknown>[]): string {
  return JSON.stringify(
    {
      devices: plant.machines.map((machine, i) => ({
        name: machine.name,
        protocol: controllerOf(machine).protocol,
        connection: settings[i],
        periodMs: 1_000,
        heartbeatMs: 60_000,
        tags: controllerOf(machine).signals.map(({ property, where, deadBand }) => ({
          property,
          ...where,
          deadBand,
        })),
      })),
    },
    null,
    2,
  )
}
