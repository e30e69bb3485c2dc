import {
  adminPermissions,
  decodeData,
  HandleFormatError,
  type HandleValue,
  responses,
  valuePermissions,
} from '../handle/handle.ts'

import { recordFault } from '../record/check-record.ts'

/** What a request wants of a record (RFC 3652 §3.4–3.6, §3.7). */
export type Change =
  | { kind: 'create'; values: readonly HandleValue[]; overwrite: boolean }
  | { kind: 'delete' }
  | { kind: 'add'; values: readonly HandleValue[]; overwrite: boolean }
  | { kind: 'modify'; values: readonly HandleValue[] }
  | { kind: 'remove'; indexes: readonly number[] }

export interface Refused {
  response: number
  message: string
  /** The values that it is about. */
  indexes?: number[]
}

/** What a change would leave of a record, and what whoever makes it must be allowed. */
export interface Changed {
  /** Null when nothing is left. */
  values: HandleValue[] | null
  /** Bits of `adminPermissions`, all of them; 0 when everybody may. */
  permissions: number
}

export const isRefused = (outcome: Changed | Refused): outcome is Refused => 'response' in outcome

const isAdmin = ({ type }: HandleValue) => type.toUpperCase() === 'HS_ADMIN'
const may = (value: HandleValue, bit: number) => (value.permissions & bit) !== 0
const refuse = (response: number, message: string, indexes?: number[]): Refused => ({
  response,
  message,
  ...(indexes && { indexes }),
})

/** What the change makes of a record (undefined: there is none). `nowSeconds` becomes the timestamp of what it writes. */
export function changed(
  change: Change,
  current: readonly HandleValue[] | undefined,
  nowSeconds: number,
): Changed | Refused {
  const outcome = changedValues(change, current, nowSeconds)
  if (isRefused(outcome) || outcome.values === null) return outcome
  const fault = recordFault(outcome.values)
  return fault ? refuse(responses.invalidValue, `value ${fault.index}: ${fault.message}`, [fault.index]) : outcome
}

function changedValues(
  change: Change,
  current: readonly HandleValue[] | undefined,
  nowSeconds: number,
): Changed | Refused {
  const wrong = 'values' in change ? wrongValues(change.values) : undefined
  if (wrong) return wrong
  const stamped = 'values' in change ? change.values.map((value) => ({ ...value, timestamp: nowSeconds })) : []
  if (change.kind === 'create') return created(stamped, current, change.overwrite)
  if (current === undefined) return refuse(responses.handleNotFound, 'there is no such handle')
  switch (change.kind) {
    case 'delete':
      return { values: null, permissions: adminPermissions.deleteHandle }
    case 'add':
      return added(stamped, current, change.overwrite)
    case 'modify':
      return modified(stamped, current)
    case 'remove':
      return removed(change.indexes, current)
  }
}

function wrongValues(values: readonly HandleValue[]): Refused | undefined {
  const seen = new Set<number>()
  for (const value of values) {
    if (value.index < 1) return refuse(responses.invalidValue, 'the index of a value is a number from 1', [value.index])
    if (seen.has(value.index))
      return refuse(responses.invalidValue, `two values have the index ${value.index}`, [value.index])
    seen.add(value.index)
    try {
      decodeData(value.type, value.data)
    } catch (error) {
      if (!(error instanceof HandleFormatError)) throw error
      return refuse(responses.invalidValue, `value ${value.index} (${value.type}): ${error.message}`, [value.index])
    }
  }
  return undefined
}

function created(
  values: HandleValue[],
  current: readonly HandleValue[] | undefined,
  overwrite: boolean,
): Changed | Refused {
  if (values.length === 0) return refuse(responses.invalidValue, 'a handle is created with at least one value')
  if (current === undefined) return { values: inOrder(values), permissions: adminPermissions.createHandle }
  if (!overwrite) return refuse(responses.handleExists, 'the handle is registered already')
  return { values: inOrder(values), permissions: adminPermissions.createHandle | adminPermissions.deleteHandle }
}

function added(values: HandleValue[], current: readonly HandleValue[], overwrite: boolean): Changed | Refused {
  const taken = values.filter(({ index }) => current.some((each) => each.index === index))
  if (taken.length > 0 && !overwrite)
    return refuse(
      responses.valueExists,
      `there is a value ${taken[0]?.index} already`,
      taken.map(({ index }) => index),
    )
  const replaced = taken.length > 0 ? modified(taken, current) : { values: [...current], permissions: 0 }
  if (isRefused(replaced) || replaced.values === null) return replaced
  const fresh = values.filter((value) => !taken.includes(value))
  const permissions = fresh.reduce(
    (bits, value) => bits | (isAdmin(value) ? adminPermissions.addAdmin : adminPermissions.addValue),
    replaced.permissions,
  )
  return { values: inOrder([...replaced.values, ...fresh]), permissions }
}

function modified(values: HandleValue[], current: readonly HandleValue[]): Changed | Refused {
  const next = new Map(current.map((value) => [value.index, value]))
  let permissions = 0
  for (const value of values) {
    const before = next.get(value.index)
    if (before === undefined) return refuse(responses.valuesNotFound, `there is no value ${value.index}`, [value.index])
    const needed = isAdmin(before) || isAdmin(value) ? adminPermissions.modifyAdmin : adminPermissions.modifyValue
    const right = rightToWrite(before, needed)
    if (typeof right !== 'number') return right
    permissions |= right
    next.set(value.index, value)
  }
  return { values: inOrder([...next.values()]), permissions }
}

function removed(indexes: readonly number[], current: readonly HandleValue[]): Changed | Refused {
  const missing = indexes.filter((index) => !current.some((value) => value.index === index))
  if (indexes.length === 0 || missing.length > 0)
    return refuse(responses.valuesNotFound, `there is no value ${missing[0] ?? '(none is named)'}`, missing)
  let permissions = 0
  for (const value of current) {
    if (!indexes.includes(value.index)) continue
    const right = rightToWrite(value, isAdmin(value) ? adminPermissions.removeAdmin : adminPermissions.removeValue)
    if (typeof right !== 'number') return right
    permissions |= right
  }
  return { values: current.filter(({ index }) => !indexes.includes(index)), permissions }
}

/** RFC 3651 §3.1: a value that nobody may write stays as it is, one that everybody may write needs no right. */
function rightToWrite(value: HandleValue, needed: number): number | Refused {
  if (may(value, valuePermissions.publicWrite) && !isAdmin(value)) return 0
  if (may(value, valuePermissions.adminWrite)) return needed
  return refuse(responses.noPermission, `value ${value.index} is not to be changed`, [value.index])
}

const inOrder = (values: HandleValue[]) => values.sort((one, other) => one.index - other.index)
