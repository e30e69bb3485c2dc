import { createHash } from 'node:crypto'
import { createReadStream, existsSync, statSync } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { type Release, releasePieceBytes } from '@kapok/contracts/gateway-release'
import { SentenceError } from '../sentence.ts'
import { refuseUpdate } from './words.ts'

/** Attempts in a row that bring nothing. */
const failuresMax = 20
const pauseMsMax = 30_000
const pieceMsMax = 120_000

export interface Download {
  /** Where the pieces are; `offset` is added. */
  address: URL
  token: string
  /** Where the file is put together. What an earlier attempt left there is gone on with. */
  file: string
  onBytes(bytes: number): void
  signal: AbortSignal
  /** How long to wait after so many failures in a row. */
  pauseMs?(failures: number): number
}

/** Fetches the file of a release in pieces. Throws SentenceError when the platform refuses, or answers nothing for long. */
export async function download({ bytes }: Release, ask: Download): Promise<void> {
  const { file, onBytes, signal, pauseMs = (failures: number) => Math.min(pauseMsMax, 500 * 2 ** failures) } = ask
  let have = existsSync(file) ? statSync(file).size : 0
  if (have > bytes) {
    await rm(file)
    have = 0
  }
  onBytes(have)
  for (let failures = 0; have < bytes; ) {
    signal.throwIfAborted()
    const piece = await fetchPiece(ask, have).catch((error: unknown) => {
      if (error instanceof SentenceError || signal.aborted) throw error
      return String(error instanceof Error ? (error.cause ?? error) : error)
    })
    if (typeof piece !== 'string') {
      if (have + piece.length > bytes) throw refuseUpdate('update.file', { what: `> ${bytes} B` })
      await append(file, piece)
      have += piece.length
      onBytes(have)
      failures = 0
      continue
    }
    if (++failures > failuresMax) throw refuseUpdate('update.download', { why: piece.slice(0, 300) })
    await pause(pauseMs(failures), signal)
  }
}

async function fetchPiece({ address, token, signal }: Download, offset: number): Promise<Buffer> {
  const reply = await fetch(new URL(`${address.href}?offset=${offset}`), {
    headers: { Authorization: `Bearer ${token}`, 'Accept-Language': 'en' },
    redirect: 'error',
    signal: AbortSignal.any([signal, AbortSignal.timeout(pieceMsMax)]),
  })
  if (reply.status === 429 || reply.status >= 500) throw new Error(`${address.host} answered ${reply.status}`)
  if (!reply.ok) {
    const said = (await reply.json().catch(() => ({}))) as { message?: string }
    throw refuseUpdate('update.download', { why: said.message ?? `${address.host} answered ${reply.status}` })
  }
  const piece = Buffer.from(await reply.arrayBuffer())
  if (piece.length === 0) throw new Error(`${address.host} has nothing from byte ${offset} on`)
  if (piece.length > releasePieceBytes.down) throw refuseUpdate('update.file', { what: `${piece.length} B` })
  return piece
}

async function append(path: string, piece: Uint8Array): Promise<void> {
  const file = await open(path, 'a', 0o600)
  try {
    await file.appendFile(piece)
    await file.sync()
  } finally {
    await file.close()
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((go) => {
    const timer = setTimeout(go, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      go()
    })
  })
}

/** Compares a file with its manifest and deletes one that is another. Throws SentenceError. */
export async function checkFile(file: string, { bytes, sha256 }: Release): Promise<void> {
  const hash = createHash('sha256')
  let length = 0
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
    hash.update(chunk as Buffer)
    length += (chunk as Buffer).length
  }
  const what = length !== bytes ? `${length} B ≠ ${bytes} B` : hash.digest('hex') !== sha256 ? 'SHA-256' : undefined
  if (what === undefined) return
  await rm(file)
  throw refuseUpdate('update.file', { what })
}
