import {
  getGatewayUpdate,
  getReleasePiece,
  listReleases,
  orderUpdate as orderContract,
  putReleasePiece as pieceContract,
  putRelease as putContract,
  withdrawRelease as withdrawContract,
} from '@kapok/contracts/gateway-update'
import { afterCommit } from '@kapok/kit-store/after-commit'
import type { Kit } from '@kapok/kit-store/kit'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import { enrolledGateway, gatewayOf } from '../gateway/find-gateway.ts'
import { isConnected } from '../gateway/health.ts'
import { orderUpdate, releasePiece, updateOf } from './order-update.ts'
import { putRelease, putReleasePiece, releasesHere, withdrawRelease } from './put-release.ts'
import { ReleaseFiles } from './release-files.ts'

export function releaseRoutes(kit: Kit): RouteHandler[] {
  const files = new ReleaseFiles(kit.dataFolder)
  return [
    handle(listReleases, ({ tx }) => releasesHere(files, tx)),
    handle(putContract, async ({ tx, body, actor }) => {
      const releaseId = await putRelease(kit, tx, body, actor.userName)
      return { releaseId, received: await files.received(releaseId) }
    }),
    handle(pieceContract, async ({ tx, params, query, body }) => ({
      received: await putReleasePiece(files, tx, { ...params, ...query, piece: body }),
    })),
    handle(withdrawContract, async ({ tx, params }) => {
      await withdrawRelease(kit, files, tx, params.releaseId)
      return {}
    }),
    handle(getReleasePiece, async ({ params, query, headers }) => ({
      bytes: await releasePiece(kit, files, { ...params, ...query, authorization: headers.authorization }),
      mediaType: 'application/octet-stream',
      fileName: 'release.part',
    })),
    handle(getGatewayUpdate, async ({ tx, params }) => {
      await gatewayOf(kit, tx, params.deviceId)
      return updateOf(tx, params.deviceId)
    }),
    handle(orderContract, async ({ tx, params, body, orgId, actor }) => {
      const device = await enrolledGateway(kit, tx, params.deviceId)
      const order = await orderUpdate(kit, tx, device, { ...body, orgId, by: actor.userName })
      afterCommit(() => kit.bus.emit('gateway.ordered', { deviceId: device.id }))
      return { order, connected: await isConnected(tx, device.id) }
    }),
  ]
}
