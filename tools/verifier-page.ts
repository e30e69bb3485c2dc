import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'vite'
import { root } from './steps.ts'

/**
 * The one-file verifier: a page that carries its script, so that it works from a disk, without a network and without
 * WebCrypto. Written to portal/dist/verify.html.
 */
const result = await build({
  root: join(root, 'planes/evidence'),
  logLevel: 'warn',
  configFile: false,
  build: {
    write: false,
    minify: true,
    target: 'es2022',
    lib: { entry: 'src/verify/page.ts', formats: ['iife'], name: 'kapokVerifier' },
  },
})
const [output] = Array.isArray(result) ? result : [result]
if (output === undefined || !('output' in output)) throw new Error('the verifier was not built')
const [{ code }] = output.output
const page = `<!doctype html>
<html lang="zh-CN">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Kapok 木棉 · 离线验证证据包 · verify an evidence bundle offline</title>
<style>
  :root { color-scheme: light dark; --accent: #c4312b }
  @media (prefers-color-scheme: dark) { :root { --accent: #e5645d } }
  body { font: 16px/1.6 -apple-system, "PingFang SC", "Microsoft YaHei", "Noto Sans SC", sans-serif; max-width: 760px; margin: 32px auto; padding: 0 16px }
  h1 { font-size: 24px } code, textarea { font-family: ui-monospace, monospace; overflow-wrap: anywhere }
  textarea { width: 100%; min-height: 72px; box-sizing: border-box } label { display: block; margin: 16px 0 4px; font-weight: 600 }
  #verdict { margin-top: 24px; padding: 16px; border: 1px solid #8886; border-radius: 8px } #verdict h2 { margin: 0 0 8px; font-size: 20px }
  ul { padding-left: 20px } .strip { display: flex; flex-wrap: wrap; gap: 2px; margin: 8px 0 } .strip span { width: 12px; height: 20px; background: #0072b2 } .strip span.none { background: #9996 }
</style>
<main id="page"></main>
<script>${code.replaceAll('</script', '<\\/script')}</script>
</html>
`
writeFileSync(join(root, 'portal/dist/verify.html'), page)
