import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkpointText, ed25519Line } from '@kapok/kit/signed-note'
import { encodeData } from '../handle/typed-data.ts'
import { type HandleValue, newValue } from '../handle/value.ts'
import type { RecordStoreOptions } from './record-store.ts'
import { RecordStore } from './record-store.ts'

/** Stores of one test in folders of their own, which it ends by closing. */
export class TestStores {
  #folders: string[] = []
  #open: RecordStore[] = []
  now = Date.UTC(2026, 0, 1)

  folder(): string {
    const folder = mkdtempSync(join(tmpdir(), 'kapok-records-'))
    this.#folders.push(folder)
    return folder
  }

  open(folder: string = this.folder(), options: Partial<RecordStoreOptions> = {}): RecordStore {
    const store = RecordStore.open(folder, { clock: { now: () => this.now++ }, ...options })
    this.#open.push(store)
    return store
  }

  async close(): Promise<void> {
    for (const store of this.#open) await store.close()
    for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true })
    this.#open = []
    this.#folders = []
  }
}

export function value(
  index: number,
  type: string,
  data: string | Buffer,
  more: Partial<HandleValue> = {},
): HandleValue {
  return newValue(index, type, Buffer.from(data as string), { timestamp: 1_700_000_000, ...more })
}

/** A record like a real one: URL, HS_ADMIN, three fields. */
export function partValues(serial: number): HandleValue[] {
  const admin = encodeData({ format: 'admin', permissions: 0x0fff, handle: '0.NA/88.608.8889', index: 300 })
  return [
    value(1, 'URL', `https://id.example.cn/01/06901234567892/21/${serial}`),
    value(100, 'HS_ADMIN', admin),
    value(2000, 'name', '深沟球轴承'),
    value(2001, 'model', '6204-2RS'),
    value(2002, 'batch', `B2026-${serial % 1000}`),
  ]
}

/** Registers or replaces, and must succeed. */
export async function put(store: RecordStore, handle: string, values: readonly HandleValue[]): Promise<number> {
  const outcome = await store.change(handle, '300:0.NA/88.608.8889', () => ({ next: values }))
  if (!outcome.done || outcome.seq === undefined) throw new Error(`not written: ${JSON.stringify(outcome)}`)
  return outcome.seq
}

/** A checkpoint that fits in all but the key that signed it, which has the log's name. */
export function forgedNote(verifierKey: string, size: number, root: Uint8Array): string {
  const [origin = ''] = verifierKey.split('+')
  const { d = '', x = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  const text = checkpointText(origin, size, root)
  const keys = { secret: Buffer.from(d, 'base64url'), public: Buffer.from(x, 'base64url') }
  return `${text}\n${ed25519Line(text, origin, keys)}`
}
