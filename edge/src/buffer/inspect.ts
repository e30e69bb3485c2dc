import { existsSync } from 'node:fs'
import { quality } from '../driver.ts'
import { EdgeBuffer, type EdgePoint } from './buffer.ts'

const gapsShown = 20
const runsShown = 10
const timeOf = (at: number | null) => (at === null ? '—' : new Date(at).toISOString())

/** What is in a buffer, for a person at the command line. The gateway may be running meanwhile. */
export function describeBuffer(file: string): string {
  return withBuffer(file, (buffer) => {
    const { points, bytes, lost } = buffer.tally()
    const counts = buffer.inspect()
    const gaps = buffer.gaps(0, 1_000_000)
    const runs = buffer.runs(runsShown)
    const lines = [
      `waiting     ${points} values in ${counts.waitingBatches} batches, ${bytes} bytes, oldest ${timeOf(counts.oldestWaiting)}`,
      `delivered   ${counts.deliveredPoints} values in ${counts.deliveredBatches} batches, kept for the gateway’s charts`,
      `values      from ${timeOf(counts.oldest)} to ${timeOf(counts.newest)}`,
      `next batch  ${buffer.nextSeq()}`,
      `gaps        ${gaps.length}, ${lost} values lost`,
      ...gaps
        .slice(-gapsShown)
        .map(
          (gap) => `            ${timeOf(gap.firstAt)} – ${timeOf(gap.lastAt)}  ${gap.points} values  ${gap.reason}`,
        ),
      `runs        the last ${runs.length}, newest first`,
      ...runs.map(
        ({ beganAt, clockSteps }) =>
          `            ${timeOf(beganAt)}${clockSteps === 0 ? '' : `  clock set by ${clockSteps} ms while it ran`}`,
      ),
    ]
    return `${lines.join('\n')}\n`
  })
}

/** Lines of a CSV with the values of [from, to), in the order in which they were kept. */
export function* csvOf(file: string, range: { from: number; to: number }): Generator<string> {
  const buffer = opened(file)
  try {
    yield 'time,device,property,value,quality\n'
    let next: number | undefined
    do {
      const piece = buffer.historyPiece(range, next)
      const points = piece.points.sort((a, b) => a.at - b.at)
      if (points.length > 0) yield points.map(lineOf).join('')
      next = piece.next
    } while (next !== undefined)
  } finally {
    buffer.close()
  }
}

const lineOf = ({ at, device, property, value, quality: q = quality.good }: EdgePoint) =>
  `${[new Date(at).toISOString(), cell(device), cell(property), cell(String(value)), q].join(',')}\n`

/** RFC 4180 §2. */
const cell = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

function withBuffer<T>(file: string, work: (buffer: EdgeBuffer) => T): T {
  const buffer = opened(file)
  try {
    return work(buffer)
  } finally {
    buffer.close()
  }
}

/** Throws when there is no buffer: looking must not make one. */
function opened(file: string): EdgeBuffer {
  if (!existsSync(file))
    throw new Error(`there is no buffer at ${file}; give the home folder of a gateway that has run`)
  return new EdgeBuffer(file)
}
