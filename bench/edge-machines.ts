import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Simulator } from '@kapok/edge/simulator'
import { simulatorOf } from '@kapok/edge/simulators'

// Simulated machines in a process of their own, so that their work is not the gateway's.
interface Ask {
  protocol: string
  machines: number
  /** A value that is set when the parent says so. */
  address: string
}

export interface Machines {
  settings: Record<string, unknown>[]
  /** Sets the value of the first machine; resolves when it stands there, with the time at which it did. */
  set(value: number): Promise<number>
  stop(): void
}

export async function startMachines(ask: Ask): Promise<Machines> {
  const child: ChildProcess = fork(import.meta.filename, [JSON.stringify(ask)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const [settings] = (await once(child, 'message')) as [Record<string, unknown>[]]
  return {
    settings,
    async set(value) {
      child.send(value)
      const [at] = (await once(child, 'message')) as [number]
      return at
    },
    stop: () => child.kill('SIGKILL'),
  }
}

if (process.argv[1] === import.meta.filename) {
  const ask = JSON.parse(process.argv[2] ?? '{}') as Ask
  const simulate = await simulatorOf(ask.protocol)
  const machines: Simulator[] = []
  for (let i = 0; i < ask.machines; i++) machines.push(await simulate())
  process.on('message', (value: number) => {
    machines[0]?.set(ask.address, 'uint16', value)
    process.send?.(Date.now())
  })
  process.on('disconnect', () => process.exit(0))
  process.send?.(machines.map(({ settings }) => settings))
}
