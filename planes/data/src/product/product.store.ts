import type { property } from '@kapok/contracts/data'
import type { Tx } from '@kapok/kit-store/db'
import type { Static } from 'typebox'

export type Property = Static<typeof property>
export interface ProductRow {
  id: string
  name: string
  version: number
  retention: 'year1' | 'year3' | 'year6'
  properties: Property[]
  devices: number
  createdAt: number
  updatedAt: number
}

export const productSelect = `SELECT p.id, p.name, p.version, p.retention, p.properties,
  p.created_at, p.updated_at,
  (SELECT count(*) FROM data.device d WHERE d.product_id = p.id AND d.deleted_at IS NULL) AS devices
  FROM data.product p`

export type RawProduct = Omit<ProductRow, 'devices' | 'createdAt' | 'updatedAt'> & {
  devices: bigint
  created_at: Date
  updated_at: Date
}
export const productOf = (row: RawProduct): ProductRow => ({
  id: row.id,
  name: row.name,
  version: row.version,
  retention: row.retention,
  properties: row.properties,
  devices: Number(row.devices),
  createdAt: row.created_at.getTime(),
  updatedAt: row.updated_at.getTime(),
})

export async function findProduct(tx: Tx, productId: string, lock = false): Promise<ProductRow | undefined> {
  const row = await tx.row<RawProduct>(`${productSelect} WHERE p.id = $1${lock ? ' FOR UPDATE OF p' : ''}`, [productId])
  return row === undefined ? undefined : productOf(row)
}

export async function insertProduct(
  tx: Tx,
  product: { id: string; orgId: string; name: string; retention: string; properties: Property[]; at: number },
): Promise<void> {
  const { id, orgId, name, retention, properties, at } = product
  await tx.run(
    `INSERT INTO data.product (id, org_id, name, version, retention, properties, created_at, updated_at)
     VALUES ($1, $2, $3, 1, $4, $5, $6, $6)`,
    [id, orgId, name, retention, JSON.stringify(properties), new Date(at)],
  )
  await insertVersion(tx, { productId: id, orgId, version: 1, properties, at })
}

export async function insertVersion(
  tx: Tx,
  version: { productId: string; orgId: string; version: number; properties: Property[]; at: number },
): Promise<void> {
  await tx.run(
    'INSERT INTO data.product_version (product_id, org_id, version, properties, made_at) VALUES ($1, $2, $3, $4, $5)',
    [version.productId, version.orgId, version.version, JSON.stringify(version.properties), new Date(version.at)],
  )
}

/** Types that identifiers of this product ever had, in any version. */
export async function typesEver(tx: Tx, productId: string): Promise<Map<string, string>> {
  const rows = await tx.rows<{ identifier: string; type: string }>(
    `SELECT DISTINCT e->>'identifier' AS identifier, e->>'type' AS type
     FROM data.product_version v, jsonb_array_elements(v.properties) e WHERE v.product_id = $1`,
    [productId],
  )
  return new Map(rows.map(({ identifier, type }) => [identifier, type]))
}
