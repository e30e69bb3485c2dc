import { unknownThing } from '@kapok/contracts/refusal'
import { sqlState, type Tx } from '@kapok/kit-store/db'
import { refuseData } from '../refusals.ts'

/** Names are unique among the living devices of an organisation, since gateways and payloads speak of devices by name. */
export async function renameDevice(tx: Tx, deviceId: string, name: string): Promise<void> {
  try {
    const changed = await tx.run('UPDATE data.device SET name = $2 WHERE id = $1 AND deleted_at IS NULL', [
      deviceId,
      name,
    ])
    if (changed === 0) throw unknownThing('device')
  } catch (error) {
    if (sqlState(error) === '23505') throw refuseData('device.name_taken', { name }, { cause: error })
    throw error
  }
}
