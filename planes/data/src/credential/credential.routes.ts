import {
  createCredential,
  listCredentials,
  revokeCredential as revokeContract,
  rotateCredential as rotateContract,
} from '@kapok/contracts/data'
import { unknownThing } from '@kapok/contracts/refusal'
import { afterCommit } from '@kapok/kit-store/after-commit'
import type { Tx } from '@kapok/kit-store/db'
import type { Kit } from '@kapok/kit-store/kit'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import { findDevice } from '../device/device.store.ts'
import { type Credential, issueCredential } from './issue-credential.ts'
import { revokeCredential, rotateCredential } from './rotate-credential.ts'

export function credentialRoutes(kit: Kit): RouteHandler[] {
  const mustExist = async (tx: Tx, deviceId: string) => {
    const device = await findDevice(tx, deviceId, kit.clock.now())
    if (device === undefined || device.deletedAt !== null) throw unknownThing('device')
  }
  const changed = (orgId: string, deviceId: string) =>
    afterCommit(() => kit.bus.emit('device.changed', { orgId, deviceId }))

  return [
    handle(listCredentials, async ({ tx, params }) => {
      await mustExist(tx, params.deviceId)
      const rows = await tx.rows<
        Omit<Credential, 'createdAt' | 'endsAt' | 'lastUsedAt'> & { c: Date; e: Date | null; u: Date | null }
      >(
        `SELECT id, device_id AS "deviceId", purpose, hint, created_at AS c, ends_at AS e, last_used_at AS u
         FROM data.credential WHERE device_id = $1 ORDER BY created_at DESC LIMIT 100`,
        [params.deviceId],
      )
      return {
        rows: rows.map(({ c, e, u, ...row }) => ({
          ...row,
          createdAt: c.getTime(),
          endsAt: e?.getTime() ?? null,
          lastUsedAt: u?.getTime() ?? null,
        })),
      }
    }),
    handle(createCredential, async ({ tx, params, body, orgId }) => {
      await mustExist(tx, params.deviceId)
      return issueCredential(kit, tx, { orgId, deviceId: params.deviceId, purpose: body.purpose })
    }),
    handle(rotateContract, async ({ tx, params, body, orgId }) => {
      await mustExist(tx, params.deviceId)
      const issued = await rotateCredential(kit, tx, { orgId, ...params, ...body })
      changed(orgId, params.deviceId)
      return issued
    }),
    handle(revokeContract, async ({ tx, params, orgId }) => {
      await revokeCredential(kit, tx, params)
      changed(orgId, params.deviceId)
      return {}
    }),
  ]
}
