import type { OrganisationPort } from '@kapok/contracts/ports'
import { unknownThing } from '@kapok/contracts/refusal'
import {
  checkIdentifierFile,
  getIdentifierImport,
  getIdentifierSheet,
  getImportResult,
  listIdentifierImports,
  listImportRows,
  registryRowsMax,
  startIdentifierImport,
  stopIdentifierImport,
} from '@kapok/contracts/registry'
import { afterCommit } from '@kapok/kit-store/after-commit'
import type { Tx } from '@kapok/kit-store/db'
import type { Kit } from '@kapok/kit-store/kit'
import { type FileReply, handle, type RouteHandler } from '@kapok/kit-store/plane'
import { accountOf } from '../account/account.ts'
import { refuse } from '../refusals.ts'
import { FileWork } from './file-work.ts'
import { importOf, importsOf, keepImport, rowsOf } from './import.store.ts'

interface ImportStation {
  organisations: OrganisationPort
  wake(): void
}

export function importRoutes(kit: Kit, station: ImportStation): RouteHandler[] {
  const files = new FileWork()
  return [...reading(files), ...changing(kit, station, files)]
}

const excelFile = (bytes: Uint8Array, fileName: string): FileReply => ({
  bytes,
  mediaType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  fileName,
})

async function needed(tx: Tx, orgId: string, importId: string) {
  const found = await importOf(tx, orgId, importId)
  if (found === undefined) throw unknownThing('import')
  return found
}

function reading(files: FileWork): RouteHandler[] {
  return [
    handle(listIdentifierImports, ({ tx, orgId, query }) => importsOf(tx, orgId, query)),
    handle(getIdentifierImport, ({ tx, orgId, params }) => needed(tx, orgId, params.importId)),
    handle(listImportRows, async ({ tx, orgId, params, query }) => {
      await needed(tx, orgId, params.importId)
      return rowsOf(tx, params.importId, query)
    }),
    handle(getImportResult, async ({ tx, orgId, params, language }) => {
      const { fileName } = await needed(tx, orgId, params.importId)
      const { rows } = await rowsOf(tx, params.importId, { size: registryRowsMax })
      const results = rows.map(({ facts, state, fault }) => ({
        facts,
        result: stateWords[state][language],
        remark: fault?.[language] ?? '',
      }))
      return excelFile(
        await files.result(results, language),
        `${fileName.replace(/\.xlsx$/i, '')}-${language === 'zh' ? '结果' : 'result'}.xlsx`,
      )
    }),
    handle(getIdentifierSheet, async ({ language }) =>
      excelFile(await files.template(language), language === 'zh' ? '标识登记模板.xlsx' : 'identifiers.xlsx'),
    ),
  ]
}

const stateWords = {
  bad: { zh: '有误，未登记', en: 'wrong, not registered' },
  waiting: { zh: '尚未登记', en: 'not yet registered' },
  done: { zh: '已登记', en: 'registered' },
  same: { zh: '此前已登记，内容相同', en: 'was registered, with the same facts' },
  failed: { zh: '未能登记', en: 'not registered' },
} as const

function changing(kit: Kit, { organisations, wake }: ImportStation, files: FileWork): RouteHandler[] {
  return [
    handle(checkIdentifierFile, async ({ tx, orgId, body, query }) => {
      const account = await accountOf(tx, orgId)
      if (account === undefined) throw refuse('registry.no_account')
      const manufacturer = (await organisations.byId(orgId))?.name ?? ''
      const rows = await files.check(body, { prefix: account.prefix, manufacturer })
      const id = kit.ids.uuid()
      await keepImport(tx, { id, orgId, name: query.name, atMs: kit.clock.now() }, rows)
      return { id }
    }),
    handle(startIdentifierImport, async ({ tx, orgId, params }) => {
      const { state, counts } = await needed(tx, orgId, params.importId)
      if (state === 'running') return {}
      if (state === 'done') throw refuse('import.state')
      if (counts.waiting === 0) throw refuse('import.none_good')
      // Two starts at once wait for each other here.
      await tx.run(`SELECT pg_advisory_xact_lock(hashtextextended('registry import ' || $1, 0))`, [orgId])
      const other = await tx.row(`SELECT 1 FROM registry.import WHERE org_id = $1 AND state = 'running'`, [orgId])
      if (other !== undefined) throw refuse('import.another_runs')
      await tx.run(`UPDATE registry.import SET state = 'running', hold = NULL WHERE id = $1`, [params.importId])
      afterCommit(wake)
      return {}
    }),
    handle(stopIdentifierImport, async ({ tx, orgId, params }) => {
      const { state } = await needed(tx, orgId, params.importId)
      if (state !== 'running') throw refuse('import.state')
      await tx.run(`UPDATE registry.import SET state = 'stopped', hold = NULL WHERE id = $1`, [params.importId])
      return {}
    }),
  ]
}
