import { createServer, type Server } from 'node:http'
import type { EdgeBuffer } from './buffer/buffer.ts'
import { quality, type TagValue } from './driver.ts'
import type { DeviceState } from './reading/reader.ts'
import type { UplinkState } from './uplink.ts'

export interface EdgeStatus {
  devices: readonly DeviceState[]
  uplink: UplinkState
  buffer: EdgeBuffer
}

/** The gateway's own page, on loopback: state for people at `/`, JSON at `/status`, Prometheus text at `/metrics`. */
export function startStatusPage(port: number, status: EdgeStatus): Promise<Server> {
  const server = createServer((request, response) => {
    response.setHeader('X-Content-Type-Options', 'nosniff')
    response.setHeader('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'")
    if (request.method !== 'GET' || request.headers.origin !== undefined) return void response.writeHead(403).end()
    switch (request.url) {
      case '/status':
        return void response.setHeader('Content-Type', 'application/json').end(JSON.stringify(statusOf(status)))
      case '/metrics':
        return void response.setHeader('Content-Type', 'text/plain; version=0.0.4').end(metricsOf(status))
      case '/':
        return void response.setHeader('Content-Type', 'text/html; charset=utf-8').end(pageOf(status))
      default:
        return void response.writeHead(404).end()
    }
  })
  return new Promise((done, fail) => {
    server.once('error', fail)
    server.listen(port, '127.0.0.1', () => done(server))
  })
}

function statusOf({ devices, uplink, buffer }: EdgeStatus) {
  const { points, lost } = buffer.tally()
  return { devices, uplink, buffered: points, lost }
}

function metricsOf({ devices, uplink, buffer }: EdgeStatus): string {
  const { points, lost } = buffer.tally()
  const lines = [
    `kapok_edge_uplink_connected ${uplink.connected ? 1 : 0}`,
    `kapok_edge_points_sent_total ${uplink.sentPoints}`,
    `kapok_edge_points_buffered ${points}`,
    `kapok_edge_points_lost_total ${lost}`,
    ...devices.flatMap(({ name, connected, reads, errors }) => {
      const label = `{device="${name.replace(/[\\"\n]/g, '\\$&')}"}`
      return [
        `kapok_edge_device_connected${label} ${connected ? 1 : 0}`,
        `kapok_edge_device_reads_total${label} ${reads}`,
        `kapok_edge_device_errors_total${label} ${errors}`,
      ]
    }),
  ]
  return `${lines.join('\n')}\n`
}

const escapeHtml = (text: string) =>
  text.replace(/[&<>"']/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[c] ?? c)

const wordOf = (value: TagValue | undefined) =>
  value === undefined ? '—' : escapeHtml(String(typeof value === 'number' ? Number(value.toPrecision(7)) : value))

function pageOf({ devices, uplink, buffer }: EdgeStatus): string {
  const { points, lost } = buffer.tally()
  const rows = devices.map((device) => {
    const values = Object.entries(device.values)
      .map(
        ([property, { value, quality: q, reason }]) =>
          `${escapeHtml(property)} ${wordOf(value)}${q === quality.good ? '' : ` ⚠ ${escapeHtml(reason ?? '')}`}`,
      )
      .join(' · ')
    const state = device.connected ? '✔ 正常 reading' : `✖ ${escapeHtml(device.lastError ?? '尚未读取 not read yet')}`
    return `<tr><td>${escapeHtml(device.name)}<br><small>${escapeHtml(device.protocol)}</small></td><td>${state}</td><td>${values}</td></tr>`
  })
  return `<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="2"><title>Kapok 边缘网关</title>
<style>:root{color-scheme:light dark}body{font:14px/1.6 system-ui;margin:24px;max-width:1100px}
table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #8884;padding:8px;text-align:left;vertical-align:top}</style>
<h1>Kapok 边缘网关 · edge gateway</h1>
<p>平台 platform: ${uplink.connected ? '✔ 已连接 connected' : `✖ 未连接 away ${escapeHtml(uplink.lastError ?? '')}`} ·
缓存 buffered: ${points} · 已送达 delivered: ${uplink.sentPoints} · 丢失 lost: ${lost}</p>
<table><tr><th>设备 device</th><th>状态 state</th><th>测点 values</th></tr>${rows.join('')}</table></html>`
}
