import type { Clock } from '@kapok/kit/clock'
import type { Ids } from '@kapok/kit/ids'
import type { CanonicalUri } from './canonical-uri.ts'
import type { EventStore } from './event-store.ts'
import type { EpcisRequest, EpcisResponse } from './http-message.ts'
import type { KeptDocuments } from './kept-documents.ts'
import type { PageTokens } from './page-tokens.ts'
import type { QueryParameters } from './query.ts'
import type { Cursor } from './query-places.ts'
import type { MayRead } from './query-run.ts'
import type { Subscriptions } from './subscriptions.ts'

export interface EpcisOptions {
  store: EventStore
  jobs: KeptDocuments
  queries: KeptDocuments
  canonical: CanonicalUri
  clock: Clock
  ids: Ids
  /** Where the face stands, for Location and Link, such as `https://node.example/epcis`. */
  baseUrl: string
  /** What the sender of a request may see; all, when it is not given. */
  mayReadOf?: (request: EpcisRequest) => MayRead | undefined
  /** Throws EpcisProblem SecurityException (401, 403) for who may not do this. */
  authorise?: (request: EpcisRequest, to: 'capture' | 'read' | 'manage') => void
}

/** What the routes share. */
export interface Face extends EpcisOptions {
  subscriptions: Subscriptions
  tokens: PageTokens<NextPage>
}

/** What the next page of an address needs. */
export type NextPage =
  | { kind: 'events'; path: string; parameters: QueryParameters; namespaces: Record<string, string>; cursor: Cursor }
  | { kind: 'list'; path: string; after: string }

export type Handler = (
  request: EpcisRequest,
  face: Face,
  values: readonly string[],
) => Promise<EpcisResponse> | EpcisResponse
/** A path of which `{x}` parts are values, and what its methods do. */
export interface Route {
  path: string
  /** Answered by OPTIONS beside the versions. */
  discovery?: Record<string, string>
  methods: Readonly<Partial<Record<'GET' | 'POST' | 'DELETE', { to: 'capture' | 'read' | 'manage'; handle: Handler }>>>
}
