import { invalidRequest } from '@kapok/contracts/refusal'
import { listRegions, putRegions } from '@kapok/contracts/subsidy'
import type { Tx } from '@kapok/kit-store/db'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import { inside } from '../inside.ts'
import { listPage } from '../list.ts'
import { refuseSubsidy } from '../refusals.ts'

/** Region in which a case is reviewed: a county, or a city that has none; refuses anything else. */
export async function reviewRegion(tx: Tx, code: string): Promise<{ code: string; hasCounty: boolean }> {
  const rows = await tx.rows<{ code: string }>(
    `SELECT code FROM subsidy.region WHERE code = $1 OR (length(code) = 6 AND code LIKE left($1, 4) || '%') LIMIT 2`,
    [code],
  )
  const known = await tx.row('SELECT 1 FROM subsidy.region WHERE code = $1', [code])
  const cityWithCounties = code.length === 4 && rows.some((row) => row.code.length === 6)
  if (known === undefined || code.length < 4 || cityWithCounties)
    throw refuseSubsidy('region.unknown', { region: code })
  return { code, hasCounty: code.length === 6 }
}

const levels = { 2: 'province', 4: 'city', 6: 'county' } as const

export function regionRoutes(): RouteHandler[] {
  return [
    handle(listRegions, async ({ tx, query }) => {
      const page = await listPage<{ code: string; name: string; nameEn: string; hasCounties: boolean }>(
        tx,
        {
          columns: `r.code, r.name, r.name_en AS "nameEn",
            EXISTS (SELECT FROM subsidy.region c WHERE length(c.code) = 6 AND c.code LIKE r.code || '%'
              AND c.code <> r.code) AS "hasCounties"`,
          from: 'subsidy.region r',
          search: ['r.code', 'r.name', 'r.name_en'],
          sorts: { code: 'r.code', name: 'r.name' },
          order: 'r.code',
        },
        query,
      )
      return {
        ...page,
        rows: page.rows.map((row) => ({ ...row, level: levels[row.code.length as 2 | 4 | 6] })),
      }
    }),
    handle(putRegions, ({ tx, body }) =>
      inside(tx, async () => {
        // Parents first, so that a whole province may come in one list in any order (INV-30).
        for (const { code, name, nameEn } of [...body.regions].sort((a, b) => a.code.length - b.code.length)) {
          const parent = code.slice(0, -2)
          if (parent !== '' && (await tx.row('SELECT 1 FROM subsidy.region WHERE code = $1', [parent])) === undefined)
            throw invalidRequest({
              zh: `地区 ${code} 需要上级 ${parent}`,
              en: `region ${code} needs ${parent} above it`,
            })
          await tx.run(
            `INSERT INTO subsidy.region VALUES ($1, $2, $3) ON CONFLICT (code) DO UPDATE SET name = $2, name_en = $3`,
            [code, name, nameEn],
          )
        }
        return { regions: body.regions.length }
      }),
    ),
  ]
}
