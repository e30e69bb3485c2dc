import { isThereTwice } from '../check.ts'
import type { ReportRule } from '../reading/report.ts'
import { joined, type Said, wordsOf } from '../sentence.ts'
import type { WriteRule } from '../writing/rule.ts'
import { compileExpression, type Expression, ExpressionError } from './expression.ts'
import type { WrittenAlarm, WrittenDerived } from './written.ts'

/** A tag of a device, read or derived. There is one object for each. */
export interface Series {
  device: string
  property: string
}

export interface DerivedNode {
  kind: 'derived'
  series: Series
  unit: string | undefined
  expression: Expression<Series>
  report: ReportRule
}

export interface AlarmNode {
  kind: 'alarm'
  device: string
  alarm: WrittenAlarm
  expression: Expression<Series>
  report: ReportRule
}

export type Node = DerivedNode | AlarmNode

/** What is to be computed, in an order in which everything comes after what it needs. */
export interface DerivePlan {
  nodes: readonly Node[]
  series(device: string, property: string): Series | undefined
}

export interface PlannedDevice {
  name: string
  /** Where it stands in the table. */
  path: string
  heartbeatMs: number
  tags: readonly { property: string }[]
  /** Conditions of writes; what they are compiled to goes into their rule. */
  interlocks: readonly { rule: WriteRule; text: string; path: string }[]
  derived: readonly WrittenDerived[]
  alarms: readonly WrittenAlarm[]
}

const windowsMax = 2_000
const withoutWindows = {
  zh: '应为不含时间窗的表达式；请把时间窗写成派生测点',
  en: 'an expression without windows is expected; make the window a derived tag',
}

/** Compiles every expression of a table. What is wrong goes to `problems`, each with its path. */
export function planDerivation(devices: readonly PlannedDevice[], problems: Said[]): DerivePlan {
  const all = new Map<string, Map<string, Series>>()
  for (const { name, tags, derived } of devices) {
    const names = [...tags, ...derived].map(({ property }) => property)
    all.set(name, new Map(names.map((property) => [property, { device: name, property }])))
  }
  const series = (device: string, property: string) => all.get(device)?.get(property)
  const nodes = devices.flatMap((device) => nodesOf(device, series, problems))
  const windows = nodes.reduce((sum, { expression }) => sum + expression.windows.length, 0)
  if (windows > windowsMax)
    problems.push({
      zh: `table: 最多 ${windowsMax} 个时间窗，现有 ${windows} 个`,
      en: `table: at most ${windowsMax} windows are expected, not ${windows}`,
    })
  return { nodes: inOrder(nodes, problems), series }
}

function nodesOf(device: PlannedDevice, series: DerivePlan['series'], problems: Said[]): Node[] {
  const { name, path, heartbeatMs } = device
  const taken = new Set(device.tags.map(({ property }) => property))
  const isFree = (property: string, at: string) => {
    if (taken.has(property)) problems.push(joined`${at}.property: ${isThereTwice(property)}`)
    taken.add(property)
  }
  const compiled = (text: string, at: string) => {
    try {
      return compileExpression(text, (of, property) => series(of ?? name, property))
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error
      problems.push(joined`${at}: ${wordsOf(error)}`)
      return undefined
    }
  }
  for (const { rule, text, path: at } of device.interlocks) {
    rule.condition = compiled(text, at)
    if ((rule.condition?.windows.length ?? 0) > 0) problems.push(joined`${at}: ${withoutWindows}`)
  }
  const nodes: Node[] = []
  for (const [
    i,
    { property, expression: text, report: way, deadBand, deadBandPercent, ...more },
  ] of device.derived.entries()) {
    const at = `${path}.derived[${i}]`
    isFree(property, at)
    const own = series(name, property)
    const expression = compiled(text, `${at}.expression`)
    if (expression === undefined || own === undefined) continue
    const report = { way, deadBand, deadBandPercent, heartbeatMs: more.heartbeatMs ?? heartbeatMs }
    nodes.push({ kind: 'derived', series: own, unit: more.unit, expression, report })
  }
  for (const [i, alarm] of device.alarms.entries()) {
    const at = `${path}.alarms[${i}]`
    isFree(alarm.property, at)
    const expression = compiled(alarm.when, `${at}.when`)
    const report: ReportRule = { way: 'change', deadBand: 0, deadBandPercent: 0, heartbeatMs }
    if (expression !== undefined) nodes.push({ kind: 'alarm', device: name, alarm, expression, report })
  }
  return nodes
}

export const inputsOf = ({ expression: { tags, windows } }: Node): Series[] => [
  ...tags,
  ...windows.map((window) => window.series),
]

/** Each after what it needs. Nodes that need each other are a problem, told as the way round. */
function inOrder(nodes: readonly Node[], problems: Said[]): Node[] {
  const bySeries = new Map(nodes.flatMap((node) => (node.kind === 'derived' ? [[node.series, node] as const] : [])))
  const ordered: Node[] = []
  const done = new Set<Node>()
  const way: DerivedNode[] = []
  // Not by recursion: a thousand derived tags may stand on each other.
  for (const start of nodes) {
    const stack: { node: Node; waiting: Series[] }[] = []
    const enter = (node: Node) => {
      stack.push({ node, waiting: inputsOf(node) })
      if (node.kind === 'derived') way.push(node)
    }
    if (!done.has(start)) enter(start)
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const needed = top.waiting.pop()
      const next = needed === undefined ? undefined : bySeries.get(needed)
      if (needed === undefined) {
        done.add(top.node)
        ordered.push(top.node)
        if (top.node.kind === 'derived') way.pop()
        stack.pop()
      } else if (next !== undefined && way.includes(next))
        problems.push(loopOf([...way.slice(way.indexOf(next)), next]))
      else if (next !== undefined && !done.has(next)) enter(next)
    }
  }
  return ordered
}

const loopOf = (way: readonly DerivedNode[]) =>
  `derived tags need each other: ${way.map(({ series: { device, property } }) => `${device}.${property}`).join(' → ')}`
