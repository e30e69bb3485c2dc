import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { consistencyPath, type Hash, inclusionPath, rootOf } from '@kapok/kit/merkle'
import { checkpointText, fromHex, toHex } from '@kapok/kit/signed-note'
import type { Kit } from '@kapok/kit-store/kit'
import { type LogKeys, makeLogKeys, signNote, statementText, type VerifierKeys, verifierKeysOf } from './signed-note.ts'

export interface Checkpoint {
  size: number
  rootHash: Buffer
  note: string
  at: number
}

/** The public log: all leaves of all organisations in the order of their sealing. */
export interface EvidenceLog {
  origin: string
  keys: VerifierKeys
  /** Signs a checkpoint when leaves were added since the last. */
  checkpoint(): Promise<boolean>
  newest(): Promise<Checkpoint | undefined>
  /** Signs what a bundle says of itself. */
  state(statementHash: Hash): string
  inclusion(index: number, size: number): Promise<{ leafHash: Hash; path: Hash[] } | undefined>
  consistency(first: number, second: number): Promise<Hash[] | undefined>
}

export function openLog(kit: Kit): EvidenceLog {
  const { origin, keys } = loadKeys(join(kit.dataFolder, 'evidence'))
  // Leaf hashes never change; what was read once is kept, 32 bytes a leaf.
  let leaves: Hash[] = []

  async function leavesUpTo(size: number): Promise<readonly Hash[] | undefined> {
    if (leaves.length < size) {
      const rows = await kit.db.tx({ job: 'evidence' }, (tx) =>
        tx.rows<{ leaf_hash: Buffer }>(
          'SELECT leaf_hash FROM evidence.seal WHERE leaf_index >= $1 ORDER BY leaf_index',
          [leaves.length],
        ),
      )
      leaves = [...leaves, ...rows.map((row) => new Uint8Array(row.leaf_hash))]
    }
    return size <= leaves.length ? leaves.slice(0, size) : undefined
  }

  const newest = () =>
    kit.db.tx({ job: 'evidence' }, async (tx) => {
      const row = await tx.row<{ size: bigint; root_hash: Buffer; note: string; at: Date }>(
        'SELECT * FROM evidence.checkpoint ORDER BY size DESC LIMIT 1',
      )
      return row && { size: Number(row.size), rootHash: row.root_hash, note: row.note, at: row.at.getTime() }
    })

  return {
    origin,
    keys: verifierKeysOf(origin, keys),
    newest,
    state: (statementHash) => signNote(statementText(origin, statementHash), origin, keys),
    async checkpoint() {
      const count = await kit.db.tx({ job: 'evidence' }, (tx) =>
        tx.row<{ n: bigint }>('SELECT count(*) AS n FROM evidence.seal'),
      )
      const size = Number(count?.n ?? 0)
      if (size === 0 || (await newest())?.size === size) return false
      const root = rootOf((await leavesUpTo(size)) ?? [])
      const note = signNote(checkpointText(origin, size, root), origin, keys)
      await kit.db.tx({ job: 'evidence' }, (tx) =>
        tx.run('INSERT INTO evidence.checkpoint VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING', [
          size,
          root,
          note,
          new Date(kit.clock.now()),
        ]),
      )
      return true
    },
    async inclusion(index, size) {
      const tree = await leavesUpTo(size)
      const leaf = tree?.[index]
      return tree === undefined || leaf === undefined ? undefined : { leafHash: leaf, path: inclusionPath(tree, index) }
    },
    async consistency(first, second) {
      const tree = await leavesUpTo(second)
      return tree === undefined || first > second ? undefined : consistencyPath(tree, first)
    },
  }
}

/** The log's keys, made at first start and kept readable by their owner only. Backing them up is the operator's task. */
function loadKeys(folder: string): { origin: string; keys: LogKeys } {
  const file = join(folder, 'log-keys.json')
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const made = makeLogKeys((n) => new Uint8Array(randomBytes(n)))
    const origin = `kapok.invalid/evidence/${randomBytes(4).toString('hex')}`
    const text = JSON.stringify({
      origin,
      ed25519: { secret: toHex(made.ed25519.secret), public: toHex(made.ed25519.public) },
      sm2: made.sm2,
    })
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' })
  }
  const kept = JSON.parse(readFileSync(file, 'utf8')) as {
    origin: string
    ed25519: { secret: string; public: string }
    sm2: { secret: string; public: string }
  }
  return {
    origin: kept.origin,
    keys: { ed25519: { secret: fromHex(kept.ed25519.secret), public: fromHex(kept.ed25519.public) }, sm2: kept.sm2 },
  }
}
