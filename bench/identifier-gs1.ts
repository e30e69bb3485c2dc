import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { gs1Path, gs1Records, gs1Target } from './identifier-records.ts'
import { byHttp, ended } from './identifier-resolution.ts'

type Report = (name: string, value: number, unit: string) => void

/** Requests per second to the GS1 resolver of one node in a process of its own; each answer is looked at. */
export async function gs1(report: Report, folder: string): Promise<void> {
  const node = fork(join(import.meta.dirname, 'identifier-node.ts'), [folder, 'gs1'], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  try {
    const [{ httpPort }] = (await once(node, 'message')) as [{ httpPort: number }]
    const redirects = await byHttp(httpPort, {
      things: gs1Records,
      path: gs1Path,
      headers: 'accept: text/html,*/*;q=0.8\r\naccept-language: zh-CN,zh;q=0.9\r\n',
      isRight: (n, { status, head }) => status === 307 && head.includes(`location: ${gs1Target(n)}\r\n`),
    })
    report('identifier.gs1_redirect.requests_per_s', redirects, 'requests/s')
    const linksets = await byHttp(httpPort, {
      things: gs1Records,
      path: (n) => `${gs1Path(n)}?linkType=linkset`,
      headers: 'accept: application/linkset+json\r\n',
      isRight: (n, { status, body }) => status === 200 && isLinksetOf(n, body),
    })
    report('identifier.gs1_linkset.requests_per_s', linksets, 'requests/s')
  } finally {
    await ended(node)
  }
}

const pip = 'https://ref.gs1.org/voc/pip'

function isLinksetOf(n: number, body: string): boolean {
  const { linkset } = JSON.parse(body) as { linkset: Record<string, { href: string }[] | undefined>[] }
  return linkset[0]?.[pip]?.[0]?.href === gs1Target(n)
}
