import type { updateProduct as contract } from '@kapok/contracts/data'
import { refuse, unknownThing } from '@kapok/contracts/refusal'
import { must } from '@kapok/kit/must'
import { sqlState } from '@kapok/kit-store/db'
import type { Kit } from '@kapok/kit-store/kit'
import type { Call } from '@kapok/kit-store/plane'
import { refuseData } from '../refusals.ts'
import { checkProperties } from './create-product.ts'
import { findProduct, insertVersion, type ProductRow, typesEver } from './product.store.ts'

/** A new version of a product. A series keeps its type for ever, so an identifier does, too. */
export async function updateProduct(kit: Kit, call: Call<typeof contract>): Promise<ProductRow> {
  const { productId } = call.params
  const { name, properties, version } = call.body
  const product = await findProduct(call.tx, productId, true)
  if (product === undefined) throw unknownThing('product')
  if (product.version !== version) throw refuse('version.stale')
  checkProperties(properties)
  const types = await typesEver(call.tx, productId)
  for (const { identifier, type } of properties) {
    const was = types.get(identifier)
    if (was !== undefined && was !== type) throw refuseData('product.type_changed', { identifier, type: was })
  }
  const at = kit.clock.now()
  try {
    await call.tx.run(
      'UPDATE data.product SET name = $2, properties = $3, version = version + 1, updated_at = $4 WHERE id = $1',
      [productId, name, JSON.stringify(properties), new Date(at)],
    )
  } catch (error) {
    if (sqlState(error) === '23505') throw refuseData('product.name_taken', { name }, { cause: error })
    throw error
  }
  await insertVersion(call.tx, { productId, orgId: call.orgId, version: version + 1, properties, at })
  return must(await findProduct(call.tx, productId), 'the product that was updated')
}
