import type { Role } from '@kapok/contracts/roles'
import type { Browser } from 'playwright-core'
import type { Thing } from '../portal/looks.ts'
import { enterAs, newReader, type PersonOfWorld } from './people.ts'

/** The person of a role with the most to show. */
export function personOf(people: readonly PersonOfWorld[], role: Role, organisation?: string): PersonOfWorld {
  const shown = { 'plant.manager': '凤城注塑', 'county.reviewer': '顺德', 'supplier.manager': '穗云' } as Record<
    string,
    string
  >
  const of = people.filter((each) => each.role === role)
  const found = of.find((each) => each.organisationName.startsWith(organisation ?? shown[role] ?? '')) ?? of[0]
  if (found === undefined) throw new Error(`nobody in this world is ${role}`)
  return found
}

/** Ids of the world's own things, read by people who may see them. */
export async function thingsOf(
  browser: Browser,
  url: string,
  people: readonly PersonOfWorld[],
): Promise<Record<Thing | string, string>> {
  const ask = async (role: Role, path: string, organisation?: string) => {
    const context = await newReader(browser, url, { language: 'zh-CN', theme: 'light', width: 1440 })
    await enterAs(context, personOf(people, role, organisation).userId)
    const reply = await context.request.get(`/api${path}`)
    const { rows } = (await reply.json()) as { rows: Record<string, string>[] }
    await context.close()
    return rows
  }
  const [device] = await ask('plant.manager', '/devices?kind=device')
  const [gateway] = await ask('plant.manager', '/gateways')
  const vouchers = await ask('plant.manager', '/vouchers')
  const own = await ask('plant.manager', '/cases?size=100')
  const returned = await ask('plant.manager', '/cases?size=100', '莞城')
  const [liar] = await ask('province.reviewer', '/cases?desk=mine&kind=redemption')
  const [certification] = await ask('county.reviewer', '/cases?kind=certification')
  const [application] = await ask('supplier.manager', '/cases?desk=mine')
  const [notice] = await ask('province.reviewer', '/notices')
  const [batch] = await ask('finance.officer', '/finance/batches')
  const [organisation] = await ask('platform.administrator', '/organisations?search=凤城')
  const [identifier] = await ask('plant.manager', '/registry/identifiers?search=P2')
  const [file] = await ask('plant.manager', '/registry/imports')
  const [programme] = await ask('province.reviewer', '/programmes')
  const found = {
    device: device?.id,
    gateway: gateway?.id,
    product: device?.productId,
    case: liar?.id,
    notice: notice?.id,
    batch: batch?.id,
    organisation: organisation?.id,
    voucher: (vouchers.find((each) => each.redemptionId === null) ?? vouchers[0])?.no,
    programme: programme?.id,
    identifier: identifier?.id,
    file: file?.id,
    certification: certification?.id,
    application: application?.id,
    paid: own.find((each) => each.state === 'paid')?.id,
    returned: returned.find((each) => each.state === 'returned')?.id,
  }
  for (const [thing, id] of Object.entries(found))
    if (id === undefined) process.stdout.write(`This world has no ${thing}: no picture of its page.\n`)
  return Object.fromEntries(Object.entries(found).flatMap(([thing, id]) => (id === undefined ? [] : [[thing, id]])))
}
