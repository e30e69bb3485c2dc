import { startGateway } from '@kapok/edge/command'
import { makeLog } from '@kapok/kit/log'

// A gateway whose time runs faster than the world's and whose clock is set by the parent: a day takes a minute.
export interface WarpedGateway {
  tagTableFile: string
  home: string
  /** Unix ms of the real clock at which the gateway's says `base`, and its pace from there. */
  t0: number
  base: number
  warp: number
}

if (process.argv[1] === import.meta.filename) {
  const { tagTableFile, home, t0, base, warp } = JSON.parse(process.argv[2] ?? '{}') as WarpedGateway
  let wrongBy = 0
  process.on('message', (ms: number) => {
    wrongBy = ms
  })
  process.on('disconnect', () => process.exit(0))
  // Both clocks are read at one moment: at this pace the time between two readings would be taken for a step.
  let monotonic = 0
  const edge = await startGateway({
    tagTableFile,
    home,
    clock: { now: () => Math.round(base + (performance.timeOrigin - t0) * warp + monotonic + wrongBy) },
    monotonic: () => {
      monotonic = performance.now() * warp
      return monotonic
    },
    log: makeLog('edge', process.env.KAPOK_LOG ?? 'silent'),
  })
  process.on('SIGTERM', () => void edge.stop().then(() => process.exit(0)))
}
