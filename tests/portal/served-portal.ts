import { createReadStream, existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, resolve, sep } from 'node:path'
import type { Page } from 'playwright-core'
import type { Fixture } from './fixtures.ts'

const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}
/** The policy that the platform's server sends: a page that breaks it breaks here too. */
const policy =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self' ws: wss:"

/** Serves the built portal on a free loopback port, every unknown path with the page, under the platform's content policy. */
export async function servePortal(): Promise<{ url: string; stop(): Promise<void> }> {
  const dist = resolve(import.meta.dirname, '../../portal/dist')
  const server = createServer((request, response) => {
    const wanted = join(dist, decodeURIComponent(new URL(request.url ?? '/', 'http://portal').pathname))
    const file =
      wanted.startsWith(dist + sep) && extname(wanted) !== '' && existsSync(wanted) ? wanted : join(dist, 'index.html')
    response.setHeader('Content-Security-Policy', policy)
    response.setHeader('Content-Type', types[extname(file)] ?? 'application/octet-stream')
    createReadStream(file).pipe(response)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((done) => {
        server.closeAllConnections()
        server.close(() => done())
      }),
  }
}

/** Answers the API of a page from fixtures; what none of them answers is refused like the platform refuses. */
export async function answerFrom(page: Page, fixtures: readonly Fixture[]): Promise<void> {
  await page.route('**/api/**', async (route) => {
    const { pathname } = new URL(route.request().url())
    const method = route.request().method()
    const found = fixtures.find(({ contract }) => contract.method === method && pathOf(contract.path).test(pathname))
    if (found) await route.fulfill({ json: found.reply })
    else
      await route.fulfill({ status: 404, json: { code: 'thing.unknown', message: '没有找到', requestId: 'req-0001' } })
  })
}

function pathOf(path: string): RegExp {
  return new RegExp(`^/api${path.replace(/:\w+/g, '[^/]+')}$`)
}
