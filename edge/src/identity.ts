import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign as signBytes,
} from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Who this gateway is to its platform. The private key never leaves the file. */
export interface Identity {
  /** Where the platform takes points. */
  platform: string
  token: string
  gatewayId: string
  name: string
  /** Address of the platform's pages and API, as it was given when the gateway enrolled. */
  web?: string | undefined
  key: GatewayKey
}

export interface GatewayKey {
  /** Raw Ed25519 public key, base64url. */
  publicKey: string
  /** What a person compares: the same digits stand on the gateway's page of the platform. */
  fingerprint: string
  sign(bytes: Uint8Array): Uint8Array
}

/** What went wrong with an enrolment or an identity file, and what to do. */
export class IdentityError extends Error {
  override name = 'IdentityError'
}

interface IdentityFile {
  version: 1
  platform: string
  token: string
  gatewayId: string
  name: string
  web?: string
  /** PKCS 8, PEM. */
  privateKey: string
}

const fileOf = (home: string) => join(home, 'identity.json')

/** The identity in a gateway's home; undefined before the enrolment. Throws IdentityError for a file that is none. */
export function readIdentity(home: string): Identity | undefined {
  if (!existsSync(fileOf(home))) return undefined
  try {
    const file = JSON.parse(readFileSync(fileOf(home), 'utf8')) as IdentityFile
    if (file.version !== 1) throw new Error(`version ${file.version}`)
    const { platform, token, gatewayId, name, web } = file
    return { platform, token, gatewayId, name, web, key: keyOf(createPrivateKey(file.privateKey)) }
  } catch (cause) {
    throw new IdentityError(`${fileOf(home)} is no identity of this version of the gateway; enrol again`, { cause })
  }
}

/** The platform takes points elsewhere now; who this gateway is stays as it is. */
export function platformMoved(home: string, platform: string): void {
  const file = JSON.parse(readFileSync(fileOf(home), 'utf8')) as IdentityFile
  if (file.platform !== platform) keep(home, { ...file, platform })
}

/**
 * Makes a key, brings it to the platform with the one-time code, and keeps what comes back. Throws IdentityError with
 * the platform's own sentence. An identity that is there is replaced only when the platform took the new one.
 */
export async function enrol(
  home: string,
  { platform, code, firstSequence }: { platform: URL; code: string; firstSequence: number },
): Promise<Identity> {
  const { privateKey } = generateKeyPairSync('ed25519')
  const key = keyOf(privateKey)
  const reply = await fetch(new URL('/api/gateways/enrol', platform), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() },
    body: JSON.stringify({ code: code.trim().toUpperCase(), publicKey: key.publicKey, firstSequence }),
    signal: AbortSignal.timeout(30_000),
  }).catch((cause: unknown) => {
    throw new IdentityError(`${platform.origin} cannot be reached; check the address and the network`, { cause })
  })
  const body = (await reply.json().catch(() => undefined)) as Record<string, unknown> | undefined
  if (!reply.ok || typeof body?.token !== 'string') throw new IdentityError(sentenceOf(body, reply.status))
  const file: IdentityFile = {
    version: 1,
    platform: await mqttAddressOf(platform),
    token: body.token,
    gatewayId: String(body.gatewayId),
    name: String(body.name),
    web: platform.origin,
    privateKey: String(privateKey.export({ format: 'pem', type: 'pkcs8' })),
  }
  mkdirSync(home, { recursive: true, mode: 0o700 })
  keep(home, file)
  return { ...file, key }
}

/** In one step, so that a power cut leaves the old identity or the new one. */
function keep(home: string, file: IdentityFile): void {
  writeFileSync(`${fileOf(home)}.new`, JSON.stringify(file, null, 2), { mode: 0o600, flush: true })
  renameSync(`${fileOf(home)}.new`, fileOf(home))
}

/** The port of points stands in what the platform says of itself. */
async function mqttAddressOf(platform: URL): Promise<string> {
  const reply = await fetch(new URL('/api/platform', platform), { signal: AbortSignal.timeout(30_000) })
  const { mqttPort, tls } = (await reply.json()) as { mqttPort: number; tls?: boolean }
  return `${tls === true ? 'mqtts' : 'mqtt'}://${platform.hostname}:${mqttPort}`
}

function sentenceOf(body: Record<string, unknown> | undefined, status: number): string {
  const { message } = (body ?? {}) as { message?: unknown }
  return typeof message === 'string' ? message : `the platform answered ${status}`
}

function keyOf(privateKey: KeyObject): GatewayKey {
  // The raw key is the end of its SPKI form (RFC 8410 §4).
  const raw = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32)
  const digits = createHash('sha256').update(raw).digest('hex').slice(0, 16)
  return {
    publicKey: raw.toString('base64url'),
    fingerprint: (digits.match(/.{4}/g) ?? []).join(' '),
    sign: (bytes) => signBytes(null, bytes, privateKey),
  }
}
