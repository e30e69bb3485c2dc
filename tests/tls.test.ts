import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { request as askHttps } from 'node:https'
import { connect as connectPlain } from 'node:net'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { makeUscc } from '@kapok/contracts/uscc'
import { connectAsync } from 'mqtt'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { selfSigned } from './support/certificate.ts'
import { newFolder, processesOf, removeFolder, type Started, startKapok, waitFor } from './support/platform.ts'

const folder = newFolder()
const own = selfSigned()
const [certFile, keyFile, strangeKeyFile] = ['own.crt', 'own.key', 'strange.key'].map((name) => join(folder, name)) as [
  string,
  string,
  string,
]
writeFileSync(certFile, own.cert)
writeFileSync(keyFile, own.key)
writeFileSync(strangeKeyFile, selfSigned().key)

let platform: Started | undefined
const stop = async () => {
  await platform?.stop()
  expect(processesOf(folder)).toEqual([])
}
afterAll(() => removeFolder(folder))

describe('with a certificate', () => {
  let cookie = ''
  beforeAll(async () => {
    platform = await startKapok(['start'], { folder, env: { KAPOK_TLS_CERT: certFile, KAPOK_TLS_KEY: keyFile } })
    await waitFor('the one-time link', () => {
      if (platform?.child.exitCode !== null) throw new Error(platform?.said())
      return platform.said().includes('/join#')
    })
  })
  afterAll(stop)

  /** One call of the API over HTTPS, with our certificate as the only one that is believed. */
  async function call(
    method: string,
    path: string,
    body?: object,
  ): Promise<{ headers: IncomingHttpHeaders; reply: unknown }> {
    return new Promise((done, fail) => {
      const asked = askHttps(
        {
          host: '127.0.0.1',
          port: platform?.httpPort,
          path,
          method,
          ca: own.cert,
          headers: {
            'Content-Type': 'application/json',
            'X-Kapok': '1',
            ...(method === 'GET' ? {} : { 'Idempotency-Key': randomUUID() }),
            ...(cookie === '' ? {} : { Cookie: cookie }),
          },
        },
        (response) => {
          json(response).then((reply) => {
            const set = response.headers['set-cookie']?.[0]
            if (set !== undefined) cookie = set.split(';')[0] ?? ''
            if (response.statusCode === 200) done({ headers: response.headers, reply })
            else fail(new Error(`${path}: ${response.statusCode} ${JSON.stringify(reply)}`))
          }, fail)
        },
      )
      asked.once('error', fail)
      asked.end(body === undefined ? undefined : JSON.stringify(body))
    })
  }

  test('HTTPS answers with the security headers, links are https, cookies are Secure', async () => {
    expect(platform?.said()).toContain(`is serving at https://localhost:${platform?.httpPort}`)
    expect(platform?.said()).not.toContain('Traffic is plain')
    const { headers } = await call('GET', '/api/platform')
    expect(headers).toMatchObject({
      'strict-transport-security': expect.stringMatching(/^max-age=\d{8}/),
      'content-security-policy': expect.stringContaining("default-src 'self'"),
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    })
    const link = /https:\/\/\S+\/join#(\S+)/.exec(platform?.said() ?? '')?.[1]
    const password = randomUUID()
    const joined = await call('POST', '/api/join', { token: link, login: 'administrator', name: 'A', password })
    expect(joined.headers['set-cookie']?.[0]).toMatch(/HttpOnly; SameSite=Lax; .*; Secure$/)
  })

  test('MQTT over TLS takes a point, and it is answered over HTTPS', async () => {
    const organisation = { name: 'P', kind: 'enterprise', region: '440606', uscc: makeUscc('91', '440606', 'MA5KAP98') }
    const { reply } = await call('POST', '/api/organisations', organisation)
    const token = (reply as { link: string }).link.split('#')[1]
    await call('POST', '/api/join', { token, login: 'engineer', name: 'E', password: randomUUID() })
    const properties = [{ identifier: 'temperature', name: 'T', type: 'float', unit: '°C' }]
    const product = (await call('POST', '/api/products', { name: 'Press', properties })).reply as { id: string }
    const device = (await call('POST', '/api/devices', { name: 'Press 1', productId: product.id })).reply as {
      deviceId: string
      token: string
    }
    const client = await connectAsync(`mqtts://127.0.0.1:${platform?.mqttPort}`, {
      ca: own.cert,
      username: device.token,
    })
    await client.publishAsync('kapok/v1/telemetry', '{"values":{"temperature":33}}', { qos: 1 })
    await client.endAsync()
    const { reply: last } = await call('GET', `/api/points/last?deviceIds=${device.deviceId}`)
    expect(last).toMatchObject({ rows: [{ property: 'temperature', value: 33 }] })
  })

  test.each([
    ['HTTP', () => platform?.httpPort, Buffer.from('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n')],
    // CONNECT of MQTT 3.1.1 with the client id “a”.
    ['MQTT', () => platform?.mqttPort, Buffer.from('100d00044d5154540402003c000161', 'hex')],
  ])('plain %s on that port is closed without an answer', async (_, port, bytes) => {
    const heard = await new Promise<Buffer>((done) => {
      const chunks: Buffer[] = []
      const socket = connectPlain({ host: '127.0.0.1', port: port() ?? 0 }, () => socket.write(bytes))
      socket.on('data', (chunk) => chunks.push(chunk))
      socket.once('error', () => {})
      socket.once('close', () => done(Buffer.concat(chunks)))
    })
    // At most a TLS alert (record type 21), never a word of the protocol.
    expect([undefined, 21]).toContain(heard[0])
    expect(heard.length).toBeLessThan(20)
  })

  test('the doctor finds everything in order', async () => {
    const doctor = await startKapok(['doctor'], {
      folder,
      httpPort: platform?.httpPort ?? 0,
      mqttPort: platform?.mqttPort ?? 0,
      env: { KAPOK_TLS_CERT: certFile, KAPOK_TLS_KEY: keyFile },
    })
    expect([await doctor.exited, doctor.said()]).toEqual([0, expect.stringContaining('✔ PostgreSQL: answers')])
  })
})

describe('without', () => {
  afterEach(stop)

  test('a banner says that traffic is plain, and nothing tells browsers to insist on HTTPS', async () => {
    platform = await startKapok(['start'], { folder })
    await platform.ready()
    await waitFor('the banner', () => platform?.said().includes('Traffic is plain') === true)
    expect(platform.said()).toContain('传输未加密')
    const { headers } = await fetch(`${platform.url}/api/platform`)
    expect(headers.get('strict-transport-security')).toBeNull()
  })

  test('the key of another certificate is refused in one sentence', async () => {
    const env = { KAPOK_TLS_CERT: certFile, KAPOK_TLS_KEY: strangeKeyFile }
    platform = await startKapok(['start'], { folder, env })
    expect(await platform.exited).toBe(2)
    expect(platform.said().trim().split('\n')).toEqual([expect.stringMatching(/does not belong to the certificate/)])
  })
})
