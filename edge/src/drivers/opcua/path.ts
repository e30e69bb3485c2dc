import type { AddressScanner } from '../../address.ts'

/**
 * A way to a node from an instance of a type, as companion specifications describe it: they fix types and BrowseNames, and
 * leave NodeIds to the maker.
 */
export interface NodePath {
  /** BrowseName of the type; its namespace is that of the address. Subtypes count. */
  type: string
  /** BrowseName of the instance, or its number from 0 where names do not tell them apart. */
  instance: string | number | undefined
  /** Whether the way begins at the parent of the instance. */
  fromParent: boolean
  steps: readonly Step[]
}

/** A child by its BrowseName, or the n-th child of a type. Namespaces of BrowseNames are not compared. */
export type Step = { name: string } | { type: string; index: number | undefined }

const name = /(?!\.\.(?:\/|$))[^/[\]#<>]+/y
const typeExpected = { zh: '类型的 BrowseName', en: 'the BrowseName of a type' }
const nameExpected = 'a BrowseName (without / [ ] # < >)'

/** `MachineToolType[Mill 1]/Monitoring/<SpindleMonitoringType>[0]/Override`, `MachineIdentificationType/../…`. */
export function parsePath(scan: AddressScanner): NodePath {
  const type = scan.take(name, typeExpected)
  let instance: string | number | undefined
  if (scan.optional(/\[/y) !== undefined) {
    const written = scan.take(name, {
      zh: '实例的 BrowseName，或从 0 起的序号',
      en: 'the BrowseName of an instance, or its number from 0,',
    })
    instance = /^\d{1,5}$/.test(written) ? Number(written) : written
    scan.take(/\]/y, ']')
  }
  const fromParent = scan.optional(/\/\.\.(?=\/)/y) !== undefined
  const steps: Step[] = []
  do {
    scan.take(/\//y, { zh: '“/”和 BrowseName', en: '/ and a BrowseName' })
    steps.push(parseStep(scan))
  } while (scan.optional(/(?=\/)/y) !== undefined)
  return { type, instance, fromParent, steps }
}

function parseStep(scan: AddressScanner): Step {
  if (scan.optional(/</y) === undefined)
    return { name: scan.take(name, { zh: 'BrowseName 或 <类型>', en: `${nameExpected} or <a type>` }) }
  const type = scan.take(name, typeExpected)
  scan.take(/>/y, '>')
  if (scan.optional(/\[/y) === undefined) return { type, index: undefined }
  const index = scan.number(0, 99_999, { zh: '序号', en: 'a number' })
  scan.take(/\]/y, ']')
  return { type, index }
}

/** The way as it is written; the inverse of `parsePath`. */
export function formatPath({ type, instance, fromParent, steps }: NodePath): string {
  const written = steps.map((step) =>
    'name' in step ? step.name : `<${step.type}>${step.index === undefined ? '' : `[${step.index}]`}`,
  )
  return [`${type}${instance === undefined ? '' : `[${instance}]`}`, ...(fromParent ? ['..'] : []), ...written].join(
    '/',
  )
}
