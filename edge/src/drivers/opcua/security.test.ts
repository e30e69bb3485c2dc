import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../../testing.ts'
import { parseOpcUaAddress } from './address.ts'
import { driver } from './driver.ts'
import { type OpcUaSimulator, startOpcUaSimulator } from './simulator.ts'

let machine: OpcUaSimulator
const folder = mkdtempSync(join(tmpdir(), 'kapok-opcua-test-'))
beforeAll(async () => {
  machine = await startOpcUaSimulator({ namespaces: ['urn:machine'], users: { operator: 'secret' } })
  machine.set('ns=2;s=Good', 'int32', 5)
})
afterAll(async () => {
  await machine.stop()
  rmSync(folder, { recursive: true, force: true })
})

const settingsOf = (extra: Record<string, unknown>) => driver.settings({ ...machine.settings, ...extra }, 'device')
const open = (extra: Record<string, unknown>) => driver.open(settingsOf(extra))
const good = { address: parseOpcUaAddress('ns=2;s=Good'), type: 'int32' } as const
const request = { tags: [good] }

test('an unknown certificate is refused with its thumbprint, and trusted once the settings name it', async () => {
  const secured = { certificateFolder: join(folder, 'pki'), timeoutMs: 10_000 }
  for (const securityPolicy of ['Basic256Sha256', 'Aes128_Sha256_RsaOaep', 'Aes256_Sha256_RsaPss']) {
    const wary = open({ ...secured, securityPolicy, securityMode: 'SignAndEncrypt', trusted: ['00'.repeat(32)] })
    await expect(wary.read(request)).rejects.toThrow(
      new RegExp(`is not trusted: .*SHA-256 thumbprint ${machine.thumbprint}.*add it to \`trusted\``),
    )
    await wary.close()
    for (const securityMode of ['Sign', 'SignAndEncrypt']) {
      const device = open({ ...secured, securityPolicy, securityMode, trusted: [machine.thumbprint] })
      expect((await device.read(request))[0]?.value).toBe(5)
      await device.close()
    }
  }
  expect(readdirSync(secured.certificateFolder).sort()).toEqual(['own-certificate.pem', 'own-key.pem'])
  expect(statSync(join(secured.certificateFolder, 'own-key.pem')).mode & 0o077).toBe(0)
  expect(readdirSync(homedir()).filter((name) => /opcua/i.test(name))).toEqual([])
})

test('a server that does not know this gateway is told so, with what is to be trusted there, and read once it is', async () => {
  const wary = await startOpcUaSimulator({ namespaces: ['urn:machine'], isWary: true })
  wary.set('ns=2;s=Good', 'int32', 5)
  const device = driver.open(
    driver.settings(
      {
        ...wary.settings,
        certificateFolder: join(folder, 'pki'),
        securityPolicy: 'Basic256Sha256',
        securityMode: 'SignAndEncrypt',
        trusted: [wary.thumbprint],
        timeoutMs: 5_000,
      },
      'device',
    ),
  )
  const refused = device.read(request)
  await refused.catch(() => {})
  const own = new X509Certificate(readFileSync(join(folder, 'pki', 'own-certificate.pem')))
  await expect(refused).rejects.toThrow(
    new RegExp(
      `^the server refuses the certificate of this gateway \\(BadSecurityChecksFailed\\)\\. Trust it there.* SHA-1 thumbprint ${own.fingerprint.replaceAll(':', '').toLowerCase()}, .*${join(folder, 'pki', 'own-certificate.pem')}$`,
    ),
  )
  await wary.trustRefused()
  expect((await device.read(request))[0]?.value).toBe(5)
  await device.close()
  await wary.stop()
})

test('a user signs in, a wrong password is refused, and no password goes over an open line unasked', async () => {
  const secured = {
    certificateFolder: join(folder, 'pki'),
    securityPolicy: 'Basic256Sha256',
    securityMode: 'SignAndEncrypt',
    trusted: [machine.thumbprint],
    timeoutMs: 10_000,
    user: 'operator',
  }
  const device = open({ ...secured, password: 'secret' })
  expect((await device.read(request))[0]?.quality).toBe(192)
  await device.close()
  const stranger = open({ ...secured, password: 'guess' })
  await expect(stranger.read(request)).rejects.toThrow(/BadUserAccessDenied|BadIdentityToken/)
  await stranger.close()
  expect(() => settingsOf({ user: 'operator', password: 'secret' })).toThrow(/anybody on the way/)
  expect(() => settingsOf({ securityPolicy: 'Basic256Sha256' })).toThrow(/securityMode/)
  expect(() => settingsOf({ ...secured, certificateFolder: undefined })).toThrow(/certificateFolder/)
})

test('a server that comes back with another certificate is not trusted, and told so; its own one is taken again', async () => {
  const first = await startOpcUaSimulator({ namespaces: ['urn:machine'] })
  first.set('ns=2;s=Good', 'int32', 1)
  const secured = {
    ...first.settings,
    certificateFolder: join(folder, 'pki'),
    securityPolicy: 'Basic256Sha256',
    securityMode: 'SignAndEncrypt',
    trusted: [first.thumbprint],
  }
  const device = open(secured)
  const values: unknown[] = []
  const states: (string | undefined)[] = []
  await device.subscribe!([good], {
    periodMs: 50,
    deliver: (_, { value }) => values.push(value),
    state: (error) => states.push(error?.message),
  })
  await until('the first value', () => values.length === 1)
  first.cut()
  await until('the break and its end', () => states.length === 2)
  first.set('ns=2;s=Good', 'int32', 2)
  await until('the next value', () => values.length === 2)
  await first.stop()
  const port = Number(/\d+$/.exec(String(first.settings.endpoint))?.[0])
  const second = await startOpcUaSimulator({ port, namespaces: ['urn:machine'] })
  second.set('ns=2;s=Good', 'int32', 99)
  await until('the refusal', () => states.some((state) => state?.includes(second.thumbprint)))
  expect(values).toEqual([1, 2])
  await device.close()
  await second.stop()
})
