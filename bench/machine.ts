import { cpus, release, totalmem } from 'node:os'

/** What a figure was measured on; written beside it, since a figure without its machine says nothing. */
export function machine(): Record<string, string> {
  const [first] = cpus()
  return {
    processor: `${first?.model ?? 'unknown'} × ${cpus().length}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${process.platform} ${release()}`,
    node: process.version,
  }
}
