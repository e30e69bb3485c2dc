import { quality, type TagValue } from '../driver.ts'
import type { DeviceState, TagState } from '../reading/reader.ts'
import type { EdgeDevice, Tag } from '../tag-table.ts'
import { diagnose } from './diagnosis.ts'
import { type Html, html } from './html.ts'
import { type Language, type Say, sayIn, timeOf } from './language.ts'
import { passwordLettersMin } from './password.ts'
import type { PageSource } from './source.ts'

/** What every page is made with. */
export interface View {
  source: PageSource
  language: Language
  say: Say
}

export const viewOf = (source: PageSource, language: Language): View => ({ source, language, say: sayIn(language) })

const tagsShown = 200

export function layout(
  { source, language, say }: View,
  { title, path, body, signedIn = true }: { title: string; path: string; body: Html; signedIn?: boolean },
): string {
  const places: [string, string][] = [
    ['/', say('概况', 'Overview')],
    ['/log', say('日志', 'Log')],
    ['/writes', say('写入记录', 'Writes')],
    ['/set-up', say('接入平台', 'Platform')],
  ]
  const links = places.map(
    ([to, word]) => html`<a href="${to}"${path === to ? html` aria-current="page"` : ''}>${word}</a>`,
  )
  return html`<!doctype html><html lang="${language === 'zh' ? 'zh-CN' : 'en'}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>${title} · Kapok 木棉</title>
<link rel="stylesheet" href="/page.css"><link rel="icon" href="data:,"><script src="/page.js" defer></script>
<body><header><strong>Kapok 木棉 · ${source.identity()?.name ?? say('边缘网关', 'edge gateway')}</strong>
<a href="?lang=${say('en', 'zh')}" lang="${say('en', 'zh-CN')}">${say('English', '中文')}</a>
${signedIn && html`<form method="post" action="/sign-out"><button class="quiet">${say('退出', 'Sign out')}</button></form><nav aria-label="${say('页面', 'Pages')}">${links}</nav>`}</header>
<main><h1>${title}</h1>${body}</main></body></html>`.text
}

export const live = (everyMs: number, body: Html) => html`<div data-every="${everyMs}">${body}</div>`
export const notice = (words: string, isBad = false) =>
  html`<p class="notice${isBad ? ' bad' : ''}" role="${isBad ? 'alert' : 'status'}">${words}</p>`

export const linkTo = (path: string, query: Record<string, string>) => `${path}?${new URLSearchParams(query)}`

export function wordOf(value: TagValue | undefined | null, say: Say): string {
  if (value === undefined || value === null) return '—'
  if (typeof value === 'boolean') return value ? say('是', 'true') : say('否', 'false')
  return String(typeof value === 'number' ? Number(value.toPrecision(9)) : value)
}

function qualityOf({ quality: q, reason, zh }: TagState, say: Say): Html {
  if (q === quality.good) return html`<span class="good">● ${say('好', 'good')}</span>`
  const word = q === quality.bad ? say('坏', 'bad') : say('存疑', 'uncertain')
  return html`<span class="${q === quality.bad ? 'bad' : 'warn'}">▲ ${word}</span>${reason !== undefined && html` <small>${say(zh ?? reason, reason)}</small>`}`
}

export function overview(view: View): Html {
  const { source, say } = view
  const alarms = source.alarms()
  const raised = alarms.filter(({ raised: is }) => is)
  const machines = source.machines()
  return live(
    2_000,
    html`<div class="cards">${platformCard(view)}${bufferCard(view)}${clockCard(view)}</div>
${brokers(view)}<h2>${say('报警', 'Alarms')}</h2>${
      alarms.length === 0
        ? html`<p class="soft">${say('点表里没有本地报警。', 'The tag table has no local alarms.')}</p>`
        : html`<p>${raised.length === 0 ? html`<span class="good">● ${say('没有报警', 'None is raised')}</span>` : html`<span class="bad">▲ ${say(`${raised.length} 条报警`, `${raised.length} raised`)}</span>`}</p><ul class="plain">${alarms.map((each) => alarmRow(each, view))}</ul>`
    }
<h2>${say('设备', 'Machines')}</h2>${
      machines.length === 0
        ? html`<p class="soft">${say('点表里没有设备。', 'The tag table has no machine.')}</p>`
        : html`<ul class="plain">${machines.map(({ state }) => machineRow(state, view))}</ul>`
    }`,
  )
}

function alarmRow(alarm: ReturnType<PageSource['alarms']>[number], { language, say }: View): Html {
  const word = {
    info: say('提示', 'info'),
    warning: say('警告', 'warning'),
    critical: say('严重', 'critical'),
  }[alarm.severity]
  return html`<li><span class="${alarm.raised ? 'bad' : 'good'}">${alarm.raised ? '▲' : '●'} ${alarm.message[language]}</span>
<small>${alarm.device} · ${alarm.name} · ${word} · ${alarm.raised ? say('已触发', 'raised') : say('未触发', 'not raised')}${alarm.changedAt === undefined ? '' : ` · ${timeOf(alarm.changedAt)}`}</small>
${alarm.reason !== undefined && html`<br><small class="warn">${say('现在无法判断：', 'Cannot be told now: ')}${alarm.reason[language]}</small>`}</li>`
}

const errorOf = ({ lastError = '', lastErrorZh }: DeviceState, say: Say) => say(lastErrorZh ?? lastError, lastError)

function machineRow(state: DeviceState, { say, language }: View): Html {
  const diagnosis = diagnose(state)
  const values = Object.keys(state.values).length
  return html`<li><a href="${linkTo('/device', { device: state.name })}">${state.name}</a> <small>${state.protocol} · ${values} ${say('个测点', 'tags')}</small>
<br>${state.connected ? html`<span class="good">● ${say('正在读取', 'being read')}</span>` : html`<span class="bad">■ ${say('读不到', 'not read')}</span>`}
${diagnosis !== undefined && html`<br>${diagnosis[language]}<br><small>${errorOf(state, say)}</small>`}</li>`
}

function platformCard({ source, say }: View): Html {
  const { connected, lastError, sentPoints } = source.uplink()
  const platform = source.platform()
  if (platform === undefined)
    return html`<div class="card">${say('平台', 'Platform')}<b class="warn">${say('还没接入', 'Not set up')}</b><a href="/set-up">${say('现在接入', 'Set it up')}</a></div>`
  return html`<div class="card">${say('平台', 'Platform')}<b class="${connected ? 'good' : 'bad'}">${connected ? say('● 已连接', '● connected') : say('■ 连不上', '■ away')}</b>
<small>${platform} · ${say('已送达', 'delivered')} ${sentPoints}${!connected && lastError !== undefined ? ` · ${lastError}` : ''}${connected ? '' : say('。数据都留着，连上后补传。', '. Values are kept and follow.')}</small></div>`
}

/** Other brokers than the platform, a line each. */
function brokers({ source, say }: View): Html | undefined {
  const all = source.northbound()
  if (all.length === 0) return undefined
  const rows = all.map(({ kind, name, phase, lastError, sentPoints, waiting, lostBatches }) => {
    const state = {
      online: html`<span class="good">● ${say('已连接', 'connected')}</span>`,
      waiting: html`<span class="warn">▲ ${say('已连接，等主应用上线', 'connected, waits for the primary host')}</span>`,
      away: html`<span class="bad">■ ${say('连不上', 'away')}</span>`,
    }[phase]
    return html`<li>${kind === 'uns' ? say('统一命名空间', 'Unified name space') : 'Sparkplug B'} ${state}
<small>${name.slice(kind.length + 1)} · ${say('已送达', 'delivered')} ${sentPoints} · ${say('等待批次', 'batches waiting')} ${waiting}${lostBatches > 0 ? ` · ${say('缓存已满而丢失的批次', 'batches lost by a full buffer')} ${lostBatches}` : ''}${phase !== 'online' && lastError !== undefined ? ` · ${lastError}` : ''}</small></li>`
  })
  return html`<h2>${say('其他消息服务器', 'Other brokers')}</h2><ul class="plain">${rows}</ul>`
}

function bufferCard({ source, say }: View): Html {
  const { points, bytes, lost } = source.buffer.tally()
  const oldest = source.buffer.oldestWaitingAt()
  const gaps = source.buffer.gaps(0, 100_000).length
  return html`<div class="card">${say('缓存', 'Buffer')}<b>${points} ${say('个值等待发送', 'values wait')}</b>
<small>${(bytes / 1_048_576).toFixed(1)} MiB · ${say('最早', 'oldest')} ${oldest === undefined ? '—' : timeOf(oldest)} · ${say('丢失', 'lost')} ${lost} · ${say('缺口', 'gaps')} ${gaps}</small></div>`
}

function clockCard({ source, say }: View): Html {
  const step = source.clockSteps.at(-1)
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  return html`<div class="card">${say('时钟', 'Clock')}<b>${timeOf(source.clock.now())}</b>
<small>${zone} · ${step === undefined ? say('启动后未被调整', 'not set since the start') : `${say('被调整了', 'was set by')} ${Math.round((step.after - step.before) / 1_000)} s (${timeOf(step.after)})`}</small></div>`
}

export function devicePage({ source, say, language }: View, name: string, search: string): Html | undefined {
  const machine = source.machines().find(({ device }) => device.name === name)
  if (machine === undefined) return undefined
  const { device, state } = machine
  const all = Object.entries(state.values).filter(([property]) => property.toLowerCase().includes(search.toLowerCase()))
  const rows = all.slice(0, tagsShown).map(
    ([property, tag]) => html`<tr><td><a href="${linkTo('/tag', { device: name, property })}">${property}</a></td>
<td class="value">${wordOf(tag.value, say)}</td><td>${qualityOf(tag, say)}</td></tr>`,
  )
  const diagnosis = diagnose(state)
  return html`<form class="choices"><input type="hidden" name="device" value="${name}"><label class="row">${say('查找测点', 'Find a tag')} <input name="q" value="${search}"></label></form>
${live(
  2_000,
  html`<p>${device.protocol} · ${state.connected ? html`<span class="good">● ${say('正在读取', 'being read')}</span>` : html`<span class="bad">■ ${say('读不到', 'not read')}</span>`}
${state.lastRead !== undefined && html` · ${say('上次读取', 'last read')} ${timeOf(state.lastRead)}`}</p>
${diagnosis !== undefined && html`<p class="notice bad">${diagnosis[language]}<br><small>${errorOf(state, say)}</small></p>`}
${
  rows.length === 0
    ? html`<p class="soft">${say('没有测点；设备还没有给出值，或查找没有结果。', 'No tags: the machine gave no value yet, or nothing was found.')}</p>`
    : html`<table><thead><tr><th scope="col">${say('测点', 'Tag')}</th><th scope="col">${say('值', 'Value')}</th><th scope="col">${say('质量', 'Quality')}</th></tr></thead><tbody>${rows}</tbody></table>`
}
${all.length > tagsShown && html`<p class="soft">${say(`只显示 ${all.length} 个中的 ${tagsShown} 个，请查找。`, `${tagsShown} of ${all.length} are shown; search for the others.`)}</p>`}`,
)}`
}

export function tagPart({ say }: View, tag: Tag | undefined, state: TagState | undefined): Html {
  return html`<div class="cards"><div class="card">${say('现在', 'Now')}<b>${wordOf(state?.value, say)}</b>${state !== undefined && html`${qualityOf(state, say)} <small>${timeOf(state.at)}</small>`}</div>
<div class="card">${tag === undefined ? say('派生测点', 'Derived tag') : say('地址', 'Address')}<b>${tag?.where ?? '—'}</b><small>${tag?.type}</small></div></div>`
}

/** Undefined for a tag that is read-only. */
export function writeForm({ say }: View, device: EdgeDevice, tag: Tag | undefined): Html | undefined {
  if (tag?.write === undefined) return undefined
  const { min, max, interlock } = tag.write
  const words = tag.meaning.values === undefined ? undefined : Object.values(tag.meaning.values)
  const options = words ?? (tag.type === 'bool' ? ['true', 'false'] : undefined)
  const label = say('新值', 'New value')
  const input =
    options === undefined
      ? html`<input name="value" required autocomplete="off"${tag.type === 'text' ? '' : html` inputmode="decimal"`}>`
      : html`<select name="value">${options.map((word) => html`<option>${word}</option>`)}</select>`
  return html`<h2>${say('写入', 'Write')}</h2><form class="stack" method="post" action="/write">
<input type="hidden" name="device" value="${device.name}"><input type="hidden" name="property" value="${tag.property}">
<label>${label}${min !== undefined && html` <small>${min} – ${max}</small>`}${input}</label>
${interlock !== undefined && html`<small>${say('联锁条件', 'Interlock')}: ${interlock}</small>`}
<label>${say('操作人', 'Your name')}<input name="who" required maxlength="60" autocomplete="name"></label>
<label class="row"><input type="checkbox" name="sure" required> ${say('我已确认设备旁的人员安全', 'I have made sure that nobody at the machine is in danger')}</label>
<button>${say('写入设备', 'Write to the machine')}</button></form>`
}

export function logPage({ source, say }: View): Html {
  const lines = source.logTail.lines.toReversed()
  if (lines.length === 0) return html`<p class="soft">${say('还没有日志。', 'Nothing was logged yet.')}</p>`
  return live(
    2_000,
    html`<ol class="log">${lines.map(({ at, level, text }) => html`<li><span class="${level === 'info' ? 'soft' : 'warn'}">${timeOf(at)} ${level}</span> ${text}</li>`)}</ol>`,
  )
}

export function writesPage({ source, say }: View): Html {
  const records = source.writeLog.last(50)
  if (records.length === 0) return html`<p class="soft">${say('还没有写入过。', 'Nothing was written yet.')}</p>`
  return html`<ul class="plain">${records.map(
    ({
      at,
      who,
      device,
      property,
      old,
      new: value,
      outcome,
    }) => html`<li>${device} · ${property}: ${wordOf(old, say)} → ${wordOf(value, say)}
<span class="${outcome === 'written' ? 'good' : outcome === 'begun' ? 'soft' : 'bad'}">${outcome}</span><br><small>${timeOf(at)} · ${who}</small></li>`,
  )}</ul><p class="soft">${say('完整记录在网关主目录的 writes.jsonl。', 'The whole record is writes.jsonl in the gateway’s home.')}</p>`
}

export function setUpPage({ source, say }: View): Html {
  const identity = source.identity()
  return html`${identity !== undefined && html`<p>${say('本网关已接入，名称', 'This gateway is enrolled as')} <strong>${identity.name}</strong> · ${source.platform()}<br><small>${say('密钥指纹（与平台网关页面上的核对）', 'Fingerprint of its key (compare it with the gateway’s page on the platform)')}: ${identity.fingerprint}</small></p><h2>${say('重新接入', 'Enrol again')}</h2>`}
<p>${say('在平台的网关页面新建网关，把得到的一次性代码填在这里。', 'Make a gateway on the platform’s gateway page, and type its one-time code here.')}</p>
<form class="stack" method="post" action="/set-up">
<label>${say('平台地址', 'Address of the platform')}<input name="platform" type="url" required placeholder="https://kapok.example"></label>
<label>${say('一次性代码', 'One-time code')}<input name="code" required autocomplete="off" maxlength="100"></label>
<button>${say('接入', 'Enrol')}</button></form>`
}

export function signInPage({ say }: View): Html {
  return html`<form class="stack" method="post" action="/sign-in">
<label>${say('网关密码', 'Password of the gateway')}<input name="password" type="password" required autocomplete="current-password"></label>
<button>${say('登录', 'Sign in')}</button></form>
<p class="soft">${say('忘了密码：在网关上删除主目录里的 page-password.json，再打开本页设新密码。', 'Forgotten? Delete page-password.json in the gateway’s home on the box, then open this page to set a new one.')}</p>`
}

export function passwordPage({ say }: View, needsToken: boolean): Html {
  return html`<p>${say('这台网关还没有密码。设一个，以后用它登录本页。', 'This gateway has no password yet. Set one; it opens this page from now on.')}</p>
<form class="stack" method="post" action="/password">
${needsToken && html`<label>${say('一次性令牌（在网关日志里）', 'One-time token (in the gateway’s log)')}<input name="token" required autocomplete="off"></label>`}
<label>${say(`新密码（至少 ${passwordLettersMin} 个字符）`, `New password (at least ${passwordLettersMin} characters)`)}<input name="password" type="password" required minlength="${passwordLettersMin}" maxlength="200" autocomplete="new-password"></label>
<button>${say('设定密码', 'Set the password')}</button></form>`
}
