import { quality, type TagValue } from '../driver.ts'
import { IdentityError } from '../identity.ts'
import type { Tag } from '../tag-table.ts'
import { chartOf } from './chart.ts'
import { historyOf } from './history.ts'
import { type Html, html } from './html.ts'
import { timeOf } from './language.ts'
import {
  devicePage,
  linkTo,
  live,
  logPage,
  notice,
  overview,
  setUpPage,
  tagPart,
  type View,
  wordOf,
  writeForm,
  writesPage,
} from './views.ts'

export interface Answer {
  title: string
  body: Html
  status?: number
}

export type Fields = (name: string) => string

/** What a signed-in person may ask for; undefined for a thing that is not there. */
type Handler = (view: View, fields: Fields) => Answer | undefined | Promise<Answer | undefined>

const spans = [
  { hours: 1, zh: '1 小时', en: '1 hour' },
  { hours: 24, zh: '1 天', en: '1 day' },
  { hours: 168, zh: '1 周', en: '1 week' },
] as const

/** Every route of the page but sign-in and what it is drawn with. None is answered without a session. */
export const routes: Readonly<Record<string, Handler>> = {
  'GET /': (view) => ({ title: view.say('概况', 'Overview'), body: overview(view) }),
  'GET /device': (view, fields) => {
    const body = devicePage(view, fields('device'), fields('q'))
    return body && { title: fields('device'), body }
  },
  'GET /tag': tagPage,
  'GET /log': (view) => ({ title: view.say('日志（最近 200 行）', 'Log (the last 200 lines)'), body: logPage(view) }),
  'GET /writes': (view) => ({ title: view.say('写入记录', 'Writes'), body: writesPage(view) }),
  'GET /set-up': (view) => ({ title: view.say('接入平台', 'Platform'), body: setUpPage(view) }),
  'POST /write': write,
  'POST /set-up': enrol,
}

function tagOf({ source }: View, fields: Fields) {
  const machine = source.machines().find(({ device }) => device.name === fields('device'))
  const property = fields('property')
  const tag = machine?.device.tags.find((each) => each.property === property)
  const state = machine?.state.values[property]
  return machine === undefined || (tag === undefined && state === undefined)
    ? undefined
    : { machine, property, tag, state }
}

async function tagPage(view: View, fields: Fields): Promise<Answer | undefined> {
  const found = tagOf(view, fields)
  if (found === undefined) return undefined
  const { source, say } = view
  const { machine, property, tag, state } = found
  const hours = spans.find((span) => String(span.hours) === fields('hours'))?.hours ?? 1
  const device = machine.device.name
  const to = source.clock.now()
  const from = to - hours * 3_600_000
  const history = await historyOf(source.buffer, { device, property, from, to })
  const title = `${device} · ${property}`
  const choices = spans.map(
    (span) =>
      html`<a href="${linkTo('/tag', { device, property, hours: String(span.hours) })}"${span.hours === hours ? html` aria-current="true"` : ''}>${say(span.zh, span.en)}</a>`,
  )
  const gaps = source.buffer.gaps(0, 100_000)
  const drawn =
    history.bins.length === 0
      ? html`<p class="soft">${say('这段时间里没有数值。', 'There are no numbers in this time.')}</p>`
      : chartOf(history, { from, to, gaps, title, say, holds: state !== undefined && state.quality !== quality.bad })
  const newest = history.newest.toReversed().slice(0, 10)
  const body = html`<p><a href="${linkTo('/device', { device })}">← ${device}</a></p>${live(
    hours === 1 ? 5_000 : 60_000,
    html`${tagPart(view, tag, state)}
<h2>${say('历史', 'History')}</h2><div class="choices">${choices}</div>${drawn}
<p class="soft">${say(`本机缓存中有 ${history.count} 个值；阴影是缺口。`, `${history.count} values in the gateway’s own buffer; shaded is a gap.`)}</p>
<ul class="plain">${newest.map(({ at, value, isGood }) => html`<li>${timeOf(at)} <strong>${wordOf(value, say)}</strong>${!isGood && html` <span class="bad">▲ ${say('坏', 'bad')}</span>`}</li>`)}</ul>`,
  )}
${writeForm(view, machine.device, tag)}`
  return { title, body }
}

async function write(view: View, fields: Fields): Promise<Answer | undefined> {
  const found = tagOf(view, fields)
  if (found?.tag === undefined) return undefined
  const { say, language, source } = view
  const { property, tag } = found
  const device = found.machine.device.name
  const who = fields('who').trim()
  const back = html`<p><a href="${linkTo('/tag', { device, property })}">← ${device} · ${property}</a></p>`
  const title = say('写入', 'Write')
  if (who === '' || fields('sure') === '')
    return {
      title,
      status: 422,
      body: html`${notice(say('写入前要填操作人，并确认人员安全。', 'Before a write, give your name and confirm that nobody is in danger.'), true)}${back}`,
    }
  const value = valueFrom(tag, fields('value'))
  const refused = await source.writer.write({ who: who.slice(0, 60), device, property, value })
  const words = refused?.message[language] ?? say('已写入，回读一致。', 'Written, and read back as it was written.')
  return {
    title,
    status: refused === undefined ? 200 : 422,
    body: html`${notice(words, refused !== undefined)}${back}`,
  }
}

function valueFrom({ type, meaning }: Tag, text: string): TagValue {
  if (meaning.values !== undefined || type === 'text') return text
  if (type === 'bool') return text === 'true' ? true : text === 'false' ? false : text
  // What is no number stays a text, and is refused as one.
  return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text)
}

async function enrol(view: View, fields: Fields): Promise<Answer> {
  const { say, source } = view
  const title = say('接入平台', 'Platform')
  const address = fields('platform').trim()
  const failed = (words: string): Answer => ({
    title,
    status: 422,
    body: html`${notice(words, true)}${setUpPage(view)}`,
  })
  if (!/^https?:\/\//.test(address) || !URL.canParse(address))
    return failed(
      say('平台地址要以 http:// 或 https:// 开头。', 'The address of the platform begins with http:// or https://.'),
    )
  try {
    await source.enrol(new URL(address), fields('code'))
  } catch (error) {
    if (error instanceof IdentityError) return failed(error.message)
    throw error
  }
  return { title, body: html`${notice(say('已接入。', 'Enrolled.'))}${setUpPage(view)}` }
}
