import { inflateSync } from 'node:zlib'
import { getCase } from '@kapok/contracts/case'
import { addCivilDays } from '@kapok/kit/clock'
import { must } from '@kapok/kit/must'
import type { Actor, Call, FileReply } from '@kapok/kit-store/plane'
import { caseFile } from '@kapok/subsidy'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  approveAll,
  certify,
  firstDay,
  makeProvince,
  type Province,
  redeem,
  useDays,
  withVoucher,
} from '../../../planes/subsidy/src/testing.ts'
import { casePdfRoutes, printCase } from './case-pdf.ts'

let p: Province
let caseId = ''
beforeAll(async () => {
  p = await makeProvince()
  await certify(p)
  const { voucherNo } = await withVoucher(p)
  p.go(addCivilDays(firstDay, 60))
  caseId = await redeem(p, 'plant', voucherNo, useDays(p, 'plant', 2, addCivilDays(firstDay, 20), 40))
  await approveAll(p, caseId)
}, 60_000)
afterAll(() => p?.stop())

async function pdfFor(actor: Actor, language: 'zh' | 'en' = 'zh'): Promise<FileReply> {
  const [route] = casePdfRoutes(p.kit, {
    caseFileOf: (tx, id, who) => caseFile(p.plane.station, tx, id, who),
  })
  const region = actor.orgKind === 'enterprise' ? undefined : actor.region
  const scope = { ...(actor.orgId && { orgId: actor.orgId }), ...(region && { region }) }
  return p.kit.db.tx(scope, (tx) =>
    must(route, 'the route').run({ tx, params: { caseId }, actor, language } as unknown as Call<never>),
  ) as Promise<FileReply>
}

test('the file has every part of the case, in embedded glyphs that can be searched, and stays small', async () => {
  const plant = p.actor('plant', 'plant.manager')
  const view = await p.call(getCase, plant, { params: { caseId } })
  const { bytes, mediaType, fileName } = await pdfFor(plant)
  expect([mediaType, fileName]).toEqual(['application/pdf', `${view.caseNo}.pdf`])
  const file = Buffer.from(bytes as Uint8Array)
  expect(file.length).toBeLessThan(300 << 10)
  const { text, pages } = readPdf(file)
  for (const part of [
    '服务券兑现 · 办件档案',
    view.caseNo,
    '当事人',
    must(p.orgs.get('plant')?.uscc, 'uscc'),
    '云上产线',
    '应用服务费',
    '100,000.00',
    must(view.redemption?.invoices[0]?.number, 'invoice'),
    '封存用量',
    '60 / 60',
    '1号机',
    '90,000.00',
    must(view.decision?.ruleSha256, 'rule'),
    ...must(view.decision, 'decision').clauses.map((clause) => clause.text.zh),
    ...must(view.decision, 'decision').numbers.map(({ label }) => label.zh),
    ...view.files.map(({ sha256 }) => sha256),
    ...view.timeline.map(({ said }) => said.zh),
    '打印时间 2027-04-16 10:00',
    `${pages} / ${pages}`,
  ])
    expect(text.includes(part.replace(/\s/g, '')), part).toBe(true)
})

test('an English reader gets English words, and the same numbers', async () => {
  const { bytes } = await pdfFor(p.actor('plant', 'plant.manager'), 'en')
  const { text } = readPdf(Buffer.from(bytes as Uint8Array))
  for (const part of ['Redemption of a voucher', 'Sealed use', '90,000.00'])
    expect(text).toContain(part.replace(/\s/g, ''))
})

test('the payer’s account is whole for the filer and for finance only, and strangers get no file', async () => {
  const textFor = async (actor: Actor) => readPdf(Buffer.from((await pdfFor(actor)).bytes as Uint8Array)).text
  const number = '6222020200011112222'
  expect(await textFor(p.actor('plant', 'plant.manager'))).toContain(number)
  expect(await textFor(p.actor('province', 'province.reviewer'))).not.toContain(number)
  await expect(pdfFor(p.actor('neighbour', 'plant.manager'))).rejects.toMatchObject({ code: 'thing.unknown' })
})

test('a case with very long texts and many devices runs over as many pages as it needs', async () => {
  const view = await p.call(getCase, p.actor('plant', 'plant.manager'), { params: { caseId } })
  const coverage = must(view.coverage, 'coverage')
  const [day] = coverage.days
  const long = {
    ...view,
    coverage: {
      ...coverage,
      days: Array.from({ length: 300 }, (_, i) => ({ ...must(day, 'day'), deviceId: `${i}`, deviceName: `第${i}台` })),
    },
    timeline: Array.from({ length: 40 }, () => ({ ...must(view.timeline[0], 'event'), reason: '理由'.repeat(1000) })),
  }
  const { text, pages } = readPdf(Buffer.from(await printCase(long as never, 'zh', p.kit.clock.now())))
  expect(pages).toBeGreaterThan(30)
  expect(text.includes('第299台')).toBe(true)
  expect(text.includes(`${pages}/${pages}`)).toBe(true)
})

/** Text of a PDF without white space, by the ToUnicode tables of its fonts: what a reader can search and copy. */
function readPdf(file: Buffer): { text: string; pages: number } {
  const objects = new Map<number, { head: string; stream: Buffer | undefined }>()
  const source = file.toString('latin1')
  for (const { 1: number, 2: body = '', index } of source.matchAll(/(\d+) 0 obj\n([\s\S]*?)\nendobj/g)) {
    const at = body.indexOf('stream\n')
    const head = at < 0 ? body : body.slice(0, at)
    const from = index + `${number} 0 obj\n`.length + at + 'stream\n'.length
    const length = Number(/\/Length (\d+)/.exec(head)?.[1])
    const raw = at < 0 ? undefined : file.subarray(from, from + length)
    objects.set(Number(number), { head, stream: raw && head.includes('FlateDecode') ? inflateSync(raw) : raw })
  }
  const refer = (head: string, key: string) => Number(new RegExp(`/${key} (\\d+) 0 R`).exec(head)?.[1])
  const glyphsOf = (font: number): Map<string, string> => {
    const table = objects.get(refer(objects.get(font)?.head ?? '', 'ToUnicode'))?.stream?.toString('latin1') ?? ''
    const glyphs = new Map<string, string>()
    for (const [, first = '', , list = ''] of table.matchAll(/<([0-9a-f]{4})> <([0-9a-f]{4})> \[([^\]]*)\]/g))
      for (const [i, [, code = '']] of [...list.matchAll(/<([0-9a-f ]+)>/g)].entries())
        glyphs.set(
          (Number.parseInt(first, 16) + i).toString(16).padStart(4, '0'),
          Buffer.from(code.replaceAll(' ', ''), 'hex').swap16().toString('utf16le'),
        )
    return glyphs
  }
  let text = ''
  let pages = 0
  for (const { head } of objects.values()) {
    if (!/\/Type \/Page\n/.test(head)) continue
    pages++
    const resources = objects.get(refer(head, 'Resources'))?.head ?? ''
    const fonts = new Map(
      [...resources.matchAll(/\/(F\d+) (\d+) 0 R/g)].map(([, name, id]) => [name, glyphsOf(Number(id))]),
    )
    const content = objects.get(refer(head, 'Contents'))?.stream?.toString('latin1') ?? ''
    let font: Map<string, string> | undefined
    for (const [, name, shown = ''] of content.matchAll(/\/(F\d+) [\d.]+ Tf|\[([^\]]*)\] TJ/g)) {
      if (name !== undefined) font = fonts.get(name)
      for (const [, codes = ''] of shown.matchAll(/<([0-9a-f]+)>/g))
        for (let i = 0; i < codes.length; i += 4) text += font?.get(codes.slice(i, i + 4)) ?? '\ufffd'
    }
  }
  expect(text.includes('\ufffd')).toBe(false)
  return { text: text.replace(/\s/g, ''), pages }
}
