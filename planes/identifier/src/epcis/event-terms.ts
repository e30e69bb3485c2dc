import type { CanonicalUri } from './canonical-uri.ts'
import type { EventInContext, QuantityElement } from './event.ts'

/** What events are found by: the first byte of an index key. */
export const termKinds = {
  epc: 0x65,
  epcClass: 0x63,
  bizStep: 0x73,
  disposition: 0x64,
  bizLocation: 0x6c,
  readPoint: 0x72,
  bizTransaction: 0x74,
  transformationID: 0x78,
  eventID: 0x69,
} as const
export type EventTermKind = keyof typeof termKinds

/** In which lists an EPC or a class stands, as bits. */
export const roles = { epc: 1, parent: 2, child: 4, input: 8, output: 16 } as const
export const anyRole = 31

export interface EventTerm {
  kind: EventTermKind
  text: string
  /** Bits of `roles`; 0 where there are none. */
  roles: number
}

/** What an event is found by, each term once; identifiers in their canonical form, so that any spelling finds them. */
export function termsOf({ event }: EventInContext, canonical: CanonicalUri): EventTerm[] {
  const found = new Map<string, EventTerm>()
  const add = (kind: EventTermKind, text: string | undefined, role = 0) => {
    if (text === undefined) return
    const term = identifierOf(text, canonical)
    const key = kind + term
    const known = found.get(key)
    if (known === undefined) found.set(key, { kind, text: term, roles: role })
    else known.roles |= role
  }
  const epcs = (list: readonly string[] | undefined, role: number) => {
    for (const epc of list ?? []) add('epc', epc, role)
  }
  const classes = (list: readonly QuantityElement[] | undefined, role: number) => {
    for (const { epcClass } of list ?? []) add('epcClass', epcClass, role)
  }
  epcs(event.epcList, roles.epc)
  add('epc', event.parentID, roles.parent)
  epcs(event.childEPCs, roles.child)
  epcs(event.inputEPCList, roles.input)
  epcs(event.outputEPCList, roles.output)
  classes(event.quantityList, roles.epc)
  classes(event.childQuantityList, roles.child)
  classes(event.inputQuantityList, roles.input)
  classes(event.outputQuantityList, roles.output)
  add('bizStep', event.bizStep)
  add('disposition', event.disposition)
  add('bizLocation', event.bizLocation?.id)
  add('readPoint', event.readPoint?.id)
  for (const { bizTransaction } of event.bizTransactionList ?? []) add('bizTransaction', bizTransaction)
  add('transformationID', event.transformationID)
  add('eventID', event.eventID)
  return [...found.values()]
}

/** The canonical form of an identifier, without which two spellings would be two things. */
export const identifierOf = (text: string, canonical: CanonicalUri): string => canonical(text) ?? text
