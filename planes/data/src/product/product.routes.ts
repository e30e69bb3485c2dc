import {
  createProduct as createContract,
  getProduct,
  listProducts,
  updateProduct as updateContract,
} from '@kapok/contracts/data'
import { unknownThing } from '@kapok/contracts/refusal'
import { afterCommit } from '@kapok/kit-store/after-commit'
import type { Kit } from '@kapok/kit-store/kit'
import { listRows } from '@kapok/kit-store/list'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import { createProduct } from './create-product.ts'
import { findProduct, productOf, productSelect, type RawProduct } from './product.store.ts'
import { updateProduct } from './update-product.ts'

export function productRoutes(kit: Kit): RouteHandler[] {
  return [
    handle(listProducts, async ({ tx, query }) => {
      const page = await listRows<RawProduct>(tx, {
        select: productSelect,
        search: ['p.name', 'p.properties'],
        sorts: { name: 'name', devices: 'devices', updatedAt: 'updated_at' },
        otherwise: 'name',
        query,
      })
      return { rows: page.rows.map(productOf), total: page.total }
    }),
    handle(getProduct, async ({ tx, params }) => {
      const product = await findProduct(tx, params.productId)
      if (product === undefined) throw unknownThing('product')
      return product
    }),
    handle(createContract, (call) => createProduct(kit, call)),
    handle(updateContract, async (call) => {
      const product = await updateProduct(kit, call)
      afterCommit(() => kit.bus.emit('product.changed', { orgId: call.orgId, productId: product.id }))
      return product
    }),
  ]
}
