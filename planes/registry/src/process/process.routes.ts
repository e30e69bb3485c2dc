import type { DeviceFacts, DevicePort } from '@kapok/contracts/ports'
import { unknownThing } from '@kapok/contracts/refusal'
import { getMachineIdentifier, getProcess, setMachineIdentifier } from '@kapok/contracts/registry-process'
import { IdentifierError, parseIdentifier } from '@kapok/identifier/name'
import { sqlState, type Tx } from '@kapok/kit-store/db'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import { accountOf } from '../account/account.ts'
import { identifierOf } from '../identifier/identifier.store.ts'
import { instantOf } from '../record/beijing-time.ts'
import { refuse } from '../refusals.ts'

/** Machines that are devices of the platform: so the points of a machine hang on the parts that it made. */
export function processRoutes(devices: DevicePort): RouteHandler[] {
  const own = async (orgId: string, deviceId: string): Promise<DeviceFacts> => {
    const device = (await devices.ofOrg(orgId)).find(({ id }) => id === deviceId)
    if (device === undefined) throw unknownThing('device')
    return device
  }
  return [
    handle(getProcess, async ({ tx, orgId, params }) => {
      const row = await identifierOf(tx, orgId, params.identifierId)
      if (row === undefined) throw unknownThing('identifier')
      const { machine = row.handle, producedAt } = row.facts
      const deviceId = await deviceWith(tx, orgId, machine)
      const device = deviceId === undefined ? undefined : (await devices.ofOrg(orgId)).find(({ id }) => id === deviceId)
      const isNamed = row.facts.machine !== undefined || device !== undefined
      return {
        machine: isNamed ? { handle: machine, device: device ? { id: device.id, name: device.name } : null } : null,
        producedAt: producedAt === undefined ? null : Date.parse(instantOf(producedAt)),
      }
    }),
    handle(getMachineIdentifier, async ({ tx, orgId, params: { deviceId } }) => {
      await own(orgId, deviceId)
      const row = await tx.row<{ handle: string }>(
        'SELECT handle FROM registry.machine WHERE org_id = $1 AND device_id = $2',
        [orgId, deviceId],
      )
      return { prefix: (await accountOf(tx, orgId))?.prefix ?? null, handle: row?.handle ?? null }
    }),
    handle(setMachineIdentifier, async ({ tx, orgId, params: { deviceId }, body }) => {
      await own(orgId, deviceId)
      const account = await accountOf(tx, orgId)
      if (account === undefined) throw refuse('registry.no_account')
      await tx.run('DELETE FROM registry.machine WHERE org_id = $1 AND device_id = $2', [orgId, deviceId])
      if (body.handle === null) return {}
      const name = handleUnder(account.prefix, body.handle.trim())
      try {
        await tx.run('INSERT INTO registry.machine (org_id, handle, device_id) VALUES ($1, $2, $3)', [
          orgId,
          name,
          deviceId,
        ])
      } catch (cause) {
        if (sqlState(cause) === '23505') throw refuse('machine.taken', { handle: name }, { cause })
        throw cause
      }
      return {}
    }),
  ]
}

async function deviceWith(tx: Tx, orgId: string, machine: string): Promise<string | undefined> {
  const row = await tx.row<{ device_id: string }>(
    'SELECT device_id FROM registry.machine WHERE org_id = $1 AND handle = $2',
    [orgId, machine],
  )
  return row?.device_id
}

/** The canonical form of a handle, or of a suffix, under a prefix. Throws refusals. */
function handleUnder(prefix: string, text: string): string {
  try {
    const { scheme, canonical } = parseIdentifier(text.includes('/') ? text : `${prefix}/${text}`)
    if (scheme === 'handle' && canonical.startsWith(`${prefix}/`)) return canonical
  } catch (error) {
    if (!(error instanceof IdentifierError)) throw error
  }
  throw refuse('machine.handle', { prefix })
}
