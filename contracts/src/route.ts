import { type Static, type TObject, type TSchema, Type } from 'typebox'
import type { Role } from './roles.ts'

/** What an API token may be good for. */
export const tokenScopes = ['points.read', 'points.write', 'reading.write'] as const
export type TokenScope = (typeof tokenScopes)[number]

/**
 * One route of the REST API as a contract: the server validates by it, the portal's client is typed by it, OpenAPI is
 * made from it, and the route × role test is generated from `who`. A route without `who` does not type-check, so the
 * policy is deny by default.
 */
export interface RouteContract {
  /** `plane.station.verb`, unique; also the name in the audit. */
  id: string
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Under `/api`, with `:name` parameters. */
  path: string
  /** One sentence for OpenAPI. */
  summary: string
  /** Roles that may call it. Which rows they then see is for row-level security and the use case. */
  who: readonly Role[]
  /** An API token with this scope may call it too, as its organisation. */
  token?: TokenScope
  params?: TObject
  query?: TObject
  body?: TSchema
  reply: TSchema
  /** The reply holds a secret that is shown once: it is not kept, and a repeated command is told that it was done. */
  replyOnce?: true
  /** `raw`: the body is bytes (a file); `none` and absent: JSON. */
  bodyKind?: 'raw'
  /** Body limit in bytes when it differs from `limits.jsonBodyBytes`. */
  bodyLimitBytes?: number
  /** The reply is a file or another non-JSON stream; `reply` then describes nothing more than its media type. */
  replyKind?: 'file'
}

export function route<const R extends RouteContract>(contract: R): R {
  return contract
}

type Part<S> = S extends TSchema ? Static<S> : Record<string, never>
export type ParamsOf<R extends RouteContract> = Part<R['params']>
export type QueryOf<R extends RouteContract> = Part<R['query']>
export type BodyOf<R extends RouteContract> = R['bodyKind'] extends 'raw'
  ? Uint8Array
  : R['body'] extends TSchema
    ? Static<R['body']>
    : undefined
export type ReplyOf<R extends RouteContract> = Static<R['reply']>

/** What a caller gives for a contract: path parameters, query and body, each typed by the contract's schemas. */
export type AskOf<R extends RouteContract> = (R['params'] extends TObject
  ? { params: ParamsOf<R> }
  : { params?: undefined }) &
  (R['query'] extends TObject
    ? Record<string, never> extends QueryOf<R>
      ? { query?: QueryOf<R> }
      : { query: QueryOf<R> }
    : { query?: undefined }) &
  (R['bodyKind'] extends 'raw'
    ? { body: Uint8Array }
    : R['body'] extends TSchema
      ? { body: BodyOf<R> }
      : { body?: undefined })

/** Query of every list: search, sort (`field` or `-field`), page from 1. */
export const pageQuery = {
  search: Type.Optional(Type.String({ maxLength: 100 })),
  sort: Type.Optional(Type.String({ maxLength: 40, pattern: '^-?[a-zA-Z]+$' })),
  page: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000, default: 1 })),
  size: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 20 })),
}

/** A page of a list: the rows, and how many there are in all. */
export function pageOf<T extends TSchema>(row: T) {
  return Type.Object({ rows: Type.Array(row), total: Type.Integer({ minimum: 0 }) })
}

export const emptyReply = Type.Object({})
