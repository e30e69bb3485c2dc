import { exportPoints as exportContract, getLastPoints, getPointGaps, getPointRange } from '@kapok/contracts/data'
import { unknownThing } from '@kapok/contracts/refusal'
import { limits } from '@kapok/kit/limits'
import type { Kit } from '@kapok/kit-store/kit'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import { findDevice } from '../device/device.store.ts'
import { deviceGaps } from './device-gaps.ts'
import { exportPoints } from './export-points.ts'
import { lastPoints } from './last-points.ts'
import { readRange } from './read-range.ts'
import { checkRange, seriesOf } from './series-of.ts'

export function pointRoutes(kit: Kit): RouteHandler[] {
  return [
    handle(getPointRange, async ({ tx, query }) => {
      const { deviceId, property, from, to, maxPoints = 4000 } = query
      const series = await seriesOf(tx, deviceId, property)
      const columns = await readRange(kit, tx, series, { from, to, maxPoints })
      return { deviceId, property, name: series.name, type: series.type, unit: series.unit, ...columns }
    }),
    handle(getLastPoints, async ({ tx, query }) => {
      const deviceIds = query.deviceIds.split(',').filter((each) => /^[0-9a-f-]{36}$/.test(each))
      return { rows: await lastPoints(kit, tx, deviceIds.slice(0, limits.websocketDevices)) }
    }),
    handle(getPointGaps, async ({ tx, query }) => {
      const { deviceId, from, to, minutes = 5 } = query
      checkRange(from, to)
      if ((await findDevice(tx, deviceId, kit.clock.now())) === undefined) throw unknownThing('device')
      return { gaps: await deviceGaps(kit, tx, { deviceId, from, to, minutes }) }
    }),
    handle(exportContract, ({ tx, query }) => exportPoints(kit, tx, query)),
  ]
}
