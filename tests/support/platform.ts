import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { removeDataFolder } from '@kapok/kit-store/testing'

const root = join(import.meta.dirname, '../..')

export interface Started {
  child: ChildProcess
  folder: string
  httpPort: number
  mqttPort: number
  url: string
  /** Everything that was printed so far. */
  said(): string
  /** Resolves when /readyz answers 200; rejects with what was printed when the process ends first. */
  ready(): Promise<void>
  exited: Promise<number | null>
  /** SIGTERM, and wait for the end. */
  stop(): Promise<void>
}

/** Below the ports that a system gives to outgoing connections (32768 and up on Linux), a slice for each test worker. */
const firstPort = 12_000 + (Number(process.env.VITEST_POOL_ID ?? 0) % 8) * 2_500
let portsGiven = process.pid % 2_000

/**
 * A port on which nothing listens. Not one that the system picks: until the platform listens there, it would give the same
 * one to any outgoing connection.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = firstPort + (portsGiven++ % 2_500)
    const isFree = await new Promise<boolean>((done) => {
      const probe = createServer()
        .once('error', () => done(false))
        .listen(port, '127.0.0.1', () => probe.close(() => done(true)))
    })
    if (isFree) return port
  }
}

export const newFolder = () => mkdtempSync(join(tmpdir(), 'kapok-story-'))
export const removeFolder = removeDataFolder

/** Starts `kapok <verb>` on free ports and its own folder, by Node itself or by npm as a user would. */
export async function startKapok(
  verb: readonly string[],
  options: { folder: string; byNpm?: boolean; httpPort?: number; mqttPort?: number; env?: Record<string, string> },
): Promise<Started> {
  const httpPort = options.httpPort ?? (await freePort())
  const mqttPort = options.mqttPort ?? (await freePort())
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '',
    KAPOK_DATA: options.folder,
    KAPOK_HTTP_PORT: String(httpPort),
    KAPOK_MQTT_PORT: String(mqttPort),
    KAPOK_HANDLE_PORT: String(await freePort()),
    KAPOK_RESOLVER_HTTP_PORT: String(await freePort()),
    KAPOK_LOG: 'error',
    // A test that fails shows the log among the words.
    KAPOK_LOG_TO: 'stderr',
    ...options.env,
  }
  const [command, args] =
    options.byNpm === true
      ? ['npm', ['run', ...verb]]
      : [process.execPath, [join(root, 'server/src/kapok.ts'), ...verb]]
  // By npm it leads a group of its own, as a terminal's foreground job does.
  const child = spawn(command, args, {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: options.byNpm === true,
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const exited = new Promise<number | null>((done) => child.once('exit', (code) => done(code)))
  const url = `http://127.0.0.1:${httpPort}`
  return {
    child,
    folder: options.folder,
    httpPort,
    mqttPort,
    url,
    said: () => text,
    exited,
    async ready() {
      for (const began = Date.now(); ; await sleep(100)) {
        const reply = await fetch(`${url}/readyz`).catch(() => undefined)
        if (reply?.ok === true) return
        if (child.exitCode !== null) throw new Error(`kapok ended with ${child.exitCode}: ${text}`)
        if (Date.now() - began > 120_000) throw new Error(`kapok is not ready after 120 s: ${text}`)
      }
    },
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
      await exited
    },
  }
}

/** Processes that have this text in their command line or environment; what a stopped platform must leave none of. */
export function processesOf(text: string): { pid: number; command: string }[] {
  const found: { pid: number; command: string }[] = []
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const command = readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ')
      const environment = readFileSync(`/proc/${entry}/environ`, 'utf8')
      if (Number(entry) !== process.pid && (command.includes(text) || environment.includes(text)))
        found.push({ pid: Number(entry), command })
    } catch {
      // It ended while we looked, or is somebody else's.
    }
  }
  return found
}

export async function waitFor(what: string, holds: () => boolean | Promise<boolean>, ms = 60_000): Promise<void> {
  for (const began = Date.now(); !(await holds()); await sleep(100))
    if (Date.now() - began > ms) throw new Error(`waited ${ms} ms in vain for ${what}`)
}
