import { type Static, Type } from 'typebox'
import { type RegistryFieldKey, registryFields } from './registry-fields.ts'
import { emptyReply, pageOf, pageQuery, route } from './route.ts'
import { id, instant, nullable } from './words.ts'

const people = ['plant.manager', 'plant.engineer'] as const
const administrators = ['platform.administrator'] as const
const sentence = Type.Object({ zh: Type.String(), en: Type.String() })

/** Of one file: as for tag tables. */
export const registryFileBytesMax = 20 << 20
export const registryRowsMax = 100_000
/** Labels of one PDF. */
export const labelsMax = 2_000

const prefix = Type.String({ pattern: '^[0-9A-Za-z]+(\\.[0-9A-Za-z-]+)*$', maxLength: 100 })

/** What a person typed or a cell holds, by the keys of `registryFields`; what is empty is left out. */
const facts = Type.Object(
  Object.fromEntries(
    registryFields.map(({ key, charactersMax }) => [key, Type.Optional(Type.String({ maxLength: charactersMax }))]),
  ) as Record<RegistryFieldKey, ReturnType<typeof optionalText>>,
  { additionalProperties: false },
)
const optionalText = () => Type.Optional(Type.String())
export type RegistryFacts = Static<typeof facts>

export const getRegistryAccount = route({
  id: 'registry.account.mine',
  method: 'GET',
  path: '/registry/account',
  summary:
    'The prefix under which the own organisation registers; null before the platform’s administrator assigned one.',
  who: people,
  reply: Type.Object({
    account: nullable(
      Type.Object({
        prefix,
        identifiers: Type.Integer(),
        /** When the list was last read from the node; null: not yet. */
        syncedAt: nullable(instant),
        syncing: Type.Boolean(),
        /** Why the node could not be read the last time. */
        fault: nullable(sentence),
      }),
    ),
  }),
})

const identifierRow = Type.Object({
  id,
  handle: Type.String(),
  name: Type.String(),
  model: Type.String(),
  batch: Type.String(),
  gs1: Type.String(),
  registeredAt: instant,
})
export const listIdentifiers = route({
  id: 'registry.identifier.list',
  method: 'GET',
  path: '/registry/identifiers',
  summary:
    'Identifiers registered under the own prefix, as the platform last read them. Sorts: handle, name, model, batch, registeredAt.',
  who: people,
  query: Type.Object(pageQuery),
  reply: pageOf(identifierRow),
})

const identifierParams = Type.Object({ identifierId: id })
export const getIdentifier = route({
  id: 'registry.identifier.get',
  method: 'GET',
  path: '/registry/identifiers/:identifierId',
  summary: 'One identifier with its facts.',
  who: people,
  params: identifierParams,
  reply: Type.Object({ id, handle: Type.String(), facts, registeredAt: instant }),
})

export const registerIdentifier = route({
  id: 'registry.identifier.register',
  method: 'POST',
  path: '/registry/identifiers',
  summary:
    'Register one identifier at the node of the own prefix. What is registered with other facts is not overwritten.',
  who: people,
  body: Type.Object({ facts }),
  reply: Type.Object({ id, handle: Type.String() }),
})

export const changeIdentifier = route({
  id: 'registry.identifier.change',
  method: 'PUT',
  path: '/registry/identifiers/:identifierId',
  summary: 'Change what a record says; its suffix stays, and so do values that are none of these facts.',
  who: people,
  params: identifierParams,
  body: Type.Object({ facts }),
  reply: emptyReply,
})

export const deleteIdentifier = route({
  id: 'registry.identifier.delete',
  method: 'DELETE',
  path: '/registry/identifiers/:identifierId',
  summary: 'Delete a record at its node: from then on nobody finds it, and labels that carry it lead nowhere.',
  who: people,
  params: identifierParams,
  reply: emptyReply,
})

export const syncIdentifiers = route({
  id: 'registry.identifier.sync',
  method: 'POST',
  path: '/registry/sync',
  summary: 'Read the list anew from the node; for what was registered there by other ways.',
  who: people,
  reply: emptyReply,
})

export const importStates = ['checked', 'running', 'stopped', 'done'] as const
/** bad: wrong in the file; waiting: not yet sent; done; same: was there with the same facts; failed: refused by the node. */
export const rowStates = ['bad', 'waiting', 'done', 'same', 'failed'] as const
const importRow = Type.Object({
  row: Type.Integer(),
  handle: Type.String(),
  facts,
  state: Type.Enum(rowStates),
  fault: nullable(sentence),
})
const identifierImport = Type.Object({
  id,
  fileName: Type.String(),
  state: Type.Enum(importStates),
  counts: Type.Object({
    total: Type.Integer(),
    bad: Type.Integer(),
    waiting: Type.Integer(),
    done: Type.Integer(),
    same: Type.Integer(),
    failed: Type.Integer(),
  }),
  /** Why nothing goes on at the moment; it is tried again by itself. */
  hold: nullable(sentence),
  createdAt: instant,
  finishedAt: nullable(instant),
})
export type IdentifierImport = Static<typeof identifierImport>

export const checkIdentifierFile = route({
  id: 'registry.import.check',
  method: 'POST',
  path: '/registry/imports',
  summary: `Check an Excel file of at most ${registryRowsMax} rows. Nothing is registered: that is another route. It is forgotten after a day.`,
  who: people,
  query: Type.Object({ name: Type.String({ minLength: 1, maxLength: 200 }) }),
  bodyKind: 'raw',
  bodyLimitBytes: registryFileBytesMax,
  reply: Type.Object({ id }),
})

const importParams = Type.Object({ importId: id })
export const listIdentifierImports = route({
  id: 'registry.import.list',
  method: 'GET',
  path: '/registry/imports',
  summary: 'Files of the own organisation, newest first.',
  who: people,
  query: Type.Object({ page: pageQuery.page, size: pageQuery.size }),
  reply: pageOf(identifierImport),
})
export const getIdentifierImport = route({
  id: 'registry.import.get',
  method: 'GET',
  path: '/registry/imports/:importId',
  summary: 'How far a file is.',
  who: people,
  params: importParams,
  reply: identifierImport,
})
export const listImportRows = route({
  id: 'registry.import.rows',
  method: 'GET',
  path: '/registry/imports/:importId/rows',
  summary: 'Rows of a file in its order; `wrong`: those alone that are wrong or were refused.',
  who: people,
  params: importParams,
  query: Type.Object({ page: pageQuery.page, size: pageQuery.size, wrong: Type.Optional(Type.Boolean()) }),
  reply: pageOf(importRow),
})
export const startIdentifierImport = route({
  id: 'registry.import.start',
  method: 'POST',
  path: '/registry/imports/:importId/start',
  summary: 'Register the good rows of a checked file, or go on with one that was stopped.',
  who: people,
  params: importParams,
  reply: emptyReply,
})
export const stopIdentifierImport = route({
  id: 'registry.import.stop',
  method: 'POST',
  path: '/registry/imports/:importId/stop',
  summary: 'Stop a file that is being registered; what was registered stays.',
  who: people,
  params: importParams,
  reply: emptyReply,
})
export const getImportResult = route({
  id: 'registry.import.result',
  method: 'GET',
  path: '/registry/imports/:importId/result',
  summary: 'The file with what became of each row, as Excel.',
  who: people,
  params: importParams,
  replyKind: 'file',
  reply: Type.Unknown(),
})
export const getIdentifierSheet = route({
  id: 'registry.import.sheet',
  method: 'GET',
  path: '/registry/sheet',
  summary: 'An empty sheet with its columns and one example, as Excel.',
  who: people,
  replyKind: 'file',
  reply: Type.Unknown(),
})

/** Sheets of labels; millimetres. A roll is a page a label. */
export const labelSheets = {
  'a4-24': { page: [210, 297], columns: 3, rows: 8, label: [64, 34], margin: [9, 12.5] },
  'a4-12': { page: [210, 297], columns: 2, rows: 6, label: [96, 46], margin: [9, 10.5] },
  'roll-50x30': { page: [50, 30], columns: 1, rows: 1, label: [50, 30], margin: [0, 0] },
  'roll-80x50': { page: [80, 50], columns: 1, rows: 1, label: [80, 50], margin: [0, 0] },
} as const
export type LabelSheetName = keyof typeof labelSheets
const sheetNames = Object.keys(labelSheets) as LabelSheetName[]

export const printLabels = route({
  id: 'registry.label.print',
  method: 'POST',
  path: '/registry/labels',
  summary: `Labels as PDF, ${labelsMax} at most: QR code, Data Matrix where the thing has a GS1 key, and text; of chosen identifiers, or of all of a file.`,
  who: people,
  replyOnce: true,
  body: Type.Object({
    sheet: Type.Enum(sheetNames),
    identifierIds: Type.Optional(Type.Array(id, { minItems: 1, maxItems: labelsMax })),
    importId: Type.Optional(id),
  }),
  replyKind: 'file',
  reply: Type.Unknown(),
})

const accountRow = Type.Object({
  orgId: id,
  organisation: Type.String(),
  prefix,
  url: Type.String(),
  identifiers: Type.Integer(),
  syncedAt: nullable(instant),
  fault: nullable(sentence),
})
export const listRegistryAccounts = route({
  id: 'registry.account.list',
  method: 'GET',
  path: '/registry/accounts',
  summary: 'Which enterprise registers under which prefix, and at which node. Sorts: prefix.',
  who: administrators,
  query: Type.Object(pageQuery),
  reply: pageOf(accountRow),
})

const accountParams = Type.Object({ orgId: id })
export const getRegistryAccountOf = route({
  id: 'registry.account.get',
  method: 'GET',
  path: '/registry/accounts/:orgId',
  summary:
    'An enterprise’s prefix, and the values that its administrator adds to `0.NA/<prefix>` so that the platform may register.',
  who: administrators,
  params: accountParams,
  reply: Type.Object({
    orgId: id,
    organisation: Type.String(),
    prefix,
    url: Type.String(),
    /** Body of `PUT /api/handles/0.NA/<prefix>?index=various` (Handle REST). */
    values: Type.Array(Type.Object({ index: Type.Integer(), type: Type.String(), data: Type.Unknown() })),
  }),
})
export const assignPrefix = route({
  id: 'registry.account.assign',
  method: 'PUT',
  path: '/registry/accounts/:orgId',
  summary: 'Assign an enterprise its prefix and the node that keeps it (HTTPS, or this machine).',
  who: administrators,
  params: accountParams,
  body: Type.Object({ prefix, url: Type.String({ minLength: 8, maxLength: 300 }) }),
  reply: emptyReply,
})
export const withdrawPrefix = route({
  id: 'registry.account.withdraw',
  method: 'DELETE',
  path: '/registry/accounts/:orgId',
  summary:
    'Take the prefix from an enterprise: the platform forgets its list and files; what is registered at the node stays.',
  who: administrators,
  params: accountParams,
  reply: emptyReply,
})
export const checkRegistryAccount = route({
  id: 'registry.account.check',
  method: 'POST',
  path: '/registry/accounts/:orgId/check',
  summary: 'Ask the node whether the platform may register under the prefix; null when it may, else what is missing.',
  who: administrators,
  params: accountParams,
  reply: Type.Object({ fault: nullable(sentence) }),
})
