import { deleteQuarantine, getQuarantine, listQuarantine } from '@kapok/contracts/data'
import { unknownThing } from '@kapok/contracts/refusal'
import { listRows } from '@kapok/kit-store/list'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'

interface RawQuarantine {
  id: string
  at: Date
  device_id: string | null
  device_name: string
  credential_id: string | null
  door: 'mqtt' | 'http' | 'import'
  topic: string
  reason_zh: string
  reason_en: string
  bytes: number
  sha256: string
  times: number
}

const columns = `q.id, q.at, q.device_id, coalesce(d.name, '') AS device_name, q.credential_id, q.door, q.topic,
  q.reason_zh, q.reason_en, q.bytes, encode(q.payload_sha256, 'hex') AS sha256, q.times`
const from = 'FROM data.quarantine q LEFT JOIN data.device d ON d.id = q.device_id'

const viewOf = (row: RawQuarantine) => ({
  id: row.id,
  at: row.at.getTime(),
  deviceId: row.device_id,
  deviceName: row.device_name,
  credentialId: row.credential_id,
  door: row.door,
  topic: row.topic,
  reason: { zh: row.reason_zh, en: row.reason_en },
  bytes: row.bytes,
  payloadSha256: row.sha256,
  times: row.times,
})

export function quarantineRoutes(): RouteHandler[] {
  return [
    handle(listQuarantine, async ({ tx, query }) => {
      const page = await listRows<RawQuarantine>(tx, {
        select: `SELECT ${columns} ${from}`,
        where: query.deviceId === undefined ? [] : [['q.device_id = $?', query.deviceId]],
        search: ['d.name', 'q.topic', 'q.reason_zh', 'q.reason_en'],
        sorts: { at: 'at', deviceName: 'device_name', times: 'times' },
        otherwise: 'at DESC',
        query,
      })
      return { rows: page.rows.map(viewOf), total: page.total }
    }),
    handle(getQuarantine, async ({ tx, params }) => {
      const row = await tx.row<RawQuarantine & { payload: Buffer }>(
        `SELECT ${columns}, q.payload ${from} WHERE q.id = $1`,
        [params.quarantineId],
      )
      if (row === undefined) throw unknownThing('payload')
      return { ...viewOf(row), payload: row.payload.toString('base64') }
    }),
    handle(deleteQuarantine, async ({ tx, params }) => {
      const removed = await tx.run('DELETE FROM data.quarantine WHERE id = $1', [params.quarantineId])
      if (removed === 0) throw unknownThing('payload')
      return {}
    }),
  ]
}
