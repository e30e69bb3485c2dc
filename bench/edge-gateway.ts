import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../tests/support/platform.ts'

/** Of /proc/<pid>/stat, per second. */
const ticksPerSecond = 100
const pageBytes = 4096

/** A gateway in a process of its own. */
export interface Gateway {
  child: ChildProcess
  status(): Promise<{
    devices: { reads: number }[]
    uplink: { sentPoints: number; connected: boolean }
    buffered: number
  }>
  stop(): Promise<void>
}

const fromRepository = [process.execPath, join(import.meta.dirname, '../server/src/kapok.ts'), 'edge']

/** `command`: what runs a tag table; the packed gateway has no types to strip and is what a plant runs. */
export async function startGateway(folder: string, table: object, command = fromRepository): Promise<Gateway> {
  const statusPort = await freePort()
  const file = join(folder, 'table.yaml')
  writeFileSync(file, JSON.stringify({ ...table, statusPort }))
  const [program = '', ...before] = command
  const child = spawn(program, [...before, file, '--home', join(folder, 'home')], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, KAPOK_LOG: 'error' },
  })
  const status: Gateway['status'] = async () => {
    const reply = await fetch(`http://127.0.0.1:${statusPort}/status`)
    return (await reply.json()) as Awaited<ReturnType<Gateway['status']>>
  }
  for (let tries = 0; tries < 600; tries++)
    try {
      await status()
      break
    } catch {
      await sleep(100)
    }
  return {
    child,
    status,
    async stop() {
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

export const rounded = (value: number) => Math.round(value * 1000) / 1000

export function cpuSecondsOf(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

const rssOf = (pid: number | undefined) => Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * pageBytes

/** The starter of the package, and the gateway that it started. */
export function rssOfPackaged(starter: number | undefined): number {
  const [gateway] = readFileSync(`/proc/${starter}/task/${starter}/children`, 'utf8').trim().split(' ')
  return rssOf(starter) + rssOf(Number(gateway))
}
