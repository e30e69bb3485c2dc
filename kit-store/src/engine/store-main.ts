import { makeLog } from '@kapok/kit/log'
import { runStore } from './store.ts'

// The store as a process of its own for tests: prints its URL, ends when its standard input does.
const store = await runStore({
  folder: process.argv[2] ?? '',
  port: 0,
  user: 'kapok',
  password: process.env.KAPOK_STORE_SECRET ?? '',
  log: makeLog('store', 'warn'),
})
process.stdout.write(`${store.url}\n`)
process.stdin.on('end', () => void store.stop().then(() => process.exit(0)))
process.stdin.resume()
