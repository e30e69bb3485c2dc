import type { Tx } from '@kapok/kit-store/db'
import type { Leaf } from './leaf.ts'

export interface ChainHead {
  sequence: number
  chainHash: Uint8Array
}

export async function chainHeadOf(tx: Tx, orgId: string): Promise<ChainHead | undefined> {
  const row = await tx.row<{ sequence: number; chain_hash: Buffer }>(
    'SELECT sequence, chain_hash FROM evidence.seal WHERE org_id = $1 ORDER BY sequence DESC LIMIT 1',
    [orgId],
  )
  return row && { sequence: row.sequence, chainHash: row.chain_hash }
}

/** Newest seal of a day: revision and leaf text. */
export function newestSeal(
  tx: Tx,
  orgId: string,
  day: string,
): Promise<{ revision: number; leaf: string } | undefined> {
  return tx.row(
    'SELECT revision, leaf FROM evidence.seal WHERE org_id = $1 AND day = $2 ORDER BY revision DESC LIMIT 1',
    [orgId, day],
  )
}

export async function lastSealedDay(tx: Tx, orgId: string): Promise<string | undefined> {
  const row = await tx.row<{ day: string | null }>(
    `SELECT to_char(max(day), 'YYYY-MM-DD') AS day FROM evidence.seal WHERE org_id = $1`,
    [orgId],
  )
  return row?.day ?? undefined
}

export async function insertSeal(
  tx: Tx,
  seal: { leaf: Leaf; text: string; leafHash: Uint8Array; chainHash: Uint8Array; sealedAt: number },
): Promise<void> {
  const { leaf } = seal
  const points = leaf.meters.reduce((sum, meter) => sum + meter.points, 0)
  const row = await tx.row<{ leaf_index: bigint }>(
    `INSERT INTO evidence.seal
       SELECT coalesce(max(leaf_index) + 1, 0), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10 FROM evidence.seal
     RETURNING leaf_index`,
    [
      leaf.organisation,
      leaf.day,
      leaf.revision,
      leaf.sequence,
      seal.text,
      seal.leafHash,
      seal.chainHash,
      leaf.meters.length,
      points,
      new Date(seal.sealedAt),
    ],
  )
  await tx.run('INSERT INTO evidence.org_day VALUES ($1, $2, $3, $4, $5, $6)', [
    leaf.organisation,
    leaf.day,
    leaf.revision,
    leaf.activeMinutes,
    row?.leaf_index,
    JSON.stringify(leaf.gateways ?? []),
  ])
  for (const meter of leaf.meters)
    await tx.run('INSERT INTO evidence.device_day VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)', [
      leaf.organisation,
      meter.deviceId,
      leaf.day,
      leaf.revision,
      meter.points,
      meter.minutes,
      meter.gaps,
      meter.goodBp,
      Buffer.from(meter.digest, 'hex'),
      meter.signed ?? null,
    ])
}
