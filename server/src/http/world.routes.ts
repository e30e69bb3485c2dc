import { refusals } from '@kapok/contracts/refusal'
import { advanceWorld, enterAs, getWorld, listPeople } from '@kapok/contracts/world'
import { civilDayOf } from '@kapok/kit/clock'
import type { Kit } from '@kapok/kit-store/kit'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import type { FastifyInstance } from 'fastify'
import type { Planes } from '../planes.ts'

const refuse = refusals({
  'world.busy': {
    status: 409,
    zh: '样例省正在播放中，请等它完成后再推进日期。',
    en: 'The province is being played right now; move its date on when that is done.',
  },
  'world.foreign-name': {
    status: 403,
    zh: '样例省只在本机以 localhost 访问，不接受转发的请求。',
    en: 'A world answers only on its own machine, as localhost, and nothing that was forwarded.',
  },
  'world.starting': {
    status: 503,
    zh: '样例省正在启动，请稍候。',
    en: 'The province is starting; wait a moment.',
  },
})

/** Routes of a world alone: a platform does not mount them. */
export function worldRoutes(kit: Kit, planes: Planes): RouteHandler[] {
  const stateNow = async () => {
    try {
      return await kit.bus.request('world.state', {})
    } catch {
      return { replaying: true, daysPlayed: 0, daysTotal: 90, message: '', stumbled: false }
    }
  }
  return [
    handle(getWorld, async () => {
      const now = kit.clock.now()
      return { now, today: civilDayOf(now), ...(await stateNow()) }
    }),
    handle(listPeople, async () => {
      const people = await planes.access.people()
      const waiting = await planes.waitingOf(people.map(({ orgId, kind, region }) => ({ id: orgId, kind, region })))
      return {
        people: people.map(({ userId, name, orgId, orgName, kind, role }) => ({
          userId,
          name,
          organisationName: orgName,
          kind,
          role,
          waiting: waiting.get(orgId) ?? 0,
        })),
      }
    }),
    handle(enterAs, async (call) => {
      const { setCookie, session } = await kit.db.tx({ job: 'access' }, (tx) =>
        planes.access.enterAs(tx, call.body.userId),
      )
      call.reply.header('set-cookie', setCookie)
      return session
    }),
    handle(advanceWorld, async (call) => {
      if ((await stateNow()).replaying) throw refuse('world.busy')
      await kit.bus.request('world.advance', { days: call.body.days }).catch((cause: unknown) => {
        throw refuse('world.starting', {}, { cause })
      })
      return {}
    }),
  ]
}

const forwardedBy = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via']

/**
 * A world lets people in without a password, so it answers only under a loopback name: a foreign page whose own name
 * was pointed at 127.0.0.1 (DNS rebinding) is turned away, and so is what a proxy on this machine brings from elsewhere.
 */
export function onlyLoopbackNames(app: FastifyInstance): void {
  app.addHook('onRequest', async (request) => {
    const host = (request.headers.host ?? '').replace(/:\d+$/, '')
    const isForwarded = forwardedBy.some((name) => request.headers[name] !== undefined)
    if (isForwarded || !['localhost', '127.0.0.1', '[::1]'].includes(host)) throw refuse('world.foreign-name')
  })
}
