import type { createDevice as contract } from '@kapok/contracts/data'
import { unknownThing } from '@kapok/contracts/refusal'
import { sqlState } from '@kapok/kit-store/db'
import type { Kit } from '@kapok/kit-store/kit'
import type { Call } from '@kapok/kit-store/plane'
import { issueCredential } from '../credential/issue-credential.ts'
import { findProduct } from '../product/product.store.ts'
import { refuseData } from '../refusals.ts'

const devicesMax = 100_000

/** A device with its first credential; the token is in this reply and nowhere else. */
export async function createDevice(
  kit: Kit,
  call: Call<typeof contract>,
): Promise<{ deviceId: string; credentialId: string; token: string }> {
  const { name, kind = 'device', productId } = call.body
  if (kind === 'device' && productId === undefined) throw refuseData('device.product_missing')
  if (productId !== undefined && (await findProduct(call.tx, productId)) === undefined) throw unknownThing('product')
  const counted = await call.tx.row<{ n: bigint }>(
    'SELECT count(*) AS n FROM data.device WHERE org_id = $1 AND deleted_at IS NULL',
    [call.orgId],
  )
  if (Number(counted?.n ?? 0) >= devicesMax) throw refuseData('device.too_many', { limit: devicesMax })
  const deviceId = kit.ids.uuid()
  try {
    await call.tx.run(
      'INSERT INTO data.device (id, org_id, name, kind, product_id, created_at) VALUES ($1, $2, $3, $4, $5, $6)',
      [deviceId, call.orgId, name, kind, productId ?? null, new Date(kit.clock.now())],
    )
  } catch (error) {
    if (sqlState(error) === '23505') throw refuseData('device.name_taken', { name }, { cause: error })
    throw error
  }
  const { credential, token } = await issueCredential(kit, call.tx, { orgId: call.orgId, deviceId, purpose: 'live' })
  return { deviceId, credentialId: credential.id, token }
}
