import { responses } from '../../handle/handle.ts'
import { knownTemplate, readTemplate, type Template, templateTypes } from '../../template/template.ts'
import { type Json, ValueJsonError } from '../handle-rest/json.ts'
import { valuesFromJson } from '../handle-rest/value-json.ts'
import { faceLimits } from '../limits.ts'
import type { UserRecords } from '../user-records.ts'
import { type Call, type IdhubOptions, IdhubRefusal, type Route, seconds, succeeded, valuesOf } from './call.ts'

/** Templates of a node (`/api/v1/open/meta/…`), and lists. */
export const metaRoutes: Record<string, Route> = {
  'POST /api/v1/open/meta/create': async (call) => writeMeta(call, metaFrom(call.body), 'create'),
  'GET /api/v1/open/meta/info': async ({ records, request }) => {
    const handle = request.url.searchParams.get('handle') ?? ''
    return metaTo(handle, await templateOf(records, handle))
  },
  'POST /api/v1/open/meta/update-basic-info': async (call) => {
    const { title, titleEn, industry, carrier } = metaFrom(call.body)
    const known = await templateOf(call.records, metaHandle(call.body))
    return writeMeta(call, { ...known, ...defined({ title, titleEn, industry, carrier }) }, 'replace')
  },
  'POST /api/v1/open/meta/update-item': async (call) => {
    const known = await templateOf(call.records, metaHandle(call.body))
    return writeMeta(call, { ...known, fields: metaFrom(call.body).fields }, 'replace')
  },
  'POST /api/v1/open/meta/publish-or-withdraw': async (call) => {
    const known = await templateOf(call.records, metaHandle(call.body))
    return writeMeta(call, { ...known, state: known.state === 'published' ? 'withdrawn' : 'published' }, 'replace')
  },
  'POST /api/v1/open/meta/baseon-create': async (call) => {
    const base = call.body.baseOn
    if (typeof base !== 'string') throw new ValueJsonError('baseOn', 'the handle of a template')
    const known = await templateOf(call.records, base)
    return writeMeta(call, { ...known, state: 'draft', ...defined(metaFrom(call.body)) }, 'create')
  },
  'POST /api/v1/open/meta/delete': async ({ records, body }) => {
    succeeded(await records.remove(metaHandle(body)))
    return { handle: metaHandle(body) }
  },
  'GET /api/v1/open/meta/page': async (call) => page(call, { areTemplates: true }),
  'GET /api/v1/open/meta/classify-query': async (call) =>
    page(call, { areTemplates: true, industry: call.request.url.searchParams.get('industry') ?? '' }),
  'GET /api/v1/open/handle/page': async (call) => page(call, { areTemplates: false }),
}

/** A page of a prefix’s handles, or of its templates, for whoever may list it. */
async function page(
  { request, options, user }: Call,
  wanted: { areTemplates: boolean; industry?: string },
): Promise<unknown> {
  const { searchParams: query } = request.url
  const prefix = query.get('prefix') ?? ''
  const [number, size] = [Number(query.get('page') ?? 1), Number(query.get('size') ?? 20)]
  const isPage =
    Number.isInteger(number) && number >= 1 && Number.isInteger(size) && size >= 1 && size <= faceLimits.pageSize
  if (prefix === '' || !isPage || number * size > faceLimits.listedByNumber)
    throw new ValueJsonError(
      'prefix, page, size',
      `a prefix, and pages of 1 to ${faceLimits.pageSize} among its first ${faceLimits.listedByNumber}`,
    )
  const allowed = await options.service.mayList(prefix, user)
  if (allowed !== responses.success) throw new IdhubRefusal(allowed, 'a list needs a user who may see it')
  const found: unknown[] = []
  let after = ''
  let passed = 0
  while (found.length < size && passed < faceLimits.listedByNumber) {
    const handles = options.records.handlesUnder(prefix, { after, limit: faceLimits.pageSize })
    for (const handle of handles) {
      const item = wanted.areTemplates ? templateItem(options, handle, wanted.industry) : { handle }
      if (item !== undefined && passed++ >= (number - 1) * size && found.length < size) found.push(item)
    }
    after = handles.at(-1) ?? ''
    if (handles.length < faceLimits.pageSize) break
  }
  return { page: number, size, list: found }
}

function templateItem({ records }: IdhubOptions, handle: string, industry: string | undefined): Json | undefined {
  const template = knownTemplate(records.find(handle) ?? [])?.template
  return template && (industry === undefined || template.industry?.startsWith(industry))
    ? metaTo(handle, template)
    : undefined
}

/** A template as `/open/meta` writes it: that of ours, with its handle. */
function metaFrom({ handle: _, baseOn: __, ...template }: Json): Json {
  return template
}
const metaTo = (handle: string, template: Template): Json => ({ handle, ...template })

function metaHandle({ handle }: Json): string {
  if (typeof handle !== 'string' || handle === '') throw new ValueJsonError('handle', 'the handle of a template')
  return handle
}

async function writeMeta(
  { records, body, options }: Call,
  template: object,
  kind: 'create' | 'replace',
): Promise<unknown> {
  const handle = metaHandle(body)
  const data = JSON.stringify(template)
  // Told with its place; the node would say the same of the value.
  readTemplate(Buffer.from(data))
  const values = valuesFromJson([{ index: 1_000, type: templateTypes.definition, data }], seconds(options))
  succeeded(await records[kind === 'create' ? 'create' : 'overlay'](handle, values))
  return { handle }
}

async function templateOf(records: UserRecords, handle: string): Promise<Template> {
  const template = knownTemplate(await valuesOf(records, handle))?.template
  if (template === undefined) throw new IdhubRefusal(responses.handleNotFound, `there is no template ${handle}`)
  return template
}

const defined = (json: Json): Json =>
  Object.fromEntries(Object.entries(json).filter(([, value]) => value !== undefined))
