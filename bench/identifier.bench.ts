import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { certified } from './identifier-certified.ts'
import { epcis } from './identifier-epcis.ts'
import { gs1 } from './identifier-gs1.ts'
import { resolution } from './identifier-resolution.ts'
import { registration, tenMillion } from './identifier-store.ts'
import { tree } from './identifier-tree.ts'

type Report = (name: string, value: number, unit: string) => void

/** Speeds of an identifier node; whoever asks runs on the same cores. */
export default async function identifierBench(report: Report): Promise<void> {
  const parts = [resolution, gs1, certified, tree, registration, tenMillion, epcis]
  const only = process.env.KAPOK_BENCH_PART
  for (const part of parts) {
    if (only !== undefined && only !== part.name) continue
    const folder = mkdtempSync(join(tmpdir(), 'kapok-identifier-bench-'))
    try {
      await part(report, folder)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
}
