import type { LiveMessage } from '@kapok/contracts/data'
import { useEffect, useRef, useState } from 'react'

export type LiveValue = LiveMessage['values'][number]
/** Points kept for the live chart of one property: ten minutes at 1 Hz. */
const keptPoints = 600
const reconnectMsMax = 15_000

export interface Live {
  connected: boolean
  /** Property → its newest points, oldest first. A new object after every change. */
  points: ReadonlyMap<string, LiveValue[]>
}

/** Live values of one device over the WebSocket, reconnecting with back-off. Updates are gathered to four a second. */
export function useLive(deviceId: string | undefined): Live {
  const [live, setLive] = useState<Live>({ connected: false, points: new Map() })
  const points = useRef(new Map<string, LiveValue[]>())
  useEffect(() => {
    if (deviceId === undefined) return
    points.current = new Map()
    let socket: WebSocket | undefined
    let waitMs = 1000
    let timer: ReturnType<typeof setTimeout> | undefined
    let changed = false
    let closed = false
    const show = (connected: boolean) => setLive({ connected, points: new Map(points.current) })
    const open = () => {
      const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
      socket = new WebSocket(`${scheme}://${location.host}/api/live?devices=${deviceId}`)
      socket.onopen = () => {
        waitMs = 1000
        show(true)
      }
      socket.onmessage = ({ data }) => {
        const message = JSON.parse(String(data)) as LiveMessage
        for (const value of message.values) {
          const [property, at] = value
          const kept = points.current.get(property) ?? []
          if ((kept.at(-1)?.[1] ?? 0) >= at) continue
          points.current.set(property, [...kept.slice(1 - keptPoints), value])
          changed = true
        }
      }
      socket.onclose = () => {
        if (closed) return
        show(false)
        timer = setTimeout(open, waitMs)
        waitMs = Math.min(reconnectMsMax, waitMs * 2)
      }
    }
    open()
    const ticker = setInterval(() => {
      if (changed) show(socket?.readyState === WebSocket.OPEN)
      changed = false
    }, 250)
    return () => {
      closed = true
      clearInterval(ticker)
      clearTimeout(timer)
      socket?.close()
    }
  }, [deviceId])
  return live
}
