import type { Simulator } from '../simulator.ts'
import { simulatorOf } from '../simulators.ts'
import type { LibraryModel } from './model.ts'
import { heldAt } from './simulate-profile.ts'

export interface PlayedModel {
  simulator: Simulator
  /** Settings for a tag table that lead to it. */
  connection: Record<string, unknown>
  stop(): Promise<void>
}

/** Plays a machine of the library on its protocol's simulator: its values go as its file says, until it is stopped. */
export async function playModel(
  model: LibraryModel,
  options: { port?: number; host?: string; everyMs?: number } = {},
): Promise<PlayedModel> {
  const { everyMs = 1_000, ...at } = options
  const addresses = model.tags.map(({ address }) => address)
  const simulator = await (await simulatorOf(model.protocol))({ ...at, addresses })
  const began = performance.now()
  const play = () => {
    const elapsedMs = performance.now() - began
    for (const { scale = 1, offset = 0, values, ...tag } of model.tags)
      simulator.set(tag.address, tag.type, heldAt({ ...tag, scale, offset, values }, elapsedMs))
  }
  try {
    play()
  } catch (error) {
    await simulator.stop()
    throw error
  }
  const timer = setInterval(play, everyMs)
  return {
    simulator,
    connection: { ...model.connection, ...simulator.settings },
    async stop() {
      clearInterval(timer)
      await simulator.stop()
    },
  }
}
