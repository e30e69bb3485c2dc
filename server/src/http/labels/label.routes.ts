import { printLabels } from '@kapok/contracts/registry'
import type { Kit } from '@kapok/kit-store/kit'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import { thingsToLabel } from '@kapok/registry'
import { printLabelSheet } from './label-sheet.ts'

/** Labels of what an enterprise registered, as a PDF for its printer. */
export function labelRoutes(kit: Kit): RouteHandler[] {
  return [
    handle(printLabels, async ({ tx, orgId, body, language }) => {
      const things = await thingsToLabel(tx, orgId, body)
      const title = language === 'zh' ? '标识标签' : 'Labels'
      const bytes = await printLabelSheet({
        sheet: body.sheet,
        things,
        portalUrl: kit.baseUrl,
        title,
        atMs: kit.clock.now(),
      })
      return { bytes, mediaType: 'application/pdf', fileName: `${title}-${things.length}.pdf` }
    }),
  ]
}
