import { type Static, Type } from 'typebox'
import { route } from './route.ts'

/** Why a step of a verified path does not hold. */
const pathFaults = [
  'notReached',
  'noCertificate',
  'noSignature',
  'malformed',
  'brokenChain',
  'wrongPrefix',
  'wrongHandle',
  'wrongKey',
  'expired',
  'notYetValid',
  'valueChanged',
  'valueNotCovered',
  'valueMissing',
  'chainTooLong',
] as const

/** One question to one node on the way to an answer. */
export const resolutionStep = Type.Object({
  /** The prefix whose service was asked; `0.NA` is the root. */
  of: Type.String(),
  /** `address:port`. */
  server: Type.String(),
  asked: Type.String(),
  /** Response code of the Handle protocol and its word; absent when nothing came. */
  responseCode: Type.Optional(Type.Integer()),
  said: Type.Optional(Type.String()),
  tookMs: Type.Number(),
})

/** One step from the trusted key of the root down to the values: a certificate, the signature of the record, its values. */
const verifiedStep = Type.Object({
  kind: Type.Union([Type.Literal('certificate'), Type.Literal('signature'), Type.Literal('values')]),
  /** The prefix, or the handle. */
  of: Type.String(),
  holds: Type.Boolean(),
  /** Why it does not hold. */
  why: Type.Optional(Type.Enum(pathFaults)),
  /** The same for people who run nodes, in English. */
  sentence: Type.String(),
})

/** A value of a record as the Handle REST API tells it. */
export const handleValue = Type.Object({
  index: Type.Integer(),
  type: Type.String(),
  data: Type.Object({ format: Type.String(), value: Type.Unknown() }),
  permissions: Type.Optional(Type.String()),
  ttl: Type.Union([Type.Integer(), Type.String()]),
  timestamp: Type.String(),
  references: Type.Optional(Type.Array(Type.Object({ handle: Type.String(), index: Type.Integer() }))),
})

/** What is known of an identifier, and how it was come by. */
export const resolution = Type.Object({
  handle: Type.String(),
  /** 1 found, 100 no such identifier; all others in the Handle protocol. */
  responseCode: Type.Integer(),
  message: Type.Optional(Type.String()),
  /** The nodes that keep it, what a recursive node knew, what it knew and nobody answers for now, the node that was asked. */
  from: Type.Union([Type.Literal('network'), Type.Literal('cache'), Type.Literal('stale'), Type.Literal('here')]),
  tookMs: Type.Number(),
  values: Type.Array(handleValue),
  steps: Type.Array(resolutionStep),
  /**
   * How far the values are proven: from the root's key down; not at all (not signed, or a certificate was not to be had); or
   * signed and changed. Absent where the node trusts no root, and where there are no values.
   */
  verified: Type.Optional(
    Type.Object({
      verdict: Type.Union([Type.Literal('verified'), Type.Literal('unproven'), Type.Literal('refused')]),
      steps: Type.Array(verifiedStep),
    }),
  ),
})
export type Resolution = Static<typeof resolution>
export const getResolution = route({
  id: 'identifier.resolution.get',
  method: 'GET',
  path: '/identifiers/resolution',
  summary: 'Public facts of an identifier, and who answered on the way to them.',
  who: ['public'],
  query: Type.Object({ handle: Type.String({ minLength: 3, maxLength: 2_048 }) }),
  reply: resolution,
})
