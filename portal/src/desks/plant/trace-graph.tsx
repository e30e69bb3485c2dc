import type { TraceGraph as Graph } from '@kapok/contracts/registry-trace'
import { useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { layersOf } from './trace-layers.ts'
import { pageOfTrace, shortName } from './trace-names.ts'
import './trace.css'

const box = { width: 190, height: 44, across: 64, down: 14 }
/** Beyond this a drawing says less than the list below it. */
const drawnMax = 120
const lettersOfLine = 24

/** The goods from left to right: what a thing was made of and what it lay in; a carrier that only held it is drawn lighter. */
export function TraceGraph({
  of: { nodes, edges, start },
  direction,
}: {
  of: Graph
  direction: 'backward' | 'forward'
}) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  if (nodes.length > drawnMax) return <p className="quiet">{t('trace.tooMany', { n: nodes.length })}</p>
  const layers = layersOf(nodes, direction)
  const rows = Math.max(...layers.map((layer) => layer.length))
  const places = new Map(
    layers.flatMap((layer, column) =>
      layer.map((node, row) => {
        const gap = ((rows - layer.length) * (box.height + box.down)) / 2
        return [node.id, { x: column * (box.width + box.across), y: gap + row * (box.height + box.down) }] as const
      }),
    ),
  )
  const width = layers.length * (box.width + box.across) - box.across
  const height = rows * (box.height + box.down)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways must scroll by keyboard too
    <section className="graph" aria-label={t('trace.drawing')} tabIndex={0}>
      <svg width={width + 2} height={height} viewBox={`-1 0 ${width + 2} ${height}`}>
        <title>{t('trace.drawing')}</title>
        {edges.map(({ from, to, kind }) => {
          const [a, b] = [places.get(from), places.get(to)]
          return a && b && <Edge key={`${from} ${to} ${kind}`} from={a} to={b} kind={kind} />
        })}
        {nodes.map((node) => {
          const place = places.get(node.id)
          const tone = node.id === start ? 'graph-start' : node.touched ? '' : 'graph-light'
          return (
            place && (
              <a
                key={node.id}
                href={pageOfTrace(node.id)}
                className={tone}
                onClick={(event) => {
                  event.preventDefault()
                  void navigate({ to: pageOfTrace(node.id) })
                }}
              >
                <title>{node.id}</title>
                <rect x={place.x} y={place.y} width={box.width} height={box.height} rx={6} />
                <text x={place.x + 10} y={place.y + 18}>
                  {shortened(node.name ?? shortName(node.id))}
                </text>
                {node.name && (
                  <text x={place.x + 10} y={place.y + 35} className="graph-key">
                    {shortened(shortName(node.id))}
                  </text>
                )}
              </a>
            )
          )
        })}
      </svg>
    </section>
  )
}

interface Place {
  x: number
  y: number
}

/** From the right side of one to the left side of the other; within a column, or back, around. */
function Edge({ from, to, kind }: { from: Place; to: Place; kind: string }) {
  const [ax, ay] = [from.x + box.width, from.y + box.height / 2]
  const [bx, by] = [to.x, to.y + box.height / 2]
  const bend = Math.max(box.across / 2, (ax - bx) / 3)
  return <path className={`graph-${kind}`} d={`M${ax} ${ay} C${ax + bend} ${ay} ${bx - bend} ${by} ${bx} ${by}`} />
}

/** The end of a key tells more than its beginning. */
function shortened(text: string): string {
  const letters = Array.from(text)
  return letters.length <= lettersOfLine ? text : `…${letters.slice(1 - lettersOfLine).join('')}`
}
