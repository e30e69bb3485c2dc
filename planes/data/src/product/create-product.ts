import type { createProduct as contract } from '@kapok/contracts/data'
import { must } from '@kapok/kit/must'
import { sqlState } from '@kapok/kit-store/db'
import type { Kit } from '@kapok/kit-store/kit'
import type { Call } from '@kapok/kit-store/plane'
import { refuseData } from '../refusals.ts'
import { findProduct, insertProduct, type ProductRow, type Property } from './product.store.ts'

export async function createProduct(kit: Kit, call: Call<typeof contract>): Promise<ProductRow> {
  const { name, properties, retention = 'year3' } = call.body
  checkProperties(properties)
  const id = kit.ids.uuid()
  try {
    await insertProduct(call.tx, { id, orgId: call.orgId, name, retention, properties, at: kit.clock.now() })
  } catch (error) {
    if (sqlState(error) === '23505') throw refuseData('product.name_taken', { name }, { cause: error })
    throw error
  }
  return must(await findProduct(call.tx, id), 'the product that was made')
}

/** Each identifier once, each range with its ends in order. */
export function checkProperties(properties: readonly Property[]): void {
  const seen = new Set<string>()
  for (const { identifier, min, max } of properties) {
    if (seen.has(identifier)) throw refuseData('product.property_twice', { identifier })
    seen.add(identifier)
    if (min !== undefined && max !== undefined && min > max) throw refuseData('product.range_empty', { identifier })
  }
}
