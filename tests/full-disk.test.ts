import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FirstPlant, firstPlant } from './support/first-plant.ts'
import { newFolder, processesOf, removeFolder, type Started, startKapok, waitFor } from './support/platform.ts'

// A disk of our own to fill. Only root may mount one.
const place = newFolder()
const disk = join(place, 'disk')
mkdirSync(disk)
// PostgreSQL's unprivileged user may enter, so that it too stands on the disk that fills up.
chmodSync(place, 0o755)
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1g,mode=0755', 'tmpfs', disk]).status === 0
if (!mounted) process.stderr.write('The full disk is skipped: no file system may be mounted here (that needs root).\n')
const folder = join(disk, 'data')
const filler = join(disk, 'filler')
const lastBytes = join(disk, 'last-bytes')
const freeMiB = () => {
  const { bavail, bsize } = statfsSync(disk)
  return Math.floor((bavail * bsize) / 2 ** 20)
}
const fillUntilFree = (MiB: number) => {
  rmSync(filler, { force: true })
  execFileSync('fallocate', ['-l', `${freeMiB() - MiB}MiB`, filler])
}

describe.skipIf(!mounted)('a disk that fills up', () => {
  let platform: Started
  let plant: FirstPlant
  beforeAll(() => mkdirSync(folder))
  afterAll(async () => {
    await platform?.stop()
    expect(processesOf(folder)).toEqual([])
    execFileSync('umount', [disk])
    removeFolder(place)
  })
  const overHttp = (temperature: number) =>
    fetch(`${platform.url}/device/v1/telemetry`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${plant.token}` },
      body: JSON.stringify({ values: { temperature } }),
    })
  const disksWord = async () => {
    const { checks } = (await (await fetch(`${platform.url}/readyz`)).json()) as {
      checks: { name: string; ok: boolean }[]
    }
    return checks.find(({ name }) => name === 'disk')?.ok
  }

  test('a start on it is refused in one sentence', async () => {
    fillUntilFree(400)
    platform = await startKapok(['start'], { folder })
    expect(await platform.exited).toBe(2)
    expect(platform.said().trim().split('\n')).toEqual([
      expect.stringMatching(/less than 512 MB free\. Free some space/),
    ])
  })

  test('a running platform refuses points before it is full, says so, loses none, and goes on when there is room', async () => {
    rmSync(filler, { force: true })
    platform = await startKapok(['start'], { folder, env: { KAPOK_LOG: 'warn' } })
    await platform.ready()
    plant = await firstPlant(platform)
    const token = { protocolVersion: 5 as const, username: plant.token, reconnectPeriod: 0 }
    const device = await connectAsync(`mqtt://127.0.0.1:${platform.mqttPort}`, token)
    expect(await disksWord()).toBe(true)
    // The database is on the full disk too, unless its user may not enter this checkout and it lives elsewhere.
    expect(existsSync(join(folder, 'postgres/cluster'))).toBe(!existsSync(join(folder, 'postgres.location')))

    // Acknowledged, and not yet in the store when somebody else takes every byte: most are taken before, so that the rest is quick.
    fillUntilFree(300)
    await device.publishAsync('kapok/v1/telemetry', '{"values":{"temperature":1}}', { qos: 1 })
    execFileSync('fallocate', ['-l', `${freeMiB()}MiB`, lastBytes])
    await waitFor(
      'the store to refuse it more often than a bad segment may be',
      () => platform.said().split('a segment was not loaded').length > 5,
    )
    expect(platform.said()).not.toContain('a segment was set aside')

    rmSync(lastBytes)
    fillUntilFree(200)
    await waitFor('health to say it', async () => (await disksWord()) === false)
    await waitFor('the log to say it', () => platform.said().includes('"alarm":"disk.full"'))
    await waitFor('the terminal to say it', () => platform.said().includes('⚠ 磁盘将满，已停止接收测点值'))
    const acknowledged = [1]
    let next = 10
    await waitFor('points to be refused', async () => {
      const value = next++
      const { status } = await overHttp(value)
      if (status === 200) acknowledged.push(value)
      return status === 503
    })
    const refused = await overHttp(-1)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, expect.stringMatching(/\d/)])
    await expect(
      connectAsync(`mqtt://127.0.0.1:${platform.mqttPort}`, { ...token, clientId: 'another' }),
    ).rejects.toThrow(/Server busy/)

    await waitFor('the acknowledged point', async () => (await plant.temperatures()).includes(1))

    rmSync(filler)
    await waitFor('points to be taken again', async () => (await overHttp(2)).status === 200)
    await waitFor('both points', async () => (await plant.temperatures()).includes(2))
    expect(new Set(await plant.temperatures())).toEqual(new Set([...acknowledged, 2]))
    expect(await disksWord()).toBe(true)
    await device.endAsync(true)
  })
})
