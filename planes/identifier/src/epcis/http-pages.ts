import type { Face } from './http-face.ts'
import { type EpcisRequest, type EpcisResponse, extensionsOf, json, parametersOf } from './http-message.ts'
import { epcisLimits } from './limits.ts'
import { EpcisProblem } from './problem.ts'
import { type QueryParameters, readQuery } from './query.ts'
import { queryDocument } from './query-document.ts'
import { runQuery } from './query-run.ts'
import { countOf } from './query-values.ts'

export const perPageOf = (text: string | undefined): number =>
  text === undefined
    ? epcisLimits.perPage
    : Math.min(countOf('perPage', text, Number.MAX_SAFE_INTEGER), epcisLimits.perPageMax)

const noToken = (): EpcisProblem =>
  new EpcisProblem(
    'QueryParameterException',
    'nextPageToken: its time is over, or it is of another address; ask from the first page',
  )

function linkTo(request: EpcisRequest, face: Face, token: string, expires: number): Record<string, string> {
  const query = new URLSearchParams(request.query)
  query.set('nextPageToken', token)
  return {
    Link: `<${face.baseUrl}${request.path}?${query}>; rel="next"`,
    'GS1-Next-Page-Token-Expires': new Date(expires).toISOString(),
  }
}

/** A page of events for the parameters of the address and those of a path or a named query, which bind as well. */
export function eventsPage(
  request: EpcisRequest,
  face: Face,
  fixed: {
    parameters: QueryParameters
    namespaces?: Record<string, string>
    queryName?: string
    notParameters?: readonly string[]
  },
): EpcisResponse {
  const { perPage: perPageText, nextPageToken, ...asked } = parametersOf(request.query)
  for (const name of fixed.notParameters ?? []) delete asked[name]
  const perPage = perPageOf(perPageText)
  const kept = nextPageToken === undefined ? undefined : face.tokens.take(nextPageToken)
  if (nextPageToken !== undefined && (kept?.kind !== 'events' || kept.path !== request.path)) throw noToken()
  const next = kept?.kind === 'events' ? kept : undefined
  const namespaces = next?.namespaces ?? { ...fixed.namespaces, ...extensionsOf(request.headers) }
  const parameters = next?.parameters ?? both(asked, fixed.parameters)
  const query = readQuery(parameters, face.canonical, namespaces)
  const page = runQuery(face.store, query, { perPage, cursor: next?.cursor, mayRead: face.mayReadOf?.(request) })
  const format =
    request.headers['gs1-epc-format'] === 'Always_GS1_Digital_Link' ? 'Always_GS1_Digital_Link' : 'Never_Translates'
  const document = queryDocument(page.events, {
    now: face.clock.now(),
    queryName: fixed.queryName ?? 'SimpleEventQuery',
    asDigitalLinks: format === 'Always_GS1_Digital_Link' ? face.canonical : undefined,
  })
  let link = {}
  if (page.next !== undefined) {
    const { token, expires } = face.tokens.give({
      kind: 'events',
      path: request.path,
      parameters,
      namespaces,
      cursor: page.next,
    })
    link = linkTo(request, face, token, expires)
  }
  return json(200, document, { 'GS1-EPC-Format': format, ...link })
}

/** Parameters of the address beside fixed ones; the same name in both is refused, since one would be lost. */
function both(asked: QueryParameters, fixed: QueryParameters): QueryParameters {
  for (const name of Object.keys(asked))
    if (Object.hasOwn(fixed, name))
      throw new EpcisProblem(
        'QueryParameterException',
        `${name.slice(0, 100)}: the path or the named query says it already`,
      )
  return { ...asked, ...fixed }
}

/** Part of a list: items with their keys in an order and, when it ended before its time, the key from which to go on. */
export interface ListPart {
  found: { key: string; item: unknown }[]
  goOn?: string
}

/** A page of a list. */
export function listPage(
  request: EpcisRequest,
  face: Face,
  part: (after: string | undefined, limit: number) => ListPart,
  envelope: (items: unknown[]) => unknown = (all) => all,
): EpcisResponse {
  const { perPage: perPageText, nextPageToken } = parametersOf(request.query)
  const perPage = perPageOf(perPageText)
  const kept = nextPageToken === undefined ? undefined : face.tokens.take(nextPageToken)
  if (nextPageToken !== undefined && (kept?.kind !== 'list' || kept.path !== request.path)) throw noToken()
  const { found, goOn } = part(kept?.kind === 'list' ? kept.after : undefined, perPage + 1)
  const page = found.slice(0, perPage)
  const after = found.length > perPage ? page.at(-1)?.key : goOn
  let link = {}
  if (after !== undefined) {
    const { token, expires } = face.tokens.give({ kind: 'list', path: request.path, after })
    link = linkTo(request, face, token, expires)
  }
  return json(200, envelope(page.map(({ item }) => item)), link)
}
