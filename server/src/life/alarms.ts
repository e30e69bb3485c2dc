/** What the terminal says of a log line with an `alarm`: what happened, and what somebody should do. */
const words: Record<string, string> = {
  'clock.set':
    '网关的时钟被调整，已记录；待上报的数据随之修正 · The clock of a gateway was set; it is recorded, and values that wait are corrected.',
  'disk.full':
    '磁盘将满，已停止接收测点值；请清理空间 · The disk is nearly full and points are refused; free some space.',
  'segment.damaged':
    '磁盘损坏了一个日志段：完好的部分已入库，原文件另存于 damaged；请查看日志 · A segment was damaged on disk: what is whole is loaded, the file is kept under damaged; see the log.',
  'segment.set-aside':
    '一个日志段无法入库，已单独存放；请查看日志 · A segment could not be loaded and was set aside; see the log.',
}

export const wordsOfAlarm = (alarm: string) => words[alarm] ?? `${alarm}：请查看日志 · see the log.`

const roles: Record<string, string> = {
  store: '时序库 · the store',
  ingest: '接入 · ingest',
  server: '门户 · the portal',
  resolver: '标识解析 · the resolver',
  world: '样例省 · the province',
}

export const wordsOfRole = (name: string) => roles[name] ?? name
