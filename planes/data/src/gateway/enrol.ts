import { createHash, randomBytes } from 'node:crypto'
import { sqlState, type Tx } from '@kapok/kit-store/db'
import type { Kit } from '@kapok/kit-store/kit'
import { issueCredential } from '../credential/issue-credential.ts'
import { refuseData } from '../refusals.ts'

const codeHours = 24
/** Crockford's base 32: no letter that is taken for a digit. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const groups = 5
const groupLetters = 4

const hashOf = (code: string) => createHash('sha256').update(code).digest()

function newCode(): string {
  const letters = Array.from(randomBytes(groups * groupLetters), (byte) => alphabet[byte % alphabet.length])
  return Array.from({ length: groups }, (_, i) =>
    letters.slice(i * groupLetters, (i + 1) * groupLetters).join(''),
  ).join('-')
}

/** The code by which a gateway enrols; an earlier one ends. It is kept as a hash. */
export async function makeEnrolmentCode(
  kit: Kit,
  tx: Tx,
  { orgId, deviceId }: { orgId: string; deviceId: string },
): Promise<{ code: string; madeAt: number; endsAt: number }> {
  const code = newCode()
  const madeAt = kit.clock.now()
  const endsAt = madeAt + codeHours * 3_600_000
  await tx.run(
    `INSERT INTO data.gateway_code (device_id, org_id, code_sha256, ends_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (device_id) DO UPDATE SET code_sha256 = excluded.code_sha256, ends_at = excluded.ends_at`,
    [deviceId, orgId, hashOf(code), new Date(endsAt)],
  )
  return { code, madeAt, endsAt }
}

export interface Enrolled {
  orgId: string
  gatewayId: string
  name: string
  token: string
}

/**
 * Spends a code: takes the gateway's key, ends the key and the live tokens that it had, and issues a token. Runs as the
 * data plane, since whoever brings the code belongs to no organisation yet.
 */
export async function enrolGateway(
  kit: Kit,
  ask: { code: string; publicKey: string; firstSequence: number },
): Promise<Enrolled> {
  const now = new Date(kit.clock.now())
  try {
    return await kit.db.tx({ job: 'data' }, async (tx) => {
      const spent = await tx.row<{ device_id: string; org_id: string; name: string }>(
        `DELETE FROM data.gateway_code c USING data.device d
         WHERE c.code_sha256 = $1 AND c.ends_at > $2 AND d.id = c.device_id AND d.enabled AND d.deleted_at IS NULL
         RETURNING c.device_id, c.org_id, d.name`,
        [hashOf(ask.code), now],
      )
      if (spent === undefined) throw refuseData('gateway.code_spent')
      const { device_id: gatewayId, org_id: orgId, name } = spent
      await tx.run('UPDATE data.gateway_key SET replaced_at = $2 WHERE device_id = $1 AND replaced_at IS NULL', [
        gatewayId,
        now,
      ])
      await tx.run(
        `UPDATE data.credential SET ends_at = least(ends_at, $2) WHERE device_id = $1 AND purpose = 'live'`,
        [gatewayId, now],
      )
      await tx.run(
        `INSERT INTO data.gateway_key (id, device_id, org_id, public_key, first_sequence, enrolled_at)
         VALUES ($1, $2, $3, $4, $5, $6)`,
        [kit.ids.uuid(), gatewayId, orgId, Buffer.from(ask.publicKey, 'base64url'), ask.firstSequence, now],
      )
      const { token } = await issueCredential(kit, tx, { orgId, deviceId: gatewayId, purpose: 'live' })
      return { orgId, gatewayId, name, token }
    })
  } catch (error) {
    if (sqlState(error) === '23505') throw refuseData('gateway.key_used', {}, { cause: error })
    throw error
  }
}
