import type { OrgKind } from '@kapok/contracts/roles'
import type { BodyOf, ParamsOf, QueryOf, ReplyOf, RouteContract } from '@kapok/contracts/route'
import type { Kit } from '@kapok/kit-store/kit'
import type { Call, Plane } from '@kapok/kit-store/plane'

/** Calls a route of a plane as the server does: in a transaction under the organisation's row-level security. */
export function callerOf(plane: Plane, kit: Kit, orgId: string) {
  return async <R extends RouteContract>(
    contract: R,
    ask: { params?: ParamsOf<R>; query?: QueryOf<R>; body?: BodyOf<R> } = {},
  ): Promise<ReplyOf<R>> => {
    const route = plane.routes.find((each) => each.contract.id === contract.id)
    if (route === undefined) throw new Error(`no route ${contract.id}`)
    const reply = await kit.db.tx({ orgId }, (tx) =>
      route.run({
        params: ask.params ?? {},
        query: ask.query ?? {},
        body: ask.body,
        actor: {
          userId: undefined,
          userName: 'test',
          orgId,
          orgName: 'test',
          orgKind: 'enterprise' as OrgKind,
          region: '',
          roles: ['plant.manager'],
        },
        orgId,
        tx,
        key: kit.ids.uuid(),
        requestId: 'test',
        language: 'en',
        headers: {},
        ip: '127.0.0.1',
        reply: { header: () => {} },
      } as unknown as Call<RouteContract>),
    )
    return reply as ReplyOf<R>
  }
}

export type Caller = ReturnType<typeof callerOf>
