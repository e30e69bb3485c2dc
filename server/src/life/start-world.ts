import { setTimeout as sleep } from 'node:timers/promises'
import { advanceWorld, getWorld } from '@kapok/contracts/world'
import { addCivilDays } from '@kapok/kit/clock'
import { type Config, readConfig, SetupError } from '../config.ts'
import { runningOn } from './data-folder.ts'
import { start } from './start.ts'

/** `npm run world`: starts the province, or with `--advance` moves the clock of one that runs (or starts it first). */
export async function startWorld(options: { advance?: string; today?: string }): Promise<void> {
  const config = readConfig('world')
  const days = options.advance === undefined ? undefined : daysIn(options.advance)
  if (options.today !== undefined) {
    if (!/^\d{4}-\d{2}-\d{2}$/.test(options.today) || Number.isNaN(Date.parse(options.today)))
      throw new SetupError(`“${options.today}” is not a day. Write it like 2027-02-15.`)
    process.env.KAPOK_WORLD_TODAY = options.today
  }
  if (days !== undefined && runningOn(config.dataFolder))
    return advance(config, days, (words) => process.stdout.write(`${words}\n`))
  await start('world')
  if (days === undefined) return
  // Started here, the province itself says how far it is, and lives on when it cannot be advanced or is told to stop.
  await advance(config, days, () => {}).catch((error: unknown) => {
    if (error instanceof SetupError) process.stderr.write(`${error.message}\n`)
  })
}

function daysIn(text: string): number {
  const match = /^(\d{1,2})d?$/.exec(text)
  const days = Number(match?.[1])
  if (match === null || days < 1 || days > 60)
    throw new SetupError(`“${text}” is no time to advance by. Write 1d to 60d.`)
  return days
}

/** Asks the running province to play on and says how far it is. */
async function advance(config: Config, days: number, say: (words: string) => void): Promise<void> {
  const api = `http://127.0.0.1:${config.httpPort}/api`
  const state = async () =>
    (await (await fetch(`${api}${getWorld.path}`)).json()) as { replaying: boolean; message: string; today: string }
  let last = ''
  const wait = async () => {
    for (;;) {
      const now = await state()
      if (!now.replaying) return now
      if (now.message !== last) say(now.message)
      last = now.message
      await sleep(500)
    }
  }
  const { today } = await wait()
  const response = await fetch(`${api}${advanceWorld.path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Kapok': '1' },
    body: JSON.stringify({ days }),
  })
  if (!response.ok) throw new SetupError(((await response.json()) as { message: string }).message)
  const after = await wait()
  if (after.today !== addCivilDays(today, days)) throw new SetupError(after.message)
  say(after.message)
}
