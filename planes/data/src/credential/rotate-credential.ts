import { unknownThing } from '@kapok/contracts/refusal'
import type { Tx } from '@kapok/kit-store/db'
import type { Kit } from '@kapok/kit-store/kit'
import { refuseData } from '../refusals.ts'
import { type Credential, issueCredential } from './issue-credential.ts'

/** A new credential beside the old one, which ends after the overlap: time to bring the new token to the machine. */
export async function rotateCredential(
  kit: Kit,
  tx: Tx,
  ask: { orgId: string; deviceId: string; credentialId: string; overlapMinutes: number },
): Promise<{ credential: Credential; token: string }> {
  const now = kit.clock.now()
  const old = await tx.row<{ purpose: 'live' | 'import'; ends_at: Date | null }>(
    'SELECT purpose, ends_at FROM data.credential WHERE id = $1 AND device_id = $2 FOR UPDATE',
    [ask.credentialId, ask.deviceId],
  )
  if (old === undefined) throw unknownThing('credential')
  if (old.ends_at !== null && old.ends_at.getTime() <= now) throw refuseData('credential.ended')
  const issued = await issueCredential(kit, tx, { orgId: ask.orgId, deviceId: ask.deviceId, purpose: old.purpose })
  await tx.run('UPDATE data.credential SET ends_at = least(ends_at, $2) WHERE id = $1', [
    ask.credentialId,
    new Date(now + ask.overlapMinutes * 60_000),
  ])
  return issued
}

/** Ends a credential now. */
export async function revokeCredential(
  kit: Kit,
  tx: Tx,
  { deviceId, credentialId }: { deviceId: string; credentialId: string },
): Promise<void> {
  const changed = await tx.run(
    'UPDATE data.credential SET ends_at = least(ends_at, $3) WHERE id = $1 AND device_id = $2',
    [credentialId, deviceId, new Date(kit.clock.now())],
  )
  if (changed === 0) throw unknownThing('credential')
}
